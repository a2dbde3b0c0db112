"""The record of a run: what every test came to, wherever it ran, and the files of the report."""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchctl.claims.deciding import deciding_tests
from benchctl.measure import Verdict
from benchctl.qualify.finished import Finished
from benchctl.qualify.interrupts import interrupts_wait
from benchctl.qualify.journal import Journal, read_journal
from benchctl.qualify.suites import FOLDER
from benchctl.qualify.target import Target
from benchctl.report.junit import to_junit
from benchctl.report.results import RunHeader, TestResult, exit_code

_BEFORE_ALL_TESTS = -1


class Record:
    """Takes in the results of the run that `--rig` starts; registered with pytest as a plugin.

    Attributes:
        target: what is being tested. Its release becomes known with the first result from a real bench.
        folder: where the report goes; None when none was asked for.
        deciding: the tests that name a claim, by claim.

    Raises:
        UserError: a test names a claim that does not exist, or nothing can be written into `folder`.
    """

    def __init__(self, config: pytest.Config, target: Target, folder: Path | None) -> None:
        self.target = target
        self.folder = folder
        self.deciding = deciding_tests(config.rootpath / FOLDER)
        self._config = config
        self._verdicts: set[Verdict] = set()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._journal = Journal(folder) if folder is not None else None
        self._write_header()

    @property
    def header(self) -> RunHeader:
        """What is being tested, as results.json states it."""
        target = self.target
        return RunHeader(target.rig, target.module, target.impos, target.seed, self._started)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Take in a finished test, before anybody shows it."""
        with interrupts_wait():
            if finished := Finished.of(report):
                self._follow(finished.impos)
                self._take(finished.result, finished.place)
            yield

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A suite file that cannot be collected is an error of the bench, not of the imp."""
        if report.failed and report.nodeid.startswith(FOLDER):
            last = report.longreprtext.strip().splitlines()[-1].removeprefix("E").strip()
            self._take(TestResult(report.nodeid, [], Verdict.ERROR, last), _BEFORE_ALL_TESTS)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report's files, and make pytest's exit code that of the contract."""
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and self._verdicts:
            session.exitstatus = exit_code(self._verdicts)
        if self._journal is None or self.folder is None:
            return
        self._journal.close()
        results = read_journal(self.folder)
        if results is not None:
            (self.folder / "results.json").write_text(results.to_json(), encoding="utf-8")
            (self.folder / "junit.xml").write_text(to_junit(results), encoding="utf-8")

    def _follow(self, impos: str) -> None:
        if impos != self.target.impos:
            self.target = self.target.running(impos)
            self._write_header()

    def _take(self, result: TestResult, place: int) -> None:
        self._verdicts.add(result.verdict)
        if self._journal is not None:
            self._journal.test(result, place)
        self._config.hook.pytest_benchctl_result(result=result, place=place)

    def _write_header(self) -> None:
        if self._journal is not None:
            self._journal.run(self.header)
