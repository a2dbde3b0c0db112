"""`benchctl claims`: the catalogue, and which tests decide which claim."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from benchctl.claims.catalogue import Claim
from benchctl.claims.catalogue import claims as catalogue
from benchctl.claims.deciding import deciding_tests
from benchctl.errors import UserError
from benchctl.qualify.suites import FOLDER, project_folder


def claims(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """List the catalogue of claims and the tests that decide them."""
    deciding = _deciding()
    everything = catalogue().values()
    if as_json:
        rows = [_row(each, deciding.get(each.id, ())) for each in everything]
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for each in everything:
        tests = deciding.get(each.id, ())
        console.print(
            f"[bold]{each.id}[/]  {each.area}, {each.kind}, {each.releases}, {' '.join(each.modules)}"
        )
        console.print(f"  {escape(each.claim)}")
        console.print(f"  [cyan]{escape(', '.join(tests))}[/]" if tests else "  [bright_black]no test[/]")
    console.print(f"\n{len(everything)} claims, {len(deciding)} of them decided by a test")


command = claims


def _deciding() -> dict[str, tuple[str, ...]]:
    """Without the suites at hand, the catalogue is still worth reading."""
    try:
        project = project_folder()
    except UserError:
        return {}
    return deciding_tests(project / FOLDER)


def _row(claim: Claim, tests: Iterable[str]) -> dict[str, Any]:
    return {
        "id": claim.id,
        "seed": claim.seed,
        "area": claim.area,
        "kind": claim.kind,
        "modules": list(claim.modules),
        "releases": {"since": claim.release if claim.since else None, "until": claim.until},
        "claim": claim.claim,
        "bench_testable": claim.bench_testable.verdict,
        "deciding_tests": list(tests),
    }
