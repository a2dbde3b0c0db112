from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import waveform
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError


def two_channels() -> Waveform:
    return Waveform.from_edges({"DE": (0, [10, 40]), "TX": (1, [20, 30, 40])}, span=100)


def test_edges_and_levels_of_each_channel() -> None:
    wave = two_channels()
    assert wave.edges("DE").tolist() == [10, 40]
    assert wave.edges("TX").tolist() == [20, 30, 40]
    assert not wave.initial_level("DE")
    assert wave.level_at("TX", np.array([0, 19, 20, 29, 30, 40, 99])).tolist() == [1, 1, 0, 0, 1, 0, 0]
    assert bool(wave.level_at("DE", 10))


def test_two_edges_at_one_tick_cancel() -> None:
    wave = Waveform.from_edges({"A": (0, [5, 5, 7])}, span=10)
    assert wave.times.tolist() == [7]


def test_unknown_channel_names_the_nearest() -> None:
    with pytest.raises(UserError, match="perhaps you meant 'TX'"):
        two_channels().edges("TXD")


def test_slice_keeps_the_time_axis_and_the_levels() -> None:
    part = two_channels().slice(15, 40)
    assert (part.start, part.span) == (15, 25)
    assert part.initial_level("DE")
    assert part.edges("TX").tolist() == [20, 30]
    assert len(part.edges("DE")) == 0


def test_rename() -> None:
    wave = two_channels().rename({"TX": "uart2.tx"})
    assert wave.names == ("DE", "uart2.tx")
    with pytest.raises(UserError):
        wave.rename({"TX": "x"})


def test_select_orders_channels() -> None:
    wave = two_channels().select(["TX"])
    assert wave.names == ("TX",)
    assert wave.edges("TX").tolist() == [20, 30, 40]


def test_ns_of_a_clock_that_does_not_divide_a_second() -> None:
    ticks = np.array([1, 2, 3, 3_000_000, 3 * 10**12 + 1])
    wave = Waveform.from_edges({"A": (0, ticks)}, span=10, rate=3_000_000, origin_ns=7)
    assert wave.ns(ticks).tolist() == [340, 674, 1007, 1_000_000_007, 10**15 + 340]
    assert wave.tick_ns == Fraction(1000, 3)


def test_edge_of_a_sampled_capture_is_known_to_half_a_period() -> None:
    wave = Waveform.from_samples(np.zeros(4, dtype=np.uint8), ["A"], 1_000_000)
    assert wave.edge_uncertainty_ns == 500


@given(
    samples=st.lists(st.integers(0, 255), max_size=300),
    channels=st.integers(1, 8),
    cut=st.integers(0, 300),
    wide=st.booleans(),
)
def test_samples_survive(samples: list[int], channels: int, cut: int, wide: bool) -> None:
    data = np.array(samples, dtype=np.uint16 if wide else np.uint8)
    names = [f"D{n}" for n in range(channels)]
    cut = min(cut, len(data))
    before = int(data[cut - 1]) if cut else None
    wave = waveform.join(
        [
            Waveform.from_samples(data[:cut], names, 1000),
            Waveform.from_samples(data[cut:], names, 1000, start=cut, previous=before),
        ]
    )
    if not cut and len(data):
        wave = Waveform.from_samples(data, names, 1000)
    ticks = np.arange(len(data))
    for bit, name in enumerate(names):
        assert wave.level_at(name, ticks).tolist() == (data >> bit & 1).astype(bool).tolist()
    again = Waveform.from_edges({n: (wave.initial_level(n), wave.edges(n)) for n in names}, wave.span, 1000)
    assert again.times.tolist() == wave.times.tolist()
    assert again.states.tolist() == wave.states.tolist()


def test_chunks_must_follow_each_other() -> None:
    wave = two_channels()
    with pytest.raises(ValueError, match="follow"):
        waveform.join([wave, wave])
    with pytest.raises(ValueError, match="no chunks"):
        waveform.join([])
