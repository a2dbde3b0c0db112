"""Running suite tests inside pytest: which of them apply, and what each comes to."""

from collections.abc import Callable, Generator
from functools import cached_property

import pytest

from benchctl.errors import UserError
from benchctl.qualify.benchtime import BenchTime
from benchctl.qualify.finished import Finished
from benchctl.qualify.judge import Judge
from benchctl.qualify.suites import FOLDER, require_area
from benchctl.qualify.target import Target
from benchctl.qualify.trial import Trial, marked
from benchctl.rig.loader import load_rig
from benchctl.rig.model import Rig


class Qualification:
    """The run that `--rig` starts, in a process that runs tests of it; registered with pytest as a plugin.

    Attributes:
        target: what is being tested. Its release becomes known when a real bench opens.
    """

    def __init__(self, config: pytest.Config, target: Target) -> None:
        self.target = target
        self._config = config
        self._suites = config.rootpath / FOLDER
        self._bench_time = BenchTime()
        self._trials: dict[str, Trial] = {}
        self._places: dict[str, int] = {}
        self._ports: dict[Callable[[Rig], list[str]], list[str]] = {}

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
        self.target = self.target.running(impos)
        self._bench_time.attach(now_ns)

    def bench_closing(self) -> None:
        """To be told before a bench closes."""
        self._bench_time.detach()

    def ports(self, names_of: Callable[[Rig], list[str]]) -> list[str]:
        """What `names_of` finds on the rig of the run. Many tests ask for the same: it is looked up once."""
        if names_of not in self._ports:
            self._ports[names_of] = names_of(self._rig)
        return self._ports[names_of]

    @cached_property
    def _rig(self) -> Rig:
        return load_rig(self.target.rig)

    def judge(self, item: pytest.Item) -> Judge:
        """The record of a test in progress."""
        return self._trials[item.nodeid].judge

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the areas asked for, and skip what this module or release does not claim."""
        self._keep_areas(items)
        try:
            reasons = [(item, self._why_not(item)) for item in filter(self._in_suites, items)]
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
        for item, reason in reasons:
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Number the tests."""
        self._places = {item.nodeid: place for place, item in enumerate(session.items)}

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
            report.verdict = verdict.value  # type: ignore[attr-defined]  # reports carry what plugins add
        if call.when == "teardown":
            report.user_properties += [("impos", self.target.impos), ("verdict", trial.verdict.value)]
            result = trial.result(self._bench_time.seconds)
            Finished(result, self._places[item.nodeid], self.target.impos).attach(report)
            self._config.hook.pytest_benchctl_judged(report=report, result=result, judge=trial.judge)
            del self._trials[item.nodeid]
        return report

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
