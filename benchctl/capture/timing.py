"""Timing of buses, from captured edges; every figure carries its expanded uncertainty.

A start bit begins with an edge, but the end of a stop bit has none: it is reckoned from the start edge and
the bit time. Pass the measured bit time (`bit_time.measure`) where the transmitter's clock may be off.
"""

from dataclasses import dataclass

import numpy as np

from benchctl.capture.interval import Interval, Ratio, Series, between_edges
from benchctl.capture.items import Items
from benchctl.capture.transitions import Ticks
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import Waveform


def nominal_bit(fmt: UartFormat) -> Interval:
    """The bit time that the format promises, taken as exact."""
    return Interval(1e9 / fmt.baud, 0.0)


def _stop_ends(waveform: Waveform, characters: Items, fmt: UartFormat, bit: Interval) -> Series:
    """For each character the time from its start edge to the end of its last stop bit."""
    length = fmt.frame_bits * bit.value_ns
    size = len(characters)
    return Series(np.full(size, length), np.full(size, fmt.frame_bits * bit.uncertainty_ns), characters.start)


def byte_gaps(waveform: Waveform, characters: Items, fmt: UartFormat, bit: Interval | None = None) -> Series:
    """Idle time from the end of each character's last stop bit to the start edge of the next one.

    Args:
        waveform: the capture that `characters` came from.
        characters: decoded "data" items of one line, in order.
        fmt: their format.
        bit: the bit time; the nominal one, taken as exact, unless given.
    """
    frames = characters.where("data")
    distance = between_edges(waveform, frames.start[:-1], frames.start[1:])
    length = _stop_ends(
        waveform, frames.take(np.arange(max(0, len(frames) - 1))), fmt, bit or nominal_bit(fmt)
    )
    return Series(
        distance.values_ns - length.values_ns,
        distance.uncertainties_ns + length.uncertainties_ns,
        frames.end[:-1],
    )


def longer_than(gaps: Series, threshold_ns: float) -> Series:
    """The gaps that separate frames: those longer than `threshold_ns`."""
    keep = gaps.values_ns > threshold_ns
    return Series(gaps.values_ns[keep], gaps.uncertainties_ns[keep], gaps.at[keep])


def de_to_start(waveform: Waveform, enable: str, characters: Items, *, active_low: bool = False) -> Series:
    """From each edge that enables a driver to the first start edge after it, before it is disabled again."""
    on, off = active_windows(waveform, enable, active_low=active_low)
    starts = characters.where("data").start
    index = np.searchsorted(starts, on)
    begun = np.flatnonzero(index < len(starts))
    begun = begun[starts[index[begun]] < off[begun]]
    return between_edges(waveform, on[begun], starts[index[begun]])


def stop_to_de(
    waveform: Waveform,
    enable: str,
    characters: Items,
    fmt: UartFormat,
    bit: Interval | None = None,
    *,
    active_low: bool = False,
) -> Series:
    """From the end of the last stop bit within each driver-enable window to the edge that disables it.

    Negative when the driver lets go before the stop bit is over. Windows still open at the end of the
    capture are left out.
    """
    on, off = active_windows(waveform, enable, active_low=active_low)
    closed = off < waveform.end
    on, off = on[closed], off[closed]
    frames = characters.where("data")
    last = np.searchsorted(frames.start, off) - 1
    sent = np.flatnonzero(last >= 0)
    sent = sent[frames.start[last[sent]] >= on[sent]]
    ends = frames.take(last[sent])
    distance = between_edges(waveform, ends.start, off[sent])
    length = _stop_ends(waveform, ends, fmt, bit or nominal_bit(fmt))
    return Series(
        distance.values_ns - length.values_ns,
        distance.uncertainties_ns + length.uncertainties_ns,
        ends.end,
    )


def turnaround(
    waveform: Waveform,
    requests: Items,
    responses: Items,
    fmt: UartFormat,
    bit: Interval | None = None,
) -> Series:
    """From the end of a request's last stop bit to the first start edge of its response.

    `requests` and `responses` are the characters of the two lines (or of two talkers on one line). Only a
    response that follows a request's last character, with no other response in between, counts.
    """
    asked, answered = requests.where("data"), responses.where("data")
    last = np.searchsorted(asked.start, answered.start) - 1
    first_of_each = np.flatnonzero(np.diff(last, prepend=-1) > 0)
    ends = asked.take(last[first_of_each])
    distance = between_edges(waveform, ends.start, answered.start[first_of_each])
    length = _stop_ends(waveform, ends, fmt, bit or nominal_bit(fmt))
    return Series(
        distance.values_ns - length.values_ns,
        distance.uncertainties_ns + length.uncertainties_ns,
        ends.end,
    )


