"""Eight pins sampled by a clock, a window at a time."""

from collections.abc import Sequence

import numpy as np

from benchctl.twin.ftdi.pins import Pin
from benchctl.twin.wires.timeline import Times, Values

_FS = 1_000_000
_AHEAD_MAX = 65_536


class TickClock:
    """Ticks at a fixed rate from an origin: tick k comes at `origin + k * period`, k from 1."""

    def __init__(self, origin_ns: int, period_fs: int) -> None:
        self.origin_ns, self.period_fs = origin_ns, period_fs

    def count(self, now_ns: int) -> int:
        """Number of the last tick that has come."""
        return (now_ns - self.origin_ns) * _FS // self.period_fs

    def at(self, tick: int) -> int:
        """When a tick comes, ns."""
        return self.origin_ns - (-tick * self.period_fs) // _FS

    def times(self, first: int, count: int) -> Times:
        """When each of `count` ticks comes, ns."""
        base_ns, rest = divmod(first * self.period_fs, _FS)
        offsets = rest + np.arange(count, dtype=np.int64) * self.period_fs
        return self.origin_ns + base_ns - (-offsets) // _FS


class PinSampler:
    """Levels of pins at ticks, as bytes with the first pin in bit 0.

    Levels are computed for more ticks than asked when the wires are quiet, from what they are known to do
    next, and thrown away from the moment a wire changes its mind.

    Args:
        pins: up to eight pins.
        clock: the ticks.
        before_ns: sample this long before each tick.

    Attributes:
        attached: whether the wires are recorded, which they are at first.
    """

    def __init__(self, pins: Sequence[Pin], clock: TickClock, before_ns: int = 0) -> None:
        self._nets = [pin.net for pin in pins]
        self._clock, self._before_ns = clock, before_ns
        self._first = 1
        self._values: Values = np.empty(0, np.uint8)
        self._ahead = 0
        self.attached = False
        self.attach()

    def attach(self) -> None:
        """Record the wires from now on; harmless when they are recorded already."""
        if self.attached:
            return
        self.attached = True
        self._values, self._ahead = np.empty(0, np.uint8), 0
        for net in self._nets:
            net.probe(True)
            net.listen(self._invalidate)

    def detach(self) -> None:
        """Leave the wires: what they do is lost until the next `attach`."""
        if not self.attached:
            return
        self.attached = False
        for net in self._nets:
            net.unlisten(self._invalidate)
            net.probe(False)

    def samples(self, first: int, count: int) -> Values:
        """Levels at `count` ticks from `first` on."""
        start = first - self._first
        if start < 0 or start + count > len(self._values):
            self._fill(first, count)
            start = 0
        return self._values[start : start + count]

    def _fill(self, first: int, count: int) -> None:
        self._ahead = min(2 * self._ahead + count, _AHEAD_MAX)
        times = self._clock.times(first, max(count, self._ahead)) - self._before_ns
        values = np.zeros(len(times), np.uint8)
        start_ns = int(times[0])
        for bit, net in enumerate(self._nets):
            if net.horizon_ns <= start_ns:
                values |= np.uint8(net.level(start_ns) << bit)
            else:
                values |= net.sample(times) << np.uint8(bit)
        self._first, self._values = first, values

    def _invalidate(self, t_ns: int) -> None:
        valid = self._clock.count(t_ns + self._before_ns - 1) + 1 - self._first
        if valid < len(self._values):
            self._values = self._values[: max(valid, 0)]
            self._ahead = 0
