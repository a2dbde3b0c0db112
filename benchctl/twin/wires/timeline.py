"""What one driver does to its wire over time: a step function of drive strengths."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.uint8]


class Drive(IntEnum):
    """How a driver holds its wire, in the order in which drives prevail: the greatest decides the level.

    WEAK is a pull inside a chip (tens of kiloohms), PULL a resistor on the board, which beats it. Between
    equals low prevails. Levels of what drives at all: odd is high.
    """

    Z = 0
    WEAK_HIGH = 1
    WEAK_LOW = 2
    PULL_HIGH = 3
    PULL_LOW = 4
    HIGH = 5
    LOW = 6


def strong(level: int | bool) -> Drive:
    """The strong drive to a level."""
    return Drive.HIGH if level else Drive.LOW


class Timeline:
    """A growing step function: `values[i]` holds from `times[i]` on. Times in ns, strictly increasing."""

    def __init__(self, t_ns: int, value: int) -> None:
        self._times: Times = np.empty(16, np.int64)
        self._values: Values = np.empty(16, np.uint8)
        self._times[0], self._values[0] = t_ns, value
        self._n = 1

    @property
    def times(self) -> Times:
        """Step times, ns."""
        return self._times[: self._n]

    @property
    def values(self) -> Values:
        """Drives from each step on."""
        return self._values[: self._n]

    @property
    def end_ns(self) -> int:
        """Time of the last step known, which may lie in the future."""
        return int(self._times[self._n - 1])

    @property
    def last(self) -> int:
        """The drive after the last step known."""
        return int(self._values[self._n - 1])

    def at(self, t_ns: int) -> int:
        """The drive at a time."""
        i = self._n - 1
        if self._times[i] > t_ns:
            i = max(int(self._times[: self._n].searchsorted(t_ns, "right")) - 1, 0)
        return int(self._values[i])

    def sample(self, t_ns: Times) -> Values:
        """The drive at each of many times."""
        index = self.times.searchsorted(t_ns, "right") - 1
        return self.values[np.maximum(index, 0)]

    def cut(self, t_ns: int) -> None:
        """Forget every step at or after `t_ns`; what holds before the first step stays."""
        n = self._n
        if self._times[n - 1] >= t_ns:
            self._n = max(int(self._times[:n].searchsorted(t_ns, "left")), 1)

    def step(self, t_ns: int, value: int) -> bool:
        """Hold `value` from `t_ns` on, replacing what was planned; False when that changes nothing."""
        before = self._n
        self.cut(t_ns)
        if self.last == value:
            return self._n != before
        self._reserve(1)
        self._times[self._n], self._values[self._n] = t_ns, value
        self._n += 1
        return True

    def extend(self, times: Times, values: Values) -> None:
        """Follow many steps from `times[0]` on, replacing what was planned from there."""
        self.cut(int(times[0]))
        n = len(times)
        self._reserve(n)
        self._times[self._n : self._n + n] = times
        self._values[self._n : self._n + n] = values
        self._n += n

    def forget_before(self, t_ns: int) -> None:
        """Drop history before `t_ns`, keeping the value in force then."""
        i = max(int(self.times.searchsorted(t_ns, "right")) - 1, 0)
        if i:
            self._times[: self._n - i] = self._times[i : self._n]
            self._values[: self._n - i] = self._values[i : self._n]
            self._n -= i

    def __len__(self) -> int:
        return self._n

    def _reserve(self, n: int) -> None:
        if self._n + n > len(self._times):
            size = max(2 * len(self._times), self._n + n)
            self._times = np.resize(self._times, size)
            self._values = np.resize(self._values, size)
