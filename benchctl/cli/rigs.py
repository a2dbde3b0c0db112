"""Arguments that name a rig and values, and opening the rig."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from benchctl.errors import UserError

if TYPE_CHECKING:  # numpy and the adapters' libraries take longer to load than `--help` should
    from benchctl.bench import Bench

_LONGEST_S = 1e6


def _rig_names(incomplete: str) -> list[str]:
    from benchctl.rig.loader import rig_names

    return [name for name in rig_names() if name.startswith(incomplete)]


Rig = Annotated[
    str,
    typer.Argument(metavar="RIG", help="A rig file, or the name of one in rigs/.", autocompletion=_rig_names),
]
Seed = Annotated[int, typer.Option(help="Seed of the virtual bench.")]
Impos = Annotated[str, typer.Option(help="impOS release on the virtual imp, such as 34.11.")]


def seconds(help_text: str, *names: str) -> typer.models.OptionInfo:
    """An option in s of bench time."""
    option: typer.models.OptionInfo = typer.Option(*names, metavar="S", min=0, max=_LONGEST_S, help=help_text)
    return option


def opened(rig: str, *, seed: int = 0, impos: str = "") -> "Bench":
    """Open a rig, to be used in a `with` block."""
    from benchctl.bench import open_bench

    return open_bench(rig, seed=seed, impos=impos)


@contextmanager
def powered(bench: "Bench") -> Iterator[None]:
    """The parts of the bench that hang on the imp's supply have it; it stays on."""
    bench.power.on()
    yield


def byte_string(text: str) -> bytes:
    """Bytes from the command line: hex such as `01 03 0f` or `0x0103`, or text after `text:`.

    Raises:
        UserError: neither.
    """
    if text.startswith("text:"):
        try:
            return text[5:].encode().decode("unicode_escape").encode("latin-1")
        except UnicodeError:
            raise UserError(
                f"{text!r} has an escape that is none", r"write \x0d, \r, \n or \\ for a backslash"
            ) from None
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise UserError(
            f"{text!r} is not hex", "write bytes as 01030f (spaces allowed), or text as text:hello"
        ) from None


def number(text: str) -> int:
    """A number in decimal, or hex after 0x. Raises UserError."""
    try:
        return int(text, 0)
    except ValueError:
        raise UserError(f"{text!r} is not a number", "write it in decimal, or in hex after 0x") from None


Number = Annotated[int, typer.Argument(parser=number, metavar="N")]
Bytes = Annotated[bytes, typer.Argument(parser=byte_string, metavar="BYTES", help="Hex, or text:...")]
