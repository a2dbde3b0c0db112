import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchctl.errors import UserError
from benchctl.measure import Measurement, Verdict, combine, decide

numbers = st.floats(-1e6, 1e6)
limits = st.none() | numbers


def test_the_whole_interval_decides() -> None:
    def verdict(value: float, uncertainty: float) -> Verdict:
        return decide(Measurement("gap", value, "ms", uncertainty, low=1.0, high=2.0))[0]

    assert verdict(1.5, 0.4) is Verdict.PASS
    assert verdict(1.5, 0.5) is Verdict.PASS
    assert verdict(1.9, 0.2) is Verdict.INCONCLUSIVE
    assert verdict(2.1, 0.2) is Verdict.INCONCLUSIVE
    assert verdict(2.5, 0.4) is Verdict.FAIL
    assert verdict(0.5, 0.4) is Verdict.FAIL
    assert verdict(1.5, math.inf) is Verdict.INCONCLUSIVE


def test_inconclusive_names_the_instrument_that_would_decide() -> None:
    _, text = decide(Measurement("gap", 1.75, "ms", 16.1, high=2.0, source="host stamp"))
    assert text == "measured by host stamp to ±16.1 ms: needs an instrument with an uncertainty below 0.25 ms"


def test_a_reading_on_the_limit_is_beyond_any_instrument() -> None:
    verdict, text = decide(Measurement("gap", 2.0, "ms", 0.1, high=2.0))
    assert verdict is Verdict.INCONCLUSIVE
    assert "repeat" in text


def test_the_resolution_bounds_the_uncertainty_from_below() -> None:
    coarse = Measurement("gap", 1.75, "ms", 0.0, high=2.0, resolution=16.0)
    assert coarse.expanded == pytest.approx(16 / math.sqrt(3))
    assert decide(coarse)[0] is Verdict.INCONCLUSIVE


def test_fail_says_by_how_much() -> None:
    assert decide(Measurement("gap", 2.5, "ms", 0.1, high=2.0)) == (Verdict.FAIL, "0.5 ms above the limit")
    assert decide(Measurement("count", 1, low=3)) == (Verdict.FAIL, "2 below the limit")
    assert decide(Measurement("gap", 0.0, "µs", low=4145.6)) == (Verdict.FAIL, "4146 µs below the limit")


@pytest.mark.parametrize(
    "wrong",
    [{"value": math.nan}, {"uncertainty": -1.0}, {"resolution": -1.0}, {"low": 2.0, "high": 1.0}],
)
def test_a_measurement_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="gap"):
        Measurement(**{"name": "gap", "value": 1.0, **wrong})  # type: ignore[arg-type]


@given(value=numbers, uncertainty=st.floats(0, 1e6), low=limits, high=limits, truth=st.floats(-1, 1))
def test_no_true_value_within_the_uncertainty_contradicts_a_verdict(
    value: float, uncertainty: float, low: float | None, high: float | None, truth: float
) -> None:
    assume(low is None or high is None or low <= high)
    measurement = Measurement("x", value, "", uncertainty, low, high)
    verdict, _ = decide(measurement)
    true = min(max(value + truth * uncertainty, measurement.interval[0]), measurement.interval[1])
    inside = measurement.limits[0] <= true <= measurement.limits[1]
    if verdict is Verdict.PASS:
        assert inside
    if verdict is Verdict.FAIL:
        assert not inside
    assert (verdict is Verdict.OBSERVED) == (low is None and high is None)


@given(value=numbers, low=numbers, high=numbers, share=st.floats(0.01, 0.99))
def test_an_instrument_as_good_as_asked_for_does_decide(
    value: float, low: float, high: float, share: float
) -> None:
    assume(low <= high)
    rough = Measurement("x", value, "", 1e9, low, high)
    assume(rough.needed_uncertainty > 1e-3)
    fine = Measurement("x", value, "", rough.needed_uncertainty * share, low, high)
    assert decide(rough)[0] is Verdict.INCONCLUSIVE
    assert decide(fine)[0] in (Verdict.PASS, Verdict.FAIL)


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_combining_keeps_the_most_severe_whatever_the_order(verdicts: list[Verdict]) -> None:
    combined = combine(verdicts)
    assert combined in verdicts
    assert combined is combine(reversed(verdicts))
    assert all(each.severity <= combined.severity for each in verdicts)


def test_the_bench_failing_is_never_held_against_the_imp() -> None:
    assert combine([Verdict.FAIL, Verdict.ERROR, Verdict.PASS]) is Verdict.ERROR
    assert combine([Verdict.PASS, Verdict.OBSERVED]) is Verdict.PASS
    assert combine([Verdict.PASS, Verdict.NOT_EQUIPPED]) is Verdict.NOT_EQUIPPED
    with pytest.raises(ValueError, match="empty"):
        combine([])
