"""Device programs: reading one from a file, and putting it onto the imp."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchctl.errors import UserError

if TYPE_CHECKING:
    from benchctl.bench import Bench

_STDIN = Path("-")

Program = Annotated[
    Path | None,
    typer.Option("--run", metavar="FILE.nut", help="Put this device program onto the imp first."),
]


def read_program(file: Path) -> str:
    """The device program in a file, or on standard input for `-`. Raises UserError."""
    try:
        return sys.stdin.read() if file == _STDIN else file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}", "name a Squirrel device program"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 text", "save it as UTF-8") from error


def put_program(bench: "Bench", file: Path | None) -> None:
    """Put the device program in a file, if one is given, onto the imp. Raises as `read_program`."""
    if file is not None:
        bench.deployment.deploy(read_program(file), "stdin" if file == _STDIN else file.name)
