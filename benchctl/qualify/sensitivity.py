"""Are the suites any good? Every fault against them, and the healthy twin.

A fault that no test catches is a hole in the suites; a test that fails on the healthy twin is a false alarm.
Runs are processes of their own, so that one fault cannot disturb another and every core has work to do.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchctl.claims.catalogue import claim
from benchctl.claims.deciding import deciding_tests
from benchctl.errors import BenchError, UserError
from benchctl.measure import Verdict
from benchctl.qualify.faults import Fault, twin_faults
from benchctl.qualify.journal import read_journal
from benchctl.qualify.runner import QualifyRequest, pytest_arguments
from benchctl.qualify.suites import FOLDER, areas, project_folder, require_area
from benchctl.qualify.target import target_of
from benchctl.report.results import TestResult
from benchctl.rig.loader import load_rig

_Tests = Mapping[str, tuple[str, ...]]
"""Test ids by the claim they decide."""

Run = Callable[[Sequence[str], str | None], Sequence[TestResult]]
"""Runs tests or folders of tests, named from the project's folder, with a fault or without."""


@dataclass(frozen=True, slots=True)
class FaultReport:
    """A fault, and the tests that fail with it and not without."""

    id: str
    claim: str
    caught_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What the suites notice.

    Attributes:
        faults: every fault that can occur on the rig's module and release.
        false_alarms: tests that fail on the healthy twin.
        undecided: tests that could not be decided there: the bench failed, or was not good enough.
    """

    faults: tuple[FaultReport, ...]
    false_alarms: tuple[str, ...]
    undecided: tuple[str, ...]

    @property
    def holes(self) -> tuple[str, ...]:
        """Faults that no test caught."""
        return tuple(fault.id for fault in self.faults if not fault.caught_by)

    @property
    def exit_code(self) -> int:
        """0 without a hole or a false alarm, else 1; 3 when the healthy run was not decided."""
        if self.holes or self.false_alarms:
            return 1
        return 3 if self.undecided else 0


def sensitivity(
    rig: str,
    only_areas: Sequence[str] = (),
    *,
    faults: Iterable[Fault] | None = None,
    run: Run | None = None,
    project: Path | None = None,
    finished: Callable[[FaultReport], None] = lambda report: None,
) -> Sensitivity:
    """Run every fault of `rig`'s virtual imp against the suites.

    A fault meets first the tests that name its claim, which is quick and nearly always enough; only when
    they let it pass does it meet everything else.

    Args:
        rig: a virtual rig.
        only_areas: areas to run, and to try the faults of; empty for all.
        faults: the faults to try; None for the twin's.
        run: how to run tests; None for a process each.
        project: folder that holds suites/; None for this project's.
        finished: called with each fault's report as it comes.

    Raises:
        UserError: no such rig or area, or a real rig.
        RigError: the rig file is wrong.
        BenchError: a run produced no results.
    """
    project = project or project_folder()
    if not load_rig(rig).virtual:
        raise UserError(f"{rig} is a real bench, and a real imp cannot be given faults", "name a virtual rig")
    target = target_of(rig, None, 0, ())
    scope = [
        require_area(project, area).relative_to(project).as_posix() for area in only_areas or areas(project)
    ]
    run = run or ProcessRun(rig, project)
    everywhere = deciding_tests(project / FOLDER)
    deciding = {
        claim_id: tuple(test for test in tests if any(test.startswith(f"{folder}/") for folder in scope))
        for claim_id, tests in everywhere.items()
    }
    wanted = [
        fault
        for fault in (twin_faults() if faults is None else faults)
        if target.module in (fault.modules or {target.module})
        and claim(fault.claim).applies_to(target.module, target.version)
        and (not only_areas or _concerns(fault, only_areas, deciding, everywhere))
    ]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        healthy = pool.submit(run, scope, None)
        hunt = _Hunt(run, scope, deciding, healthy)
        reports = []
        for report in pool.map(hunt.catch, wanted):
            finished(report)
            reports.append(report)
    unwell = {test.nodeid: test.verdict for test in healthy.result()}
    return Sensitivity(
        tuple(reports),
        tuple(nodeid for nodeid, verdict in unwell.items() if verdict is Verdict.FAIL),
        tuple(nodeid for nodeid, verdict in unwell.items() if verdict in _UNDECIDED),
    )


def _concerns(fault: Fault, only_areas: Sequence[str], deciding: _Tests, everywhere: _Tests) -> bool:
    """Whether these areas have tests of the fault's claim, or should have and no area has."""
    nowhere = fault.claim not in everywhere and claim(fault.claim).area in only_areas
    return bool(deciding.get(fault.claim)) or nowhere


_UNDECIDED = (Verdict.ERROR, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class _Hunt:
    """Looks for the tests that catch a fault."""

    run: Run
    scope: Sequence[str]
    deciding: Mapping[str, tuple[str, ...]]
    healthy: Future[Sequence[TestResult]]

    def catch(self, fault: Fault) -> FaultReport:
        likely = self.deciding.get(fault.claim, ())
        caught = self._failing(likely, fault) if likely else ()
        return FaultReport(fault.id, fault.claim, caught or self._failing(self.scope, fault))

    def _failing(self, selected: Sequence[str], fault: Fault) -> tuple[str, ...]:
        results = self.run(selected, fault.id)
        alarms = {test.nodeid for test in self.healthy.result() if test.verdict is Verdict.FAIL}
        return tuple(
            test.nodeid for test in results if test.verdict is Verdict.FAIL and test.nodeid not in alarms
        )


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """Runs tests in a process of their own and reads the journal they leave."""

    rig: str
    project: Path

    def __call__(self, selected: Sequence[str], fault: str | None) -> Sequence[TestResult]:
        """The results of `selected`, with `fault` given to the virtual imp.

        Raises:
            BenchError: there are no results; carries what the process said.
        """
        with tempfile.TemporaryDirectory(prefix="benchctl-") as folder:
            request = QualifyRequest(
                self.rig,
                faults=(fault,) if fault else (),
                out=Path(folder),
                tests=tuple(selected),
            )
            arguments = pytest_arguments(request, self.project)
            process = subprocess.run(
                [sys.executable, "-m", "pytest", *arguments], capture_output=True, text=True, check=False
            )
            results = read_journal(Path(folder))
        if results is None or not results.tests:
            said = (process.stderr or process.stdout).strip()
            raise BenchError(
                f"a run with {fault or 'no fault'} gave no results: {said[-500:] or 'no message'}"
            )
        return results.tests
