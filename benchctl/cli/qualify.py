"""`benchctl qualify`: run the suites on a rig and write the report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchctl.cli.output import Unheard
from benchctl.cli.rigs import Rig, Seed
from benchctl.measure import Verdict

if TYPE_CHECKING:  # pytest and all the rest of a run take longer to load than `--help` should
    from benchctl.qualify.runner import QualifySummary


def qualify(
    rig: Rig,
    impos: Annotated[str | None, typer.Option(help="impOS release under test, as 34.11.")] = None,
    area: Annotated[
        list[str] | None, typer.Option(help="Run this area of the suites only; may be given again.")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="Give the virtual imp this fault; may be given again.")
    ] = None,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("reports/latest"),
    baseline: Annotated[
        Path | None, typer.Option(help="results.json of an earlier run to compare with.")
    ] = None,
    benches: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Virtual benches to run areas on side by side; a real bench is one.",
            show_default="one per core",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json; progress to stderr.")] = False,
) -> None:
    """Run the acceptance suites on a rig and write the qualification report."""
    from benchctl.qualify.progress import ProgressDisplay
    from benchctl.qualify.runner import QualifyRequest
    from benchctl.qualify.runner import qualify as run

    console = Unheard(stderr=as_json)
    request = QualifyRequest(
        rig, impos, tuple(area or ()), tuple(fault or ()), seed, out, baseline, benches=benches
    )
    summary = run(request, [ProgressDisplay(console)])
    if as_json:
        typer.echo(summary.results.to_json(), nl=False)
    _print(console, summary)
    raise typer.Exit(summary.exit_code)


command = qualify


def _print(console: Console, summary: "QualifySummary") -> None:
    from benchctl.qualify.progress import STYLES

    header = summary.results.header
    totals = "  ".join(
        f"[{STYLES[Verdict(name)]}]{count} {name}[/]" for name, count in summary.results.totals.items()
    )
    subject = f"{header.rig}: {header.module}, impOS {header.impos or 'not read'}, seed {header.seed}"
    console.print(f"\n{escape(subject)}\n{totals or 'no results'}", highlight=False)
    if summary.interrupted:
        console.print("[yellow]interrupted: the report holds what was finished[/]")
    console.print(f"report: {summary.folder / 'index.html'}", highlight=False, soft_wrap=True)
