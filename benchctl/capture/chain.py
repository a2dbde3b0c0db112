"""Following a chain of successors through an array without a Python step per link."""

import numpy as np
from numpy.typing import NDArray

_DOUBLINGS = 4  # Python walks every 16th link, numpy fills in the rest


def follow(successor: NDArray[np.intp], first: int) -> NDArray[np.intp]:
    """The indices visited from `first` on: first, successor[first], successor of that, and so on.

    Args:
        successor: for each index a greater one; len(successor) ends the chain.
        first: where to begin; len(successor) gives an empty result.
    """
    end = len(successor)
    jumps = [np.append(successor, end)]
    for _ in range(_DOUBLINGS):
        jumps.append(jumps[-1][jumps[-1]])
    leap = jumps.pop().data  # indexing a memoryview gives plain ints, and quickly
    stops = []
    at = first
    while at < end:
        stops.append(at)
        at = leap[at]
    visited = np.array(stops, dtype=np.intp)
    for jump in reversed(jumps):
        visited = np.stack((visited, jump[visited]), axis=1).ravel()
    return visited[: np.searchsorted(visited, end)]
