"""`benchctl claims`: the catalogue, and which tests decide which claim."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape

from benchctl.claims.catalogue import Claim
from benchctl.claims.catalogue import claims as catalogue
from benchctl.claims.deciding import deciding_tests
from benchctl.cli.output import Json, emit, stdout
from benchctl.errors import UserError
from benchctl.nearest import nearest
from benchctl.qualify.suites import FOLDER, project_folder


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Only claims with all these words in id or text."),
    ] = None,
    area: Annotated[str, typer.Option(help="Only claims of this area, such as uart.")] = "",
    module: Annotated[str, typer.Option(help="Only claims of this module, such as imp005.")] = "",
    undecided: Annotated[bool, typer.Option("--undecided", help="Only claims that no test decides.")] = False,
    as_json: Json = False,
) -> None:
    """List the catalogue of claims and the tests that decide them."""
    every = catalogue().values()
    _require("area", area, {each.area for each in every})
    _require("module", module, {name for each in every for name in each.modules})
    deciding = _deciding()
    shown = [
        each
        for each in every
        if all(word.lower() in f"{each.id} {each.claim}".lower() for word in words or ())
        and area in ("", each.area)
        and (not module or module in each.modules)
        and not (undecided and each.id in deciding)
    ]
    if as_json:
        emit([_row(each, deciding.get(each.id, ())) for each in shown])
        return
    decided = sum(each.id in deciding for each in shown)
    lines = [line for each in shown for line in _lines(each, deciding)]
    console = stdout()
    # A terminal folds long lines at words; another program gets them whole.
    console.print("\n".join(lines), soft_wrap=not console.is_terminal, end="\n" if lines else "")
    console.print(f"\n{len(shown)} claims, {decided} of them decided by a test")


def _lines(claim: Claim, deciding: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    """Id and where it holds; what is claimed; the tests, one a line."""
    yield f"[bold]{claim.id}[/]  {claim.area}, {claim.kind}, {claim.releases}, {' '.join(claim.modules)}"
    yield f"  {escape(claim.claim)}"
    for test in deciding.get(claim.id, ()):
        yield f"  [cyan]{escape(test)}[/]"
    if claim.id not in deciding:
        yield "  [bright_black]no test[/]"


def _require(kind: str, name: str, known: Iterable[str]) -> None:
    if name and name not in known:
        raise UserError(f"no claim is about the {kind} {name!r}", nearest(name, sorted(known)))


def _deciding() -> Mapping[str, tuple[str, ...]]:
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
