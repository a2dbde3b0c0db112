"""`benchctl sensitivity`: every fault against the suites."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchctl.cli.output import Json, emit
from benchctl.cli.rigs import Rig

if TYPE_CHECKING:
    from benchctl.qualify.sensitivity import FaultReport


def sensitivity(
    rig: Rig,
    area: Annotated[
        list[str] | None, typer.Option(help="This area of the suites only; may be given again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run every fault of a virtual rig against the suites and say which test caught it.

    Exit code 1 for a fault that nobody caught or a test that fails without one.
    """
    from benchctl.qualify.sensitivity import sensitivity as measure

    console = Console(stderr=as_json)

    def show(report: "FaultReport") -> None:
        by = escape(", ".join(report.caught_by)) or "[bold red]nobody[/]"
        console.print(f"{escape(report.id)}: caught by {by}", highlight=False, soft_wrap=True)

    found = measure(rig, tuple(area or ()), finished=show)
    if as_json:
        document = {
            "faults": [asdict(report) for report in found.faults],
            "false_alarms": list(found.false_alarms),
        }
        emit(document)
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
