"""The commands of `benchctl` and where each of them is.

Commands are imported only when they run, so that `benchctl decode` does not pay for USB and `benchctl claims`
not for numpy. Each command module has either a function `command` or a typer app `app` (a group).
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "qualify": "Run the acceptance suites on a rig and write the qualification report.",
    "claims": "List the catalogue of claims and the tests that decide them.",
    "compare": "Compare two qualification results.",
    "sensitivity": "Run every fault against the suites and say which test caught it.",
    "scan": "List the adapters attached to this machine.",
    "check": "Check a rig: file, adapters, wiring proof, latency audit.",
    "run-device": "Run a device program on the rig's imp and print its log.",
    "uart": "Probe a UART: monitor, write, exchange.",
    "spi": "Probe an SPI bus: transfer.",
    "i2c": "Probe an I²C bus: scan, read, write.",
    "gpio": "Probe pins: read, write, pulse.",
    "usb": "Probe USB: list, power, plug and unplug.",
    "capture": "Record nets to a .sr or .vcd file.",
    "decode": "Decode a capture: uart, spi, i2c, modbus.",
    "timing": "Show gaps and bit times of a capture.",
    "flash": "Identify, dump, verify, compare, write or erase the rig's flash.",
    "serve": "Lend a bench UART as a pty, or a flash over serprog.",
    "shell": "A Python prompt with `imp` and `bench` on it.",
}
"""Every command with the line `benchctl --help` shows for it."""


class _LazyCommands(TyperGroup):
    """Knows every command's name and summary; imports a command when it is looked at."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """A stand-in with the summary: enough for the listing of all commands."""
        return typer.main.get_command(_summary(cmd_name)) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is going to run."""
        name = args[0] if args else ""
        return (name, _load(name), args[1:]) if name in COMMANDS else super().resolve_command(ctx, args)


def _load(name: str) -> Any:
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


def _summary(name: str) -> typer.Typer:
    app = typer.Typer(add_completion=False)
    app.command(name=name, help=COMMANDS[name])(lambda: None)
    return app


app = typer.Typer(
    cls=_LazyCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def benchctl() -> None:
    """Hardware-in-the-loop tests of Electric Imp modules and impOS, on a real bench or a virtual one."""
