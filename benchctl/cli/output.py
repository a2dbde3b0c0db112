"""What commands print: data on stdout, everything else on stderr."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchctl.errors import UserError

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else there.")]


def stdout() -> Console:
    """The console for results."""
    return Console(highlight=False, soft_wrap=True)


def stderr() -> Console:
    """The console for progress and remarks."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


class Unheard(Console):
    """A console that falls silent when nobody reads any longer, for a run that goes on all the same."""

    def on_broken_pipe(self) -> None:
        """Nothing more is shown, and what is still in the file's buffer goes nowhere."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def require_writable(file: Path | None, option: str) -> None:
    """Whether a file can be written, before anything is done for it; None is no file.

    Raises:
        UserError: its folder is not there or may not be written, or it is a folder itself.
    """
    if file is None:
        return
    why = ""
    if not file.parent.is_dir():
        why = f"there is no folder {file.parent}"
    elif file.is_dir():
        why = "it is a folder"
    elif not os.access(file if file.exists() else file.parent, os.W_OK):
        why = "its permissions do not allow it"
    if why:
        raise UserError(f"cannot write {file}: {why}", f"name another file with {option}")


def emit(document: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns as wide as what is in them."""
    cells = [list(headings), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        stdout().print(line.rstrip(), markup=False, style="bold" if row is cells[0] else None)


def hexdump(data: bytes, start: int = 0) -> str:
    """Sixteen bytes a line: address, hex, text."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
        lines.append(f"{start + at:08x}  {row.hex(' '):47}  {text}")
    return "\n".join(lines)
