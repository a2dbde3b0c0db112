"""One run of the suites inside pytest: which tests apply, what each came to, and the files of the report."""

from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchctl.claims.deciding import deciding_tests
from benchctl.errors import UserError
from benchctl.measure import Verdict
from benchctl.qualify.benchtime import BenchTime
from benchctl.qualify.journal import Journal, read_journal
from benchctl.qualify.judge import Judge
from benchctl.qualify.suites import FOLDER, require_area
from benchctl.qualify.target import Target
from benchctl.qualify.trial import Trial, marked
from benchctl.report.junit import to_junit
from benchctl.report.results import RunHeader, TestResult, exit_code

_STATUS = {
    Verdict.PASS: (".", {"green": True}),
    Verdict.FAIL: ("F", {"red": True}),
    Verdict.INCONCLUSIVE: ("I", {"yellow": True}),
    Verdict.OBSERVED: ("o", {"cyan": True}),
    Verdict.NOT_APPLICABLE: ("-", {"light": True}),
    Verdict.NOT_EQUIPPED: ("n", {"purple": True}),
    Verdict.ERROR: ("E", {"red": True}),
}
_CATEGORY = {Verdict.PASS: "passed", Verdict.FAIL: "failed", Verdict.ERROR: "error"}


class Qualification:
    """The run that `--rig` starts; registered with pytest as a plugin.

    Attributes:
        target: what is being tested. Its release becomes known when a real bench opens.
        folder: where the report goes; None when none was asked for.
        deciding: the tests that name a claim, by claim; known from collection on.
    """

    def __init__(self, config: pytest.Config, target: Target, folder: Path | None) -> None:
        self.target = target
        self.folder = folder
        self.deciding: Mapping[str, tuple[str, ...]] = {}
        self._config = config
        self._suites = config.rootpath / FOLDER
        self._bench_time = BenchTime()
        self._trials: dict[str, Trial] = {}
        self._verdicts: set[Verdict] = set()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._journal = Journal(folder) if folder is not None else None
        self._write_header()

    @property
    def header(self) -> RunHeader:
        """What is being tested, as results.json states it."""
        target = self.target
        return RunHeader(target.rig, target.module, target.impos, target.seed, self._started)

    def bench_opened(self, impos: str, now_ns: Callable[[], int]) -> None:
        """To be told when a bench is open: the release on its imp, and its clock in ns.

        A virtual imp with a fault may well report a wrong release: that is for the suites to find.

        Raises:
            UserError: the run is about another release.
        """
        if self.target.faults:
            self._bench_time.attach(now_ns)
            return
        if self.target.impos and impos != self.target.impos:
            raise UserError(
                f"the imp runs impOS {impos}, but the run is about {self.target.impos}",
                "leave out --impos, or put that release on the imp",
            )
        if impos != self.target.impos:
            self.target = self.target.running(impos)
            self._write_header()
        self._bench_time.attach(now_ns)

    def bench_closing(self) -> None:
        """To be told before a bench closes."""
        self._bench_time.detach()

    def judge(self, item: pytest.Item) -> Judge:
        """The record of a test in progress."""
        return self._trials[item.nodeid].judge

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the areas asked for, and skip what this module or release does not claim."""
        self._keep_areas(items)
        try:
            self.deciding = deciding_tests(self._suites)
            reasons = [(item, self._why_not(item)) for item in filter(self._in_suites, items)]
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
        for item, reason in reasons:
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Start the record of a test."""
        if self._in_suites(item):
            self._trials[item.nodeid] = Trial(item.nodeid, marked(item, "claim"), self._config.rootpath)
            self._bench_time.start()
            item.user_properties += [(name, getattr(self.target, name)) for name in ("rig", "module", "seed")]
            item.user_properties.append(("claims", " ".join(marked(item, "claim"))))
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Skip what turned out not to apply when the imp said which release it runs."""
        if self._in_suites(item) and (reason := self._why_not(item)):
            pytest.skip(reason)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Draw the verdict of each phase, and the result after the last."""
        report = yield
        trial = self._trials.get(item.nodeid)
        if trial is None:
            return report
        verdict = trial.phase(call, report)
        if verdict is not None:
            report.verdict = verdict  # type: ignore[attr-defined]  # reports carry what plugins add
        if call.when == "teardown":
            report.user_properties += [("impos", self.target.impos), ("verdict", trial.verdict.value)]
            self._finish(trial.result(self._bench_time.seconds), trial.judge)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A suite file that cannot be collected is an error of the bench, not of the imp."""
        if report.failed and report.nodeid.startswith(FOLDER):
            last = report.longreprtext.strip().splitlines()[-1].removeprefix("E").strip()
            self._finish(TestResult(report.nodeid, [], Verdict.ERROR, last), Judge())

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Verdicts instead of outcomes in the terminal."""
        verdict: Verdict | None = getattr(report, "verdict", None)
        if verdict is None:
            return None
        letter, colour = _STATUS[verdict]
        return _CATEGORY.get(verdict, verdict.value.lower()), letter, (verdict.value, colour)

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

    def _finish(self, result: TestResult, judge: Judge) -> None:
        self._verdicts.add(result.verdict)
        if self._journal is not None:
            self._journal.test(result)
        self._config.hook.pytest_benchctl_result(result=result, judge=judge)
        self._trials.pop(result.nodeid, None)

    def _write_header(self) -> None:
        if self._journal is not None:
            self._journal.run(self.header)

    def _in_suites(self, item: pytest.Item) -> bool:
        return item.path.is_relative_to(self._suites)

    def _why_not(self, item: pytest.Item) -> str:
        since = item.get_closest_marker("impos")
        return self.target.why_not(
            marked(item, "claim"), marked(item, "modules"), str(since.args[0]) if since else None
        )

    def _keep_areas(self, items: list[pytest.Item]) -> None:
        areas: list[str] = self._config.getoption("area")
        if not areas:
            return
        try:
            wanted = [require_area(self._config.rootpath, area) for area in areas]
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
        kept = [item for item in items if any(map(item.path.is_relative_to, wanted))]
        self._config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
