"""Simulated time: an event queue in integer nanoseconds, and host tasks that wait in it.

The world moves only when the host waits: a USB transfer, a sleep, a read with a deadline. Everything that
happens on the virtual bench is an event; code of the host (a test, a capture reader) runs in greenlets which
block in `wait` and `sleep_until`. Order is decided by (time, sequence), never by wall time, so one seed gives
one history however busy the machine is.
"""

import random
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from greenlet import getcurrent, greenlet

from benchctl.errors import BenchError


class Event:
    """Something due at a time; `cancel` makes it not happen."""

    __slots__ = ("_action", "t_ns")

    def __init__(self, t_ns: int, action: Callable[[], None]) -> None:
        self.t_ns = t_ns
        self._action: Callable[[], None] | None = action

    @property
    def pending(self) -> bool:
        """False once it happened or was cancelled."""
        return self._action is not None

    def cancel(self) -> None:
        """Make it not happen; harmless when it already did."""
        self._action = None


class Signal:
    """What host tasks wait on. `fire` wakes all that wait now; it is not remembered."""

    __slots__ = ("_waiting", "_world")

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: list[_Wait] = []

    def fire(self) -> None:
        """Wake every waiting task."""
        waiting, self._waiting = self._waiting, []
        for wait in waiting:
            wait.wake(fired=True)

    def _add(self, wait: "_Wait") -> None:
        self._waiting.append(wait)


class _Wait:
    """One task's wait: ends by the signal or by the deadline, whichever is first."""

    __slots__ = ("_deadline", "_over", "_world", "fired", "task")

    def __init__(self, world: "World", task: greenlet, deadline_ns: int | None) -> None:
        self._world, self.task, self.fired, self._over = world, task, False, False
        self._deadline = (
            None if deadline_ns is None else world.at(deadline_ns, lambda: self.wake(fired=False))
        )

    def abandon(self) -> None:
        """The task left by an exception: nothing may wake it into this wait again."""
        self._over = True
        if self._deadline is not None:
            self._deadline.cancel()

    def wake(self, *, fired: bool) -> None:
        if self._over:
            return
        self._over, self.fired = True, fired
        if self._deadline is not None:
            self._deadline.cancel()
        self._world._runnable.append(self.task)


Pacer = Callable[[int], bool]


class World:
    """The virtual bench's time and order of events.

    Attributes:
        now: simulated time in ns since the bench was opened.
        seed: what every random choice of the twin derives from.
        pacer: set to run against wall time: called with the time of the next event, returns True when that
            event may happen now and False when something from outside happened first.
    """

    def __init__(self, seed: int = 0) -> None:
        self.now = 0
        self.seed = seed
        self.pacer: Pacer | None = None
        self._events: list[tuple[int, int, Event]] = []
        self._sequence = count()
        self._runnable: deque[greenlet] = deque()
        self._hub = greenlet(self._run, parent=getcurrent())
        self._main = getcurrent()
        self._interrupted = False

    def random(self, purpose: str) -> random.Random:
        """A generator of its own for one purpose, so that one more draw elsewhere changes nothing here."""
        return random.Random(f"{self.seed}/{purpose}")

    def at(self, t_ns: int, action: Callable[[], None]) -> Event:
        """Let `action` happen at `t_ns` (not before now)."""
        if t_ns < self.now:
            t_ns = self.now
        event = Event(t_ns, action)
        heappush(self._events, (t_ns, next(self._sequence), event))
        return event

    def after(self, delay_ns: int, action: Callable[[], None]) -> Event:
        """Let `action` happen `delay_ns` from now."""
        return self.at(self.now + delay_ns, action)

    def wait(self, signal: Signal, deadline_ns: int | None = None) -> bool:
        """Block the calling host task until `signal` fires; False when the deadline came first."""
        wait = _Wait(self, getcurrent(), deadline_ns)
        signal._add(wait)
        self._block(wait)
        return wait.fired

    def sleep_until(self, t_ns: int) -> None:
        """Block the calling host task until `t_ns`; everything due before and at it has then happened."""
        self._block(_Wait(self, getcurrent(), t_ns))

    def spawn(self, function: Callable[[], Any]) -> greenlet:
        """Start a host task; it runs when the caller next waits."""
        task = greenlet(function, parent=self._hub)
        self._runnable.append(task)
        return task

    def interrupt(self) -> None:
        """To be called on Ctrl-C: raises KeyboardInterrupt in the main task, elsewhere once it is its turn.

        Raised in the middle of an event or of some other task, it would break that and the main task go on.
        When nothing comes of it, the second one is raised at once.
        """
        if self._interrupted or getcurrent() is self._main:
            self._interrupted = False
            raise KeyboardInterrupt
        self._interrupted = True

    def _block(self, wait: _Wait) -> None:
        if getcurrent() is self._hub:
            raise RuntimeError("an event may not wait; only host tasks do")
        try:
            self._hub.switch()
        except BaseException:
            wait.abandon()
            raise

    def _run(self) -> None:
        """The hub: let events happen until a task can run, then switch to it; for ever."""
        while True:
            while self._runnable and not self._interrupted:
                self._runnable.popleft().switch()
            try:
                if self._interrupted:
                    self._interrupted = False
                    raise KeyboardInterrupt
                self._step()
            except BaseException as error:
                self._main.throw(error)  # the hub stays where it is and goes on when somebody waits again

    def _step(self) -> None:
        events = self._events
        while events and events[0][2]._action is None:
            heappop(events)
        if not events:
            raise BenchError(
                "the virtual bench has come to a standstill: a task waits and nothing is left to happen",
                "wait with a deadline",
            )
        t_ns = events[0][0]
        if self.pacer is not None and not self.pacer(t_ns):
            return
        event = heappop(events)[2]
        self.now = t_ns
        action, event._action = event._action, None
        if action is not None:
            action()
