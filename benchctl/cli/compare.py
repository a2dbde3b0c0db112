"""`benchctl compare`: what changed between two runs."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchctl.cli.output import Json, emit
from benchctl.report.compare import Comparison
from benchctl.report.compare import compare as differences
from benchctl.report.results import read_results


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="results.json of the earlier run.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="results.json of the later run.")],
    as_json: Json = False,
) -> None:
    """Compare two qualification results. Exit code 1 when the later one has new failures."""
    found = differences(read_results(before), read_results(after))
    if as_json:
        emit(asdict(found))
    else:
        _print(Console(), found)
    raise typer.Exit(1 if found.new_failures else 0)


command = compare


def _print(console: Console, found: Comparison) -> None:
    lines = [
        *(f"[bold red]new failure[/]  {escape(nodeid)}" for nodeid in found.new_failures),
        *(f"[green]fixed[/]        {escape(nodeid)}" for nodeid in found.fixed),
        *(f"{each.before} → {each.after}  {escape(each.nodeid)}" for each in found.changed),
        *(
            f"[cyan]moved[/]        {escape(each.name)}: {escape(each.before)} → {escape(each.after)}  "
            f"{escape(each.nodeid)}"
            for each in found.observations
        ),
        *(f"added        {escape(nodeid)}" for nodeid in found.added),
        *(f"removed      {escape(nodeid)}" for nodeid in found.removed),
    ]
    for line in lines or ["nothing changed"]:
        console.print(line, highlight=False, soft_wrap=True)
