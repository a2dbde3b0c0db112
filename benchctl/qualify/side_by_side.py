"""Areas side by side, each on a virtual bench of its own: what a run adds to pytest-xdist.

Results do not depend on it: an area starts on a bench just opened wherever it runs (fixtures/bench.py).
"""

from typing import TYPE_CHECKING, Any

import pytest

from benchctl.errors import UserError
from benchctl.measure import Verdict
from benchctl.qualify.finished import Finished
from benchctl.qualify.record import Record
from benchctl.qualify.target import Target
from benchctl.report.results import TestResult

if TYPE_CHECKING:
    from benchctl.qualify.scheduling import AreaScheduling


def is_worker(config: pytest.Config) -> bool:
    """True in a process that runs tests for another, which records them."""
    return hasattr(config, "workerinput")


def require_benches(target: Target, count: int) -> None:
    """Refuse a second bench where there is one. Raises UserError."""
    if count > 1 and not target.virtual:
        raise UserError(f"{target.rig} is a real bench, and there is one of it", "run its areas one by one")


class SideBySide:
    """The hooks of pytest-xdist, in the process that records."""

    def __init__(self, config: pytest.Config, record: Record) -> None:
        self._config = config
        self._record = record

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> "AreaScheduling":
        """An area at a time."""
        from benchctl.qualify.scheduling import AreaScheduling

        return AreaScheduling(config, log)

    def pytest_keyboard_interrupt(self) -> None:
        """Record what was finished by then and is on its way."""
        running = self._config.pluginmanager.getplugin("dsession")
        while running is not None and not running.queue.empty():
            event, arguments = running.queue.get()
            if event == "testreport":
                running.worker_testreport(**arguments)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(
        self, crashitem: str, report: pytest.TestReport, sched: "AreaScheduling"
    ) -> None:
        """A test that took its process down is an error of the bench; another process goes on."""
        function = crashitem.partition("[")[0]
        claims = [claim for claim, tests in self._record.deciding.items() if function in tests]
        result = TestResult(crashitem, claims, Verdict.ERROR, "the process that ran it died")
        report.verdict = result.verdict.value  # type: ignore[attr-defined]
        Finished(result, sched.collection.index(crashitem), self._record.target.impos).attach(report)
