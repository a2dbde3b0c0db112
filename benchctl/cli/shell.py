"""`benchctl shell`."""

import code
import rlcompleter
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import readline
except ImportError:  # a Python that was built without it
    readline = None  # type: ignore[assignment]

from benchctl.cli.rigs import Impos, Rig, Seed, opened
from benchctl.errors import BenchError

if TYPE_CHECKING:
    from benchctl.bench import Bench

_BANNER = """\
{rig}: {module}, impOS {version}
imp    the imp API by its own names: imp.hardware.{uart}.configure(9600, 8,
       imp.PARITY_NONE, 1), imp.hardware.pin{pin}.read()
bench  the bench: bench.uart("{uart}"), bench.gpio("{pin}"), bench.capture(["{net}"], 1e6)
Tab completes, Ctrl-C stops what runs, Ctrl-D ends; then everything is released."""
_HISTORY = Path.home() / ".benchctl_history"
_REMEMBERED = 1000


def command(rig: Rig, impos: Impos = "", seed: Seed = 0) -> None:
    """A Python prompt with `imp` and `bench` on it."""
    with opened(rig, seed=seed, impos=impos) as bench:
        names = {"imp": bench.imp, "bench": bench}
        module = bench.rig.module
        banner = _BANNER.format(
            rig=bench.rig.name,
            module=module.name,
            version=bench.imp.hello.version,
            uart=next(iter(module.uarts)),
            pin=next(iter(module.gpio_pins)),
            net=next(iter(bench.rig.nets)),
        )
        with _line_editing(_Completer(names, bench)):
            _Prompt(names).interact(banner, exitmsg="")


class _Prompt(code.InteractiveConsole):
    """Says what went wrong on the bench without the way that led there."""

    def showtraceback(self) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, BenchError | KeyboardInterrupt):
            self.write(": ".join(filter(None, (type(error).__name__, str(error)))) + "\n")
        else:
            super().showtraceback()


class _Completer(rlcompleter.Completer):
    """Also knows what the imp has, which only a look at the imp itself would tell Python."""

    def __init__(self, names: dict[str, Any], bench: "Bench") -> None:
        from benchctl.dut.firmware import constant_names

        super().__init__(names)
        module = bench.rig.module
        objects = (*module.buses, *(f"pin{name}" for name in module.gpio_pins), "spiflash")
        self._imp = [
            *(f"imp.hardware.{name}" for name in objects),
            *(f"imp.{name}" for name in ("hardware", "server", "nv", *constant_names())),
        ]

    def attr_matches(self, text: str) -> list[str]:
        """What a word with a dot in it may become."""
        return [name for name in self._imp if name.startswith(text)] or super().attr_matches(text)


@contextmanager
def _line_editing(completer: rlcompleter.Completer) -> Iterator[None]:
    """Tab, and the lines of earlier prompts, in a terminal and where Python has readline."""
    if readline is None or not sys.stdin.isatty():
        yield
        return
    readline.set_completer(completer.complete)
    readline.parse_and_bind("tab: complete")
    readline.set_history_length(_REMEMBERED)
    with suppress(OSError):  # there was no earlier prompt
        readline.read_history_file(_HISTORY)
    try:
        yield
    finally:
        with suppress(OSError):  # a home that cannot be written to
            readline.write_history_file(_HISTORY)
