"""From data to edges: the inverse of the decoders, for stimuli, tests and benchmarks.

Everything here gives channels for `Waveform.from_edges`, in ticks of 1 ns unless said otherwise; `sample`
turns such a waveform into what a logic analyser at a given rate would have recorded of it.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.transitions import States, Ticks, state_dtype
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import NS_RATE, Waveform


def uart_bits(values: Sequence[int], fmt: UartFormat) -> NDArray[np.uint8]:
    """The levels of each frame's bits, shape (len(values), bits from start to first stop bit), idle high."""
    data = np.asarray(values, dtype=np.int64)
    frames = np.ones((len(data), fmt.stop_bit + 1), dtype=np.uint8)
    frames[:, 0] = 0
    for bit in range(fmt.bits):
        place = fmt.bits - bit if fmt.msb_first else 1 + bit
        frames[:, place] = data >> bit & 1
    if fmt.parity != "none":
        odd = frames[:, 1 : 1 + fmt.bits].sum(axis=1) & 1
        parity = {"even": odd, "odd": 1 - odd, "mark": np.ones_like(odd), "space": np.zeros_like(odd)}
        frames[:, 1 + fmt.bits] = parity[fmt.parity]
    return frames


def uart_edges(
    values: Sequence[int],
    fmt: UartFormat,
    *,
    start: float = 0.0,
    gaps: Sequence[float] | float = 0.0,
    rate: Fraction = NS_RATE,
) -> tuple[bool, Ticks]:
    """A UART line that sends `values`.

    Args:
        values: the characters.
        fmt: their format; `fmt.baud` is the baud rate really sent.
        start: tick of the first start edge.
        gaps: ticks of idle line after each character's last stop bit.
        rate: ticks per second.

    Returns:
        The initial level and the edge ticks.
    """
    if not len(values):
        return not fmt.invert, np.empty(0, dtype=np.int64)
    bit = float(rate) / fmt.baud
    frames = uart_bits(values, fmt)
    lengths = fmt.frame_bits * bit + np.broadcast_to(np.asarray(gaps, dtype=float), len(frames))
    starts = start + np.concatenate(([0.0], np.cumsum(lengths[:-1])))
    ticks = np.rint(starts[:, None] + np.arange(frames.shape[1]) * bit).astype(np.int64).ravel()
    levels = np.concatenate(([np.uint8(1)], frames.ravel()))
    return not fmt.invert, ticks[levels[1:] != levels[:-1]]


def sample(waveform: Waveform, rate: Fraction | int) -> States:
    """Packed samples of `waveform` at `rate` per second; the first is taken at its first tick."""
    step = waveform.rate / Fraction(rate)
    count = int(waveform.span / step)
    dtype = state_dtype(len(waveform.names))
    # Sample n is taken at tick n·step; a transition at tick t first shows in sample ceil(t/step).
    after = waveform.times - waveform.start
    first = np.minimum(-(-after * step.denominator // step.numerator), count)
    levels = np.concatenate((np.array([waveform.initial], dtype=dtype), waveform.states.astype(dtype)))
    return np.repeat(levels, np.diff(np.concatenate(([0], first, [count]))))
