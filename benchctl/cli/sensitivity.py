"""`benchctl sensitivity`: every fault against the suites."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchctl.qualify.sensitivity import FaultReport
from benchctl.qualify.sensitivity import sensitivity as measure


def sensitivity(
    rig: Annotated[str, typer.Argument(metavar="RIG", help="A virtual rig.")],
    area: Annotated[list[str] | None, typer.Option(help="This area of the suites only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Run every fault against the suites and say which test caught it."""
    console = Console(stderr=as_json)

    def show(report: FaultReport) -> None:
        by = escape(", ".join(report.caught_by)) or "[bold red]nobody[/]"
        console.print(f"{escape(report.id)}: caught by {by}", highlight=False, soft_wrap=True)

    found = measure(rig, tuple(area or ()), finished=show)
    if as_json:
        document = {
            "faults": [asdict(report) for report in found.faults],
            "false_alarms": list(found.false_alarms),
        }
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
    for kind, names in (
        ("hole", found.holes),
        ("false alarm", found.false_alarms),
        ("not decided", found.undecided),
    ):
        for name in names:
            console.print(f"[bold red]{kind}[/]: {escape(name)}", highlight=False, soft_wrap=True)
    console.print(
        f"{len(found.faults)} faults, {len(found.holes)} holes, {len(found.false_alarms)} false alarms"
    )
    raise typer.Exit(found.exit_code)


command = sensitivity
