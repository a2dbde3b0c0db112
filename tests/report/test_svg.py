from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture.waveform import Waveform
from benchctl.report import svg
from benchctl.report.results import Recorded

finite = st.floats(-1e12, 1e12)


def test_a_waveform_is_drawn_as_it_is() -> None:
    drawn = svg.waveform(Waveform.from_edges({"A & B": (0, [100, 300])}, span=765))
    root = Xml.fromstring(drawn)
    assert next(each.text for each in root.iter("text")) == "A & B"
    wave = next(each for each in root.iter("path") if each.get("class") == "wave")
    assert wave.get("d") == "M110 24H210V6H410V24H875"


def test_a_closer_look_keeps_the_time_of_the_whole_capture() -> None:
    capture = Waveform.from_edges({"DE": (0, [10_000, 12_000])}, span=100_000)
    closer = svg.around(capture, 10_000, 12_000)
    assert (closer.start, closer.span, list(closer.edges("DE"))) == (9000, 4000, [10_000, 12_000])
    labels = [each.text for each in Xml.fromstring(svg.waveform(closer)).iter("text")]
    assert labels == ["DE", "9 µs", "10 µs", "11 µs", "12 µs", "13 µs"]
    narrow = svg.around(capture, 5, 5)
    assert (narrow.start, narrow.end) == (0, 25)


def test_what_is_too_dense_for_the_screen_becomes_a_block_of_bounded_size() -> None:
    edges = np.arange(1, 1_000_000)
    drawn = svg.waveform(Waveform.from_edges({"CLK": (0, edges)}, span=1_000_001))
    assert len(drawn) < 40_000
    Xml.fromstring(drawn)


def test_an_empty_capture_draws_nothing() -> None:
    assert svg.waveform(Waveform.from_edges({}, span=0)) == ""
    assert svg.histogram(np.array([np.nan])) == ""
    assert svg.limit_bar(Recorded("boot", 1.0, "s")) == ""


def test_a_histogram_counts_every_interval() -> None:
    root = Xml.fromstring(svg.histogram(np.array([1000.0, 1000.0, 5000.0]), 900.0, 6000.0))
    bars = next(each for each in root.iter("path") if each.get("class") == "bars")
    assert str(bars.get("d")).count("z") == 2
    assert sum(each.get("class") == "limit" for each in root.iter("path")) == 2


@given(st.lists(finite, min_size=1, max_size=50), st.none() | finite, st.none() | finite)
def test_any_histogram_is_well_formed_and_small(
    ns: list[float], low: float | None, high: float | None
) -> None:
    drawn = svg.histogram(np.array(ns), low, high)
    Xml.fromstring(drawn)
    assert len(drawn) < 10_000
    assert "nan" not in drawn


@given(finite, st.floats(0, 1e12), st.none() | finite, st.none() | finite)
def test_any_limit_bar_is_well_formed(
    value: float, uncertainty: float, low: float | None, high: float | None
) -> None:
    drawn = svg.limit_bar(Recorded("x", value, "s", uncertainty, low, high))
    assert bool(drawn) == (low is not None or high is not None)
    if drawn:
        Xml.fromstring(drawn)
        assert "nan" not in drawn


@pytest.mark.parametrize("span", [1, 7, 10**12])
def test_an_axis_has_a_handful_of_labels(span: int) -> None:
    root = Xml.fromstring(svg.waveform(Waveform.from_edges({"A": (1, [])}, span=span)))
    assert 2 <= sum(each.get("class") == "tick" for each in root.iter("text")) <= 8


def test_a_drawing_of_its_own_brings_its_colours() -> None:
    root = Xml.fromstring(svg.standalone(svg.histogram(np.array([1.0, 2.0]))))
    assert ".bars{fill:" in (root[0].text or "")
