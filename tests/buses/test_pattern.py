from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import Parity, UartFormat
from benchctl.capture.items import Items
from benchctl.capture.waveform import Waveform

RATE = Fraction(1_000_000)
Decode = Callable[[Waveform, str, UartFormat], Items]


def recorded(pattern: Pattern, rate: Fraction = RATE) -> Waveform:
    idle = np.ones(64, np.uint8)
    return Waveform.from_samples(np.concatenate((idle, pattern.samples(rate), idle)), ["tx"], rate)


@given(
    data=st.binary(min_size=1, max_size=20),
    baud=st.integers(1000, 60_000),
    parity=st.sampled_from(Parity),
    stop=st.sampled_from([1, 1.5, 2]),
    gaps=st.floats(0, 5000),
)
def test_frames_are_decoded_as_meant(
    decode_uart: Decode, data: bytes, baud: int, parity: Parity, stop: float, gaps: float
) -> None:
    fmt = UartFormat(baud, 8, parity, stop)
    items = decode_uart(recorded(Pattern().frames(data, fmt, gaps)), "tx", fmt)
    assert bytes(items.value.tolist()) == data
    assert not items.error.any()


@given(gap=st.floats(0, 10_000), baud=st.sampled_from([1200, 9600, 38_400]))
def test_gap_is_exact_to_a_tick(gap: float, baud: int) -> None:
    fmt = UartFormat(baud)
    samples = Pattern().frames(b"\x00\x00", fmt, [gap, 0]).samples(RATE)
    edges = np.flatnonzero(np.diff(samples)) + 1
    bit_us = 1e6 / baud
    high_us = edges[2] - edges[1]  # first stop bit and the gap
    assert high_us == pytest.approx(bit_us + gap, abs=1.0)


def test_deliberate_errors(decode_uart: Decode) -> None:
    fmt = UartFormat(9600, 8, Parity.EVEN)
    framing = recorded(Pattern().frame(0x55, fmt, framing_error=True).idle(500))
    parity = recorded(Pattern().frame(0x55, fmt, parity_error=True).idle(500))
    assert [item["error"] for item in decode_uart(framing, "tx", fmt).dicts()] == ["framing"]
    assert [item["error"] for item in decode_uart(parity, "tx", fmt).dicts()] == ["parity"]


def test_break_and_spike() -> None:
    pattern = Pattern().idle(10).line_break(100).idle(10)
    assert pattern.duration_us == 120
    pattern.spike(5, 3).spike(50, 20).spike(118, 50)
    samples = pattern.samples(RATE)
    edges = (np.flatnonzero(np.diff(samples)) + 1 - 1).tolist()  # the first sample is the idle before it
    assert edges == [5, 8, 10, 50, 70, 110, 118, 120]
    assert samples[0] == samples[-1] == 1


def test_spike_over_an_edge_moves_it() -> None:
    samples = Pattern().idle(10).line_break(10).spike(5, 10).samples(RATE)
    assert (np.flatnonzero(np.diff(samples))).tolist() == [5, 10, 15, 20]


def test_one_gap_for_each_byte() -> None:
    with pytest.raises(ValueError):
        Pattern().frames(b"abc", UartFormat(9600), [1.0, 2.0])
