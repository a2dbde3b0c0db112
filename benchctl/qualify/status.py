"""Verdicts instead of pytest's outcomes in a terminal."""

import pytest

from benchctl.measure import Verdict

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


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """The category, letter and word of a test that has a verdict."""
    verdict: str | None = getattr(report, "verdict", None)
    if verdict is None:
        return None
    letter, colour = _STATUS[Verdict(verdict)]
    return _CATEGORY.get(Verdict(verdict), verdict.lower()), letter, (verdict, colour)
