"""From packed samples to the places where something changed."""

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]
States = NDArray[np.unsignedinteger]

# Samples looked at in one go: the comparison, its result and the indices stay in the second-level cache.
BLOCK = 1 << 17


def state_dtype(channels: int) -> np.dtype[np.unsignedinteger]:
    """The smallest unsigned type with a bit for each of `channels` (1 to 64)."""
    for dtype in (np.uint8, np.uint16, np.uint32):
        if channels <= np.iinfo(dtype).bits:
            return np.dtype(dtype)
    return np.dtype(np.uint64)


def find(samples: States, mask: int, previous: int, start: int) -> tuple[Ticks, States]:
    """Where packed samples change.

    Args:
        samples: one word per sample, bit n is channel n.
        mask: the bits that count; the others read as 0.
        previous: the sample before the first one.
        start: tick of the first sample.

    Returns:
        Ticks of every sample that differs from the one before it, and those samples, masked.
    """
    whole = mask == np.iinfo(samples.dtype).max
    keep = samples.dtype.type(mask)
    ticks, states = [np.empty(0, dtype=np.int64)], [samples[:0]]
    if len(samples) and (int(samples[0]) ^ previous) & mask:
        ticks.append(np.array([start]))
        states.append(samples[:1] & keep)
    for at in range(0, len(samples) - 1, BLOCK):
        block = samples[at : at + BLOCK + 1]
        if not whole:
            block = block & keep
        # flatnonzero is several times faster on bool than on integers.
        found = np.flatnonzero(block[1:] != block[:-1])
        states.append(block[1:][found])
        found += start + at + 1
        ticks.append(found)
    if len(ticks) == 2:  # one block: nothing to join
        return ticks[1], states[1]
    return np.concatenate(ticks), np.concatenate(states)
