"""Verdicts, and the guard band that draws one from a measurement."""

from collections.abc import Iterable
from enum import Enum

from benchctl.measure.units import prefixed
from benchctl.measure.value import Measurement


class Verdict(Enum):
    """What a test says about the imp, the most severe first."""

    ERROR = "ERROR"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_EQUIPPED = "NOT-EQUIPPED"
    NOT_APPLICABLE = "NOT-APPLICABLE"
    PASS = "PASS"
    OBSERVED = "OBSERVED"

    def __str__(self) -> str:
        return self.value

    @property
    def meaning(self) -> str:
        """The verdict in words, for the report."""
        return _MEANINGS[self]

    @property
    def severity(self) -> int:
        """Rank among the verdicts, 0 the least severe."""
        return len(Verdict) - 1 - list(Verdict).index(self)


_MEANINGS = {
    Verdict.ERROR: "the bench failed: says nothing about the imp",
    Verdict.FAIL: "the imp does not do what is claimed",
    Verdict.INCONCLUSIVE: "measured, but not well enough to decide",
    Verdict.NOT_EQUIPPED: "this rig lacks a resource the test needs",
    Verdict.NOT_APPLICABLE: "this module or release does not claim it",
    Verdict.PASS: "the imp does what is claimed",
    Verdict.OBSERVED: "nothing documented to judge against: recorded for comparison",
}


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole from those of its parts: the most severe.

    ERROR outranks FAIL: when the bench failed, what it measured is not held against the imp.

    Raises:
        ValueError: there are no parts.
    """
    return max(verdicts, key=lambda verdict: verdict.severity)


def decide(measurement: Measurement) -> tuple[Verdict, str]:
    """The verdict of one measurement, and what there is to say about it.

    PASS only when the whole interval lies inside the limits, FAIL only when it lies wholly outside.
    """
    if not measurement.judged:
        return Verdict.OBSERVED, ""
    (least, most), (low, high) = measurement.interval, measurement.limits
    if low <= least and most <= high:
        return Verdict.PASS, ""
    if most < low:
        return Verdict.FAIL, f"{_amount(low - measurement.value, measurement)} below the limit"
    if least > high:
        return Verdict.FAIL, f"{_amount(measurement.value - high, measurement)} above the limit"
    return Verdict.INCONCLUSIVE, _better_instrument(measurement)


def _better_instrument(measurement: Measurement) -> str:
    needed = measurement.needed_uncertainty
    if needed == 0:
        return "the reading lies on the limit: no instrument decides it, repeat the measurement"
    by = f" by {measurement.source}" if measurement.source else ""
    return (
        f"measured{by} to ±{_amount(measurement.expanded, measurement)}: "
        f"needs an instrument with an uncertainty below {_amount(needed, measurement)}"
    )


def _amount(value: float, measurement: Measurement) -> str:
    factor, unit = prefixed(value, measurement.unit)
    number = value / factor
    digits = ".0f" if 1e3 <= abs(number) < 1e6 else ".3g"  # no powers of ten for units without prefixes
    return f"{number:{digits}} {unit}".rstrip()
