"""The bit time of a UART line, measured from its edges."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.interval import Interval, Ratio
from benchctl.capture.items import Items
from benchctl.capture.transitions import Ticks
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

_MOST_BITS = 12  # no run of equal bits within a frame is longer


@dataclass(frozen=True)
class BitTime:
    """What the edges of decoded characters say about the transmitter's clock.

    Attributes:
        bit: the bit time.
        baud: bit/s.
        error_ppm: how far the bit rate is above the nominal one, in parts per million.
        jitter_rms, jitter_peak: deviation of the edges from an even grid laid through each character.
        frames: number of characters it was drawn from.
    """

    bit: Interval
    baud: Ratio
    error_ppm: Ratio
    jitter_rms: Interval
    jitter_peak: Interval
    frames: int


def measure(waveform: Waveform, channel: str, characters: Items, fmt: UartFormat) -> BitTime | None:
    """Least-squares bit time over all characters without an error.

    Each character gets its own start; the bit time is common. None when no character has two edges.

    The sampling error of an edge averages out over characters only when the transmitter's clock slides
    against the sample clock. When the characters' own slopes scatter less than sampling at random phases
    would make them, it does not, and the uncertainty is that of one average character.
    """
    good = characters.where("data", error="")
    edges = waveform.edges(channel)
    tick_ns = float(waveform.tick_ns)
    nominal = float(waveform.rate) / fmt.baud
    first = np.searchsorted(edges, good.start)
    past = np.searchsorted(edges, good.start + round((fmt.stop_bit + 0.5) * nominal))
    count = past - first
    kept = np.flatnonzero(count >= 2)
    if not len(kept):
        return None
    first, count = first[kept], count[kept]
    begin = np.concatenate(([0], np.cumsum(count[:-1])))
    index = np.arange(count.sum()) + np.repeat(first - begin, count)
    own = np.repeat(np.arange(len(kept)), count)
    after = (edges[index] - edges[first][own]).astype(np.float64)
    bits = np.rint(after / nominal)
    bits -= (np.bincount(own, bits) / count)[own]
    after -= (np.bincount(own, after) / count)[own]
    squares = np.bincount(own, bits * bits).astype(np.float64)
    slopes = np.bincount(own, bits * after) / squares
    bit = float(np.sum(bits * after) / squares.sum())
    residual = after - bits * bit
    uncertainty = (
        _uncertainty(waveform, slopes, squares) * tick_ns + bit * tick_ns * waveform.clock_ppm * 1e-6
    )
    value_ns = bit * tick_ns
    relative = uncertainty / value_ns
    edge = 2 * waveform.edge_uncertainty_ns
    freedom = max(1, len(residual) - len(kept) - 1)
    return BitTime(
        bit=Interval(value_ns, uncertainty),
        baud=Ratio(1e9 / value_ns, relative * 1e9 / value_ns),
        error_ppm=Ratio((1e9 / value_ns / fmt.baud - 1) * 1e6, relative * 1e6),
        jitter_rms=Interval(sqrt(float(np.sum(residual**2)) / freedom) * tick_ns, edge),
        jitter_peak=Interval(float(np.ptp(residual)) * tick_ns, edge),
        frames=len(kept),
    )


def _uncertainty(waveform: Waveform, slopes: NDArray[np.float64], squares: NDArray[np.float64]) -> float:
    """Expanded uncertainty (k=2) of the common slope in ticks per bit, the clock's rate left out."""
    half_width = waveform.edge_uncertainty_ns / float(waveform.tick_ns)
    edge = half_width / sqrt(3)  # standard uncertainty of a rectangular distribution
    single = edge / sqrt(float(squares.mean()))
    frames = len(slopes)
    scatter = float(np.std(slopes, ddof=1)) if frames > 1 else 0.0
    averages = scatter > single / 2
    return 2 * (max(single, scatter) / sqrt(frames) if averages else single)


def required_baud(waveforms: Iterable[Waveform], channel: str) -> float:
    """The bit rate estimated from the first of the waveforms that tells one, bit/s.

    Raises:
        UserError: none does.
    """
    for waveform in waveforms:
        estimate = estimate_baud(waveform, channel)
        if estimate is not None:
            return estimate.value
    raise UserError(f"channel {channel!r} has too few edges to estimate its baud rate", "give --baud")


def estimate_baud(waveform: Waveform, channel: str) -> Ratio | None:
    """The bit rate of an unknown line, from the distances of its edges, in bit/s.

    The shortest distance that is not a rare glitch is taken for one bit, then refined over all distances
    that are a whole number of bits. None with fewer than three edges.
    """
    edges: Ticks = waveform.edges(channel)
    if len(edges) < 3:
        return None
    distances = np.diff(edges).astype(np.float64)
    unit = float(np.percentile(distances, 2, method="inverted_cdf"))
    near = distances[(distances > unit / 2) & (distances < unit * 1.4)]
    unit = float(near.mean())
    bits = np.rint(distances / unit)
    fits = (bits >= 1) & (bits <= _MOST_BITS) & (np.abs(distances - bits * unit) <= np.maximum(1.0, unit / 4))
    distances, bits = distances[fits], bits[fits]
    for _ in range(3):
        unit = float(np.sum(distances * bits) / np.sum(bits * bits))
        bits = np.maximum(1, np.rint(distances / unit))
    baud = float(waveform.rate) / unit
    longest = float(bits.max()) * unit * float(waveform.tick_ns)
    return Ratio(baud, baud * (2 * waveform.edge_uncertainty_ns / longest + waveform.clock_ppm * 1e-6))
