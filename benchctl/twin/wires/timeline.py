"""What one driver does to its wire over time: a step function of drive strengths."""

from enum import IntEnum
from typing import Protocol

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


class Wave(Protocol):
    """Many steps that need not be worked out before somebody looks at them.

    Attributes:
        first_ns: time of the first step.
        last_ns: from here on the drive is `last`; no step is later.
        last: the drive in the end.
        size: about how many steps there are.
    """

    @property
    def first_ns(self) -> int: ...  # noqa: D102

    @property
    def last_ns(self) -> int: ...  # noqa: D102

    @property
    def last(self) -> int: ...  # noqa: D102

    @property
    def size(self) -> int: ...  # noqa: D102

    def steps(self) -> tuple[Times, Values]:
        """All of them; the first at `first_ns`."""


class Timeline:
    """A growing step function: `values[i]` holds from `times[i]` on. Times in ns, strictly increasing.

    Attributes:
        end_ns: time of the last step known, which may lie in the future; what is planned may end earlier.
        last: the drive after the last step known.
    """

    def __init__(self, t_ns: int, value: int) -> None:
        self._times: Times = np.empty(16, np.int64)
        self._values: Values = np.empty(16, np.uint8)
        self._times[0], self._values[0] = t_ns, value
        self._n = 1
        self.end_ns, self.last = t_ns, value
        self._waves: list[Wave] = []  # what comes after the arrays, not worked out yet
        self._planned = 0  # size of all these

    @property
    def times(self) -> Times:
        """Step times, ns."""
        self._work_out()
        return self._times[: self._n]

    @property
    def values(self) -> Values:
        """Drives from each step on."""
        self._work_out()
        return self._values[: self._n]

    def at(self, t_ns: int) -> int:
        """The drive at a time."""
        if t_ns >= self.end_ns:
            return self.last
        for wave in reversed(self._waves):
            if t_ns >= wave.last_ns:
                return wave.last
            if t_ns >= wave.first_ns:
                self._work_out()
                break
        i = max(int(self._times[: self._n].searchsorted(t_ns, "right")) - 1, 0)
        return int(self._values[i])

    def sample(self, t_ns: Times) -> Values:
        """The drive at each of many times."""
        index = self.times.searchsorted(t_ns, "right") - 1
        return self.values[np.maximum(index, 0)]

    def cut(self, t_ns: int) -> None:
        """Forget every step at or after `t_ns`; what holds before the first step stays."""
        if t_ns > self.end_ns:
            return
        if self._waves and t_ns > self._waves[0].first_ns:
            self._work_out()
        self._take_waves()
        self._n = max(int(self._times[: self._n].searchsorted(t_ns, "left")), 1)
        self._look_at_end()

    def step(self, t_ns: int, value: int) -> bool:
        """Hold `value` from `t_ns` on, replacing what was planned; False when that changes nothing."""
        before = self.end_ns
        self.cut(t_ns)
        if self.last == value:
            return self.end_ns != before
        self._work_out()
        self._reserve(1)
        self._times[self._n], self._values[self._n] = t_ns, value
        self._n += 1
        self.end_ns, self.last = t_ns, value
        return True

    def extend(self, times: Times, values: Values) -> None:
        """Follow many steps from `times[0]` on, replacing what was planned from there."""
        self.cut(int(times[0]))
        self._work_out()
        self._append(times, values)

    def plan(self, wave: Wave) -> None:
        """As `extend`, with steps that are worked out when somebody looks at them."""
        self.cut(wave.first_ns)
        self._waves.append(wave)
        self._planned += wave.size
        self.end_ns, self.last = wave.last_ns, wave.last

    def forget_before(self, t_ns: int) -> None:
        """Drop history before `t_ns`, keeping the value in force then."""
        over = next((i for i, wave in enumerate(self._waves) if wave.last_ns > t_ns), len(self._waves))
        if over:
            self._times[0], self._values[0] = self._waves[over - 1].last_ns, self._waves[over - 1].last
            self._n = 1
            self._planned -= sum(wave.size for wave in self._waves[:over])
            del self._waves[:over]
            return
        if self._waves and self._waves[0].first_ns <= t_ns:
            self._work_out()
        i = max(int(self._times[: self._n].searchsorted(t_ns, "right")) - 1, 0)
        if i:
            self._times[: self._n - i] = self._times[i : self._n]
            self._values[: self._n - i] = self._values[i : self._n]
            self._n -= i

    def __len__(self) -> int:
        return self._n + self._planned

    def _work_out(self) -> None:
        if self._waves:
            for wave in self._take_waves():
                self._append(*wave.steps())

    def _take_waves(self) -> list[Wave]:
        waves, self._waves, self._planned = self._waves, [], 0
        return waves

    def _append(self, times: Times, values: Values) -> None:
        n = len(times)
        self._reserve(n)
        self._times[self._n : self._n + n] = times
        self._values[self._n : self._n + n] = values
        self._n += n
        self._look_at_end()

    def _look_at_end(self) -> None:
        self.end_ns, self.last = int(self._times[self._n - 1]), int(self._values[self._n - 1])

    def _reserve(self, n: int) -> None:
        if self._n + n > len(self._times):
            size = max(2 * len(self._times), self._n + n)
            self._times = np.resize(self._times, size)
            self._values = np.resize(self._values, size)
