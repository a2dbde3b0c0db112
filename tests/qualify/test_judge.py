import math

import numpy as np
import pytest

from benchctl.capture.interval import Interval, Ratio
from benchctl.measure import Verdict
from benchctl.qualify.judge import Judge
from benchctl.report.results import Recorded


def test_every_value_is_recorded_and_the_worst_decides() -> None:
    judge = Judge()
    assert judge.verdict is None
    judge.observe("boot", 1.25, "s")
    assert judge.verdict is Verdict.OBSERVED
    judge.measure("gap", 1.0, unit="ms", uncertainty=0.1, high=2.0, source="logic capture")
    assert judge.verdict is Verdict.PASS
    judge.measure("gap", 3.0, unit="ms", uncertainty=0.1, high=2.0, source="logic capture")
    judge.measure("gap", 1.95, unit="ms", uncertainty=0.1, high=2.0, source="logic capture")
    assert judge.verdict is Verdict.FAIL
    assert judge.message == "gap: 1 ms above the limit"
    assert len(judge.entries) == 4


@pytest.mark.parametrize(
    ("got", "expected", "recorded"),
    [
        (b"\x00\xff", b"\x00\xff", "00 ff"),
        ("imp005", "imp005", "imp005"),
        ([1, 2], [1, 2], "[1, 2]"),
        (np.int64(3), 3, 3),
        (np.array([1, 2]), np.array([1, 2]), "array([1, 2])"),
        (None, None, None),
        ({"b", "a"}, {"a", "b"}, "{'a', 'b'}"),
        (math.inf, math.inf, "inf"),
    ],
)
def test_equal_takes_any_value(got: object, expected: object, recorded: object) -> None:
    judge = Judge()
    assert judge.equal("reply", got, expected) is Verdict.PASS
    assert judge.entries[0].recorded.value == recorded
    assert judge.entries[0].recorded.low == recorded


def test_a_difference_says_what_was_expected() -> None:
    judge = Judge()
    assert judge.equal("reply", b"\x01", b"\x02") is Verdict.FAIL
    assert judge.message == "reply: expected '02', got '01'"


def test_a_long_difference_is_cut_in_the_message_but_not_in_the_record() -> None:
    judge = Judge()
    judge.equal("dump", bytes(1000), bytes(999))
    assert len(judge.message) < 600
    assert judge.entries[0].recorded == Recorded(
        "dump", bytes(1000).hex(" "), low=bytes(999).hex(" "), high=bytes(999).hex(" "), source="comparison"
    )


def test_numpy_integers_stay_integers() -> None:
    judge = Judge()
    judge.measure("count", np.int64(7), unit="", uncertainty=0, low=7, high=7, source="comparison")
    assert repr(judge.entries[0].recorded.value) == "7"


def test_captured_values_bring_their_uncertainty_in_the_unit_of_their_limits() -> None:
    judge = Judge()
    assert judge.duration("post delay", Interval(41_500, 600), "µs", low=0, high=40) is Verdict.FAIL
    assert judge.ratio("SCLK", Ratio(499.0, 2.0), "kHz", high=500) is Verdict.INCONCLUSIVE
    assert [entry.recorded for entry in judge.entries] == [
        Recorded("post delay", 41.5, "µs", 0.6, 0, 40, "logic capture"),
        Recorded("SCLK", 499.0, "kHz", 2.0, None, 500, "logic capture"),
    ]
