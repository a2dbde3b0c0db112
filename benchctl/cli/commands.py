"""The commands of `benchctl` and where each of them is.

Commands are imported only when they run, so that `benchctl decode` does not pay for USB and `benchctl claims`
not for numpy. Each command module has either a function `command` or a typer app `app` (a group).
"""

import sys
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

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if ctx.resilient_parsing or _help_of_all(cmd_name):
            return typer.main.get_command(_summary(cmd_name))
        module = import_module(f"benchctl.cli.{cmd_name.replace('-', '_')}")
        if hasattr(module, "app"):
            app: typer.Typer = module.app
            app.info.help = app.info.help or COMMANDS[cmd_name]
        else:
            app = typer.Typer(add_completion=False)
            app.command(name=cmd_name)(module.command)
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command


def _help_of_all(name: str) -> bool:
    """True while the listing of all commands is being made, not one of them run."""
    return name not in sys.argv[1:]


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
