"""The commands of `benchctl` and where each of them is.

Commands are imported only when they run, so that `benchctl decode` does not pay for USB and `benchctl claims`
not for numpy. Each command module has either a function `command` or a typer app `app` (a group).
"""

import os
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from benchctl.errors import UserError
from benchctl.nearest import nearest

COMMANDS = {
    "qualify": "Run the acceptance suites on a rig and write the qualification report.",
    "claims": "List the catalogue of claims and the tests that decide them.",
    "compare": "Compare two qualification results.",
    "sensitivity": "Run every fault against the suites and say which test caught it.",
    "scan": "List the adapters attached to this machine.",
    "check": "Check a rig: file, adapters, wiring proof, latency audit.",
    "run-device": "Run a device program on the rig's imp and print its log.",
    "uart": "Probe a UART: monitor, write.",
    "spi": "Probe an SPI part: transfer.",
    "i2c": "Probe an I²C bus: scan, read, write.",
    "gpio": "Probe pins: read, set, pulse.",
    "usb": "Probe USB: list, power.",
    "capture": "Record nets to a .sr or .vcd file.",
    "decode": "Decode a capture: uart, spi, i2c, modbus, nor, eeprom.",
    "timing": "Show the times of a serial line or a clock in a capture.",
    "flash": "Identify, dump, verify, compare, write or erase the rig's flash.",
    "serve": "Lend a bench UART as a pty, or a flash over serprog.",
    "shell": "A Python prompt with `imp` and `bench` on it.",
}
"""Every command with the line `benchctl --help` shows for it."""

_PROGRAM = "benchctl"
_COMPLETE = "_BENCHCTL_COMPLETE"  # set by the shell while it completes a command line
_UsageError: Any = typer.BadParameter.__base__  # typer has it from click, or from a copy of its own


def invoke(words: list[str]) -> int:
    """Run the command that `words` name; its exit code.

    Not typer's own way of running: that one makes exit code 1, the imp's, of a pipe that nobody reads.

    Raises:
        UserError: the words are wrong.
    """
    command: Any = typer.main.get_command(app)
    if _COMPLETE in os.environ:
        command.main(words, prog_name=_PROGRAM)
    try:
        with command.make_context(_PROGRAM, words) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except _UsageError as error:
        path = error.ctx.command_path if error.ctx else _PROGRAM
        said = error.format_message().rstrip(".")
        if not said:  # no words at all: the help was the answer
            return 2
        raise UserError(said[:1].lower() + said[1:], f"see `{path} --help`") from error
    return 0


class _LazyCommands(TyperGroup):
    """Knows every command's name and summary; imports a command when it is looked at."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command while a shell completes its words; a stand-in with the summary for the listing."""
        if cmd_name not in COMMANDS:
            return None
        return _load(cmd_name) if ctx.resilient_parsing else _stand_in(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is going to run. Raises UserError with the nearest name."""
        name = args[0] if args else ""
        if name not in COMMANDS:
            raise UserError(f"there is no command {name!r}", nearest(name, COMMANDS))
        return name, _load(name), args[1:]


def _load(name: str) -> Any:
    if name == "decode":  # no command of typer's
        return _stand_in(name)
    module = import_module(f"benchctl.cli.{name.replace('-', '_')}")
    if hasattr(module, "app"):
        app: typer.Typer = module.app
        app.info.help = app.info.help or COMMANDS[name]
    else:
        app = typer.Typer(add_completion=False)
        app.command(name=name)(module.command)
    command = typer.main.get_command(app)
    command.name = name
    return command


def _stand_in(name: str) -> Any:
    app = typer.Typer(add_completion=False)
    app.command(name=name, help=COMMANDS[name])(lambda: None)
    return typer.main.get_command(app)


app = typer.Typer(
    cls=_LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def benchctl() -> None:
    """Hardware-in-the-loop tests of Electric Imp modules and impOS, on a real bench or a virtual one."""
