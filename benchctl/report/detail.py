"""The details of a test in index.html, rendered where it ran, while its captures are at hand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from pytest_html import extras

from benchctl.measure import Verdict
from benchctl.report.page import environment
from benchctl.report.results import TestResult

if TYPE_CHECKING:
    from benchctl.qualify.judge import Entry, Judge

PICTURED = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
_MOST_PICTURES = 4
_MOST_MEASUREMENTS = 100
_VALUES_IN_ROW = 2


class HtmlDetails:
    """Puts the details of each finished test on pytest's report of it, and which values its row shows."""

    def pytest_benchctl_judged(self, report: pytest.TestReport, result: TestResult, judge: "Judge") -> None:
        """Render them; captures are not kept."""
        details = environment.get_template("detail.html").render(
            test=result,
            entries=judge.entries[:_MOST_MEASUREMENTS],
            left_out=max(0, len(judge.entries) - _MOST_MEASUREMENTS),
            histograms=judge.histograms[:_MOST_PICTURES],
            flash_changes=judge.flash_changes[:_MOST_PICTURES],
            pictures=judge.waveforms[:_MOST_PICTURES] if result.verdict in PICTURED else [],
        )
        report.extras = [extras.html(details)]  # type: ignore[attr-defined]  # as pytest-html has it
        report.telling = _telling(judge.entries, result.verdict)  # type: ignore[attr-defined]


def _telling(entries: "Sequence[Entry]", verdict: Verdict) -> list[int]:
    """The entries a row has room for: what led to the verdict, and measurements before comparisons."""

    def weight(place: int) -> tuple[bool, bool]:
        return entries[place].verdict is not verdict, entries[place].recorded.uncertainty is None

    return sorted(range(len(entries)), key=weight)[:_VALUES_IN_ROW]
