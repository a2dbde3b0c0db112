"""From packed samples to the places where something changed."""

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]
States = NDArray[np.unsignedinteger]

# Samples looked at in one go: the comparison, its result and the indices stay in the second-level cache.
BLOCK = 1 << 18
# Above this share of samples that change, numpy finds them in one pass without a branch per hit.
_DENSE = 0.1


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
        found = _places(block[1:] != block[:-1])
        states.append(block[1:][found])
        found += start + at + 1
        ticks.append(found)
    if len(ticks) == 2:  # one block: nothing to join
        return ticks[1], states[1]
    return np.concatenate(ticks), np.concatenate(states)


def _places(hits: NDArray[np.bool_]) -> NDArray[np.intp]:
    """np.flatnonzero, three times as fast for the few per cent of hits that a serial line has."""
    if np.count_nonzero(hits) > _DENSE * len(hits):
        return np.flatnonzero(hits)
    octets = np.packbits(hits, bitorder="little")
    at = np.flatnonzero(octets != 0)
    octets = octets[at]
    places = [8 * at + _lowest(octets)]
    while len(more := np.flatnonzero((octets := octets & (octets - np.uint8(1))) != 0)):
        at, octets = at[more], octets[more]
        places.append(8 * at + _lowest(octets))
    if len(places) == 1:
        return places[0]
    return np.sort(np.concatenate(places), kind="stable")  # merges runs that are sorted already


def _lowest(octets: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The place of the lowest bit set in each octet: as many as there are zeros below it."""
    return np.bitwise_count(~octets & (octets - np.uint8(1)))