def active_windows(waveform: Waveform, channel: str, *, active_low: bool = False) -> tuple[Ticks, Ticks]:
    """Ticks where `channel` becomes active and where each such window ends, cut off at the capture's ends."""
    edges = waveform.edges(channel)
    if waveform.initial_level(channel) != active_low:
        edges = np.concatenate(([np.int64(waveform.start)], edges))
    if len(edges) % 2:
        edges = np.append(edges, np.int64(waveform.end))
    return edges[0::2], edges[1::2]


def contention(waveform: Waveform, first: str, second: str, *, active_low: bool = False) -> Series:
    """Times in which two driver enables are active together."""
    on_a, off_a = active_windows(waveform, first, active_low=active_low)
    on_b, off_b = active_windows(waveform, second, active_low=active_low)
    # Window i of the first overlaps those of the second that end after it begins and begin before it ends.
    low, high = np.searchsorted(off_b, on_a, side="right"), np.searchsorted(on_b, off_a)
    count = np.maximum(0, high - low)
    a = np.repeat(np.arange(len(on_a)), count)
    b = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + low[a]
    return between_edges(waveform, np.maximum(on_a[a], on_b[b]), np.minimum(off_a[a], off_b[b]))


@dataclass(frozen=True)
class ClockTiming:
    """A clock line: mean rate over whole periods in Hz, duty in 0 to 1, and every period, high and low."""

    hz: Ratio
    duty: Ratio
    periods: Series
    highs: Series
    lows: Series


def clock(waveform: Waveform, channel: str, *, idle_ns: float | None = None) -> ClockTiming | None:
    """Rate and duty of a clock; None with fewer than two rising edges.

    Args:
        waveform: the capture.
        channel: the clock line.
        idle_ns: periods longer than this are pauses and left out; 1.5 times the median unless given.
    """
    edges = waveform.edges(channel)
    rising_at = 1 if waveform.initial_level(channel) else 0
    rising, falling = edges[rising_at::2], edges[rising_at + 1 :: 2]
    if len(rising) < 2:
        return None
    periods = between_edges(waveform, rising[:-1], rising[1:])
    limit = 1.5 * float(np.median(periods.values_ns)) if idle_ns is None else idle_ns
    running = np.flatnonzero(periods.values_ns <= limit)
    if not len(running):
        return None
    start, middle, end = rising[running], falling[running], rising[running + 1]
    periods = between_edges(waveform, start, end)
    highs, lows = between_edges(waveform, start, middle), between_edges(waveform, middle, end)
    total = float(periods.values_ns.sum())
    # Periods that follow each other share their edges: only the ends of a run count.
    runs = 1 + int(np.count_nonzero(np.diff(running) > 1))
    relative = 2 * waveform.edge_uncertainty_ns * runs / total + waveform.clock_ppm * 1e-6
    hz = len(running) / total * 1e9
    duty = float(highs.values_ns.sum()) / total
    per_period = 2 * waveform.edge_uncertainty_ns * len(running) / total
    return ClockTiming(Ratio(hz, hz * relative), Ratio(duty, min(1.0, per_period)), periods, highs, lows)


@dataclass(frozen=True)
class SetupHold:
    """Setup and hold at each sampling edge that has a data edge before, or after, it."""

    setup: Series
    hold: Series


def setup_hold(waveform: Waveform, data: str, clock_line: str, *, rising: bool = True) -> SetupHold:
    """How long `data` was stable before and after each sampling edge of `clock_line`.

    Only the data edges next to a sampling edge count: setup from the last data edge at or before it, and
    after the previous sampling edge; hold to the first data edge after it, and before the next one.
    """
    edges = waveform.edges(clock_line)
    sampling = edges[int(waveform.initial_level(clock_line) == rising) :: 2]
    moves = waveform.edges(data)
    after = np.searchsorted(moves, sampling, side="right")
    before = np.flatnonzero(after > 0)
    previous = np.concatenate(([np.int64(waveform.start)], sampling[:-1]))
    before = before[moves[after[before] - 1] > previous[before]]
    following = np.flatnonzero(after < len(moves))
    next_edge = np.append(sampling[1:], np.int64(waveform.end))
    following = following[moves[after[following]] <= next_edge[following]]
    return SetupHold(
        setup=between_edges(waveform, moves[after[before] - 1], sampling[before]),
        hold=between_edges(waveform, sampling[following], moves[after[following]]),
    )
