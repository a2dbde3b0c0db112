"""What a logic analyser at a given rate would have recorded of a waveform."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from benchctl.capture.transitions import States, state_dtype
from benchctl.capture.waveform import Waveform


def sample(waveform: Waveform, rate: Fraction | int) -> States:
    """Packed samples of `waveform` at `rate` per second; the first is taken at its first tick."""
    return next(sample_chunks(waveform, rate, max(1, sample_count(waveform, rate))))


def sample_count(waveform: Waveform, rate: Fraction | int) -> int:
    """How many samples fit into the waveform."""
    return int(waveform.span * Fraction(rate) / waveform.rate)


def sample_chunks(waveform: Waveform, rate: Fraction | int, size: int) -> Iterator[States]:
    """The same samples in chunks of `size`; at least one chunk, which may be empty."""
    step = waveform.rate / Fraction(rate)
    count = sample_count(waveform, rate)
    dtype = state_dtype(len(waveform.names))
    # Sample n is taken at tick n·step; a transition at tick t first shows in sample ceil(t/step).
    after = waveform.times - waveform.start
    first = -(-after * step.denominator // step.numerator)
    levels = np.concatenate((np.array([waveform.initial], dtype=dtype), waveform.states.astype(dtype)))
    for at in range(0, max(count, 1), size):
        stop = min(at + size, count)
        low, high = np.searchsorted(first, [at, stop])
        bounds = np.concatenate(([at], first[low:high], [stop]))
        yield np.repeat(levels[low : high + 1], np.diff(bounds))
