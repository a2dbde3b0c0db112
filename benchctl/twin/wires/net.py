"""A wire with several drivers on it, resolved as a function of time."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from benchctl.twin.wires.timeline import Drive, Timeline, Times, Values, Wave
from benchctl.twin.world import Event, World

ChangeListener = Callable[[int], None]
_KEEP_NS = 1_000_000_000
_PRUNE_AT = 8192
_ALWAYS_NS = -1  # before simulated time begins


class Edges(NamedTuple):
    """Resolved levels over a span: `initial`, then `levels[i]` from `times[i]` on."""

    initial: int
    times: Times
    levels: Values


class Driver:
    """One pin on a net. `Z` until told otherwise.

    Attributes:
        wave: the wave planned last, for receivers that can make use of what it stands for; None after any
            other change of the pin.
    """

    def __init__(self, net: "Net", name: str) -> None:
        self.net = net
        self.name = name
        self.timeline = Timeline(_ALWAYS_NS, Drive.Z)
        self.wave: Wave | None = None
        self._prune_at = _PRUNE_AT

    @property
    def drive(self) -> int:
        """What this driver does now."""
        return self.timeline.at(self.net.world.now)

    def set(self, value: int) -> None:
        """Drive from now on, dropping anything planned."""
        now = self.net.world.now
        if self.timeline.step(now, value):
            self.wave = None
            self._changed(now)

    def play(self, times: Times, values: Values) -> None:
        """Follow many steps from `times[0]` (now or later); it ends holding the last value."""
        self.timeline.extend(times, values)
        self.wave = None
        self._changed(int(times[0]))

    def plan(self, wave: Wave) -> None:
        """As `play`, with steps that are worked out only when somebody looks at them."""
        self.timeline.plan(wave)
        self.wave = wave
        self._changed(wave.first_ns)

    def follow(self, times: Times, values: Values) -> None:
        """As `play`, for a pin that is replanned whenever another wire changes.

        The wire is told only when it will really do something else, so that parts in a ring come to rest.
        """
        start = int(times[0])
        keep = np.empty(len(values), bool)
        keep[0] = values[0] != self.timeline.at(start - 1)
        np.not_equal(values[1:], values[:-1], out=keep[1:])
        times, values = times[keep], values[keep]
        planned = self.timeline.times >= start
        if np.array_equal(self.timeline.times[planned], times) and np.array_equal(
            self.timeline.values[planned], values
        ):
            return
        self.timeline.cut(start)
        self.wave = None
        if len(times):
            self.timeline.extend(times, values)
        self._changed(start)

    def cut(self, t_ns: int) -> None:
        """Drop everything planned at or after `t_ns`; the value in force there holds on."""
        if self.timeline.end_ns >= t_ns:
            self.timeline.cut(t_ns)
            self.wave = None
            self._changed(t_ns)

    def _changed(self, t_ns: int) -> None:
        self.net._changed(t_ns)
        # Forget what is long over, now and then.
        if len(self.timeline) > self._prune_at and not self.net.probed:
            self.timeline.forget_before(self.net.world.now - _KEEP_NS)
            self._prune_at = max(_PRUNE_AT, 2 * len(self.timeline))


class Net:
    """A wire.

    The strongest driver decides (see `Drive`). Strong low against strong high is contention: the level reads
    low and the clash is found by `contention`. A wire that nothing holds keeps its last level, as stray
    capacitance does.

    Attributes:
        analog_volts: a voltage an analog source imposes, or None.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.drivers: list[Driver] = []
        self.analog_volts: Callable[[int], float] | None = None
        self._listeners: list[ChangeListener] = []
        self._probes = 0

    def driver(self, name: str) -> Driver:
        """Attach one more pin."""
        driver = Driver(self, name)
        self.drivers.append(driver)
        return driver

    def pull(self, name: str, high: bool) -> Driver:
        """Attach a pull resistor."""
        driver = self.driver(name)
        driver.timeline = Timeline(_ALWAYS_NS, Drive.PULL_HIGH if high else Drive.PULL_LOW)
        return driver

    @property
    def probed(self) -> bool:
        """True while somebody records this wire; only then are fast waves rendered on it."""
        return self._probes > 0

    def probe(self, attach: bool) -> None:
        """Attach or detach one recorder."""
        self._probes += 1 if attach else -1

    def listen(self, listener: ChangeListener) -> None:
        """Be told `listener(t_ns)` whenever what the wire does from `t_ns` on has changed."""
        self._listeners.append(listener)

    def unlisten(self, listener: ChangeListener) -> None:
        """Stop being told."""
        self._listeners.remove(listener)

    def level(self, t_ns: int | None = None) -> int:
        """Level (0 or 1) at a time, default now."""
        t = self.world.now if t_ns is None else t_ns
        drive = max([driver.timeline.at(t) for driver in self.drivers], default=0)
        return drive & 1 if drive else self._floating(t)

    def sample(self, t_ns: Times) -> Values:
        """Levels at many (sorted or unsorted) times."""
        if not len(t_ns):
            return np.empty(0, np.uint8)
        edges = self.edges(int(t_ns.min()), int(t_ns.max()) + 1)
        if not len(edges.times):
            return np.full(len(t_ns), edges.initial, np.uint8)
        index = edges.times.searchsorted(t_ns, "right")
        return np.concatenate(([np.uint8(edges.initial)], edges.levels))[index]

    def edges(self, start_ns: int, end_ns: int) -> Edges:
        """Resolved edges with start < t < end, and the level at `start_ns`."""
        moving = [d for d in self.drivers if d.timeline.end_ns > start_ns]
        cuts = [t[t.searchsorted(start_ns, "right") : t.searchsorted(end_ns)] for t in _times(moving)]
        times = (
            cuts[0] if len(cuts) == 1 else np.unique(np.concatenate(cuts)) if cuts else np.empty(0, np.int64)
        )
        initial = self.level(start_ns)
        if not len(times):
            return Edges(initial, times, np.empty(0, np.uint8))
        levels = self._resolve(times, initial)
        changed = np.empty(len(levels), bool)
        changed[0] = levels[0] != initial
        np.not_equal(levels[1:], levels[:-1], out=changed[1:])
        return Edges(initial, times[changed], levels[changed])

    def contention(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Spans in which one pin drove low while another drove high, as (from, to) in ns."""
        times = np.unique(np.concatenate([d.timeline.times for d in self.drivers] + [np.array([start_ns])]))
        times = times[(times >= start_ns) & (times < end_ns)]
        sampled = np.stack([d.timeline.sample(times) for d in self.drivers])
        clash = (sampled == Drive.LOW).any(0) & (sampled == Drive.HIGH).any(0)
        ends = np.append(times[1:], end_ns)
        spans: list[tuple[int, int]] = []
        for start, end in zip(times[clash].tolist(), ends[clash].tolist(), strict=True):
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans

    @property
    def horizon_ns(self) -> int:
        """The last moment for which anything is planned."""
        return max([d.timeline.end_ns for d in self.drivers], default=0)

    def _resolve(self, times: Times, before: int) -> Values:
        drive = np.zeros(len(times), np.uint8)
        for driver in self.drivers:
            np.maximum(drive, driver.timeline.sample(times), out=drive)
        levels: Values = drive & np.uint8(1)
        held = drive > 0
        if not held.all():
            last = np.maximum.accumulate(np.where(held, np.arange(len(times)), -1))
            levels = np.where(last >= 0, levels[last], before).astype(np.uint8)
        return levels

    def _floating(self, t_ns: int) -> int:
        """Level kept by a wire nothing holds: what it was when it was last held."""
        if not self.drivers:
            return 0
        times = np.unique(np.concatenate([d.timeline.times for d in self.drivers]))
        times = times[times <= t_ns]
        return int(self._resolve(times, 0)[-1]) if len(times) else 0

    def _changed(self, t_ns: int) -> None:
        for listener in tuple(self._listeners):
            listener(t_ns)


def _times(drivers: list[Driver]) -> Iterator[Times]:
    return (driver.timeline.times for driver in drivers)


class EdgeWatch:
    """Calls `on_edge(level)` at the time of every edge of a wire, as a pin interrupt would."""

    def __init__(self, net: Net, on_edge: Callable[[int], None]) -> None:
        self._net, self._on_edge = net, on_edge
        self._seen = net.level()
        self._next: Event | None = None
        net.listen(self._replan)
        self._replan(net.world.now)

    def close(self) -> None:
        """Stop watching."""
        self._net.unlisten(self._replan)
        if self._next is not None:
            self._next.cancel()

    @property
    def level(self) -> int:
        """The level now, without asking every driver: no edge comes before the one that is planned for."""
        known = self._next is None or self._next.t_ns > self._net.world.now
        return self._seen if known else self._net.level()

    def catch_up(self) -> None:
        """Report an edge of this very moment now, rather than later within it."""
        if self._net.level() != self._seen:
            self._check()

    def _from_ns(self) -> int:
        return self._net.world.now

    def _replan(self, _from_ns: int) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        now = self._from_ns()
        if self._net.level(now) != self._seen:
            self._next = self._net.world.at(now, self._check)
            return
        edges = self._net.edges(now, self._net.horizon_ns + 1)
        if len(edges.times):
            self._next = self._net.world.at(int(edges.times[0]), self._check)

    def _check(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        level = self._net.level()
        if level != self._seen:
            self._seen = level
            self._on_edge(level)
        if self._next is None:
            self._replan(self._net.world.now)
