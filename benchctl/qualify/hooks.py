"""The hooks that the plugin adds to pytest."""

import pytest

from benchctl.qualify.judge import Judge
from benchctl.qualify.target import Target
from benchctl.report.results import TestResult


@pytest.hookspec(firstresult=True)
def pytest_benchctl_target(config: pytest.Config) -> Target | None:
    """What the run is about. Called once, before collection; nothing may be opened."""


@pytest.hookspec
def pytest_benchctl_judged(report: pytest.TestReport, result: TestResult, judge: Judge) -> None:
    """A suite test has finished in this process, its teardown included.

    `judge` holds what only the pictures need; what is to get beyond this process goes on the `report`.
    """


@pytest.hookspec
def pytest_benchctl_result(result: TestResult, place: int) -> None:
    """The result of a suite test is on record; `place` is its number among the tests of the run."""
