"""Running the suites from Python: what `benchctl qualify` does."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchctl.claims.deciding import deciding_tests
from benchctl.errors import BenchError, UserError
from benchctl.qualify.journal import Journal, read_journal
from benchctl.qualify.side_by_side import require_benches
from benchctl.qualify.suites import FOLDER, areas, project_folder, require_area
from benchctl.qualify.target import Target, target_of
from benchctl.report.results import Results, read_results


@dataclass(frozen=True, slots=True)
class QualifyRequest:
    """What to run.

    Attributes:
        rig: rig file, or the name of one in rigs/.
        impos: release under test; None for the one the rig states.
        areas: areas of the suites; empty for all.
        faults: faults for the virtual imp.
        seed: seed of the virtual bench.
        out: folder the report goes to.
        baseline: results.json of an earlier run to compare with in the report.
        tests: test ids to run instead of whole areas.
        benches: benches to run areas on side by side; None for one per core of a virtual rig.
        project: folder that holds suites/; None for this project's.
    """

    rig: str
    impos: str | None = None
    areas: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    seed: int = 0
    out: Path = Path("reports/latest")
    baseline: Path | None = None
    tests: tuple[str, ...] = ()
    benches: int | None = None
    project: Path | None = None


@dataclass(frozen=True, slots=True)
class QualifySummary:
    """What a run came to, and where its report is."""

    results: Results
    folder: Path
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """That of the results; 130 when somebody interrupted the run."""
        return 130 if self.interrupted else self.results.exit_code


def qualify(request: QualifyRequest, plugins: Sequence[object] = ()) -> QualifySummary:
    """Run the suites and write index.html, junit.xml and results.json into `request.out`.

    Args:
        request: what to run.
        plugins: pytest plugins to run along, such as a display of the progress.

    Raises:
        UserError: no such rig, area, fault, release or baseline; no report can be written there; or nothing
            was selected.
        RigError: the rig file is wrong.
        BenchError: pytest could not run the suites.
    """
    project = request.project or project_folder()
    # What pytest would refuse in words of its own is refused here first.
    target = target_of(request.rig, request.impos, request.seed, request.faults)
    require_benches(target, request.benches or 1)
    arguments = pytest_arguments(request, project, _benches(request, target, project))
    deciding_tests(project / FOLDER)
    if request.baseline is not None:
        read_results(request.baseline)
    Journal(request.out).close()
    status = pytest.main(arguments, list(plugins))
    results = read_journal(request.out)
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UserError("no suite test was selected", "choose other areas or tests")
    if results is None or status == pytest.ExitCode.USAGE_ERROR:
        raise BenchError("pytest could not run the suites", "see its message above")
    return QualifySummary(results, request.out, status == pytest.ExitCode.INTERRUPTED)


def _benches(request: QualifyRequest, target: Target, project: Path) -> int:
    """How many are of use."""
    if request.tests or not target.virtual:
        return 1
    return min(request.benches or len(os.sched_getaffinity(0)), len(request.areas or areas(project)))


def pytest_arguments(request: QualifyRequest, project: Path, benches: int = 1) -> list[str]:
    """The command line of pytest for a run. Raises UserError for an unknown area."""
    if request.tests:
        selected = [f"{project}/{test}" for test in request.tests]
    elif request.areas:
        selected = [str(require_area(project, area)) for area in request.areas]
    else:
        selected = [str(project / FOLDER)]
    options = {
        "--impos": request.impos,
        "--baseline": request.baseline,
        "--seed": request.seed,
        "--report-dir": request.out,
    }
    return [
        *selected,
        f"--rootdir={project}",
        "--config-file=" + str(project / "pyproject.toml"),
        "--override-ini=addopts=",
        "--import-mode=importlib",
        "--strict-markers",
        "--continue-on-collection-errors",
        *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:hypothesispytest"),
        *((f"--numprocesses={benches}",) if benches > 1 else ("-p", "no:xdist")),
        f"--rig={request.rig}",
        *(f"--fault={fault}" for fault in request.faults),
        *(f"{option}={value}" for option, value in options.items() if value is not None),
    ]
