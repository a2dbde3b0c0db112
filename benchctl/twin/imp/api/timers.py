"""Timers, sleeping and idling of `imp`. Facts: api/system.yaml, timing of api/squirrel.yaml."""

from collections.abc import Generator

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.values import FUNCTION, NUMBER, OBJECT, REAL, Closure, ObjectRef, Param, Thrown
from benchctl.twin.world import Event

TIMER = "timer"  # kind of the objects imp.wakeup() returns
_TICK_NS = 10_000_000  # t-wakeup, api/squirrel.yaml: one hundredth of a second
_LONGEST_TIMER_S = 10737418
_MICROS_WRAP_S = 2**32 / 1e6

KEEPS_CLOSURE = declare(
    "timer-keeps-closure", "r42-timer-closure-reference", "a timer's callback is never released"
)
LONG_TIMER_WRAPS = declare(
    "long-timer-wraps", "r42-timers-beyond-4294s", "a timer beyond 4294 s fires 2^32 us early"
)


class Timers(ApiObject):
    """What of `imp` has to do with time."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        self._timers: dict[int, tuple[Event, Closure]] = {}
        self._last_timer = 0
        self._on_idle: Closure | None = None

    @property
    def armed(self) -> bool:
        """A timer runs."""
        return bool(self._timers) or super().armed

    @api("wakeup", Param("interval", REAL), Param("callback", FUNCTION))
    def wakeup(self, interval: float, callback: Closure) -> ObjectRef | None:
        """Call back later; the timer object, null for an interval out of range."""
        if not 0 <= interval <= _LONGEST_TIMER_S:
            self.chip.runtime.forget(callback)
            return None
        if interval > _MICROS_WRAP_S and self.chip.broken(LONG_TIMER_WRAPS):
            interval %= _MICROS_WRAP_S
        due = self.world.now + round(interval * 1e9)
        if interval:
            # choice: timers fire at the first tick of 10 ms since boot that is not early; 0 fires at once
            due = self.chip.boot_ns - (self.chip.boot_ns - due) // _TICK_NS * _TICK_NS
        self._last_timer += 1
        number = self._last_timer
        self._timers[number] = (self.world.at(due, lambda: self._fire(number)), callback)
        return ObjectRef(TIMER, number)

    @api("cancelwakeup", Param("timer", OBJECT, nullable=True))
    def cancelwakeup(self, timer: ObjectRef | None) -> None:
        """Cancel a timer; harmless for one that has fired."""
        if timer is None or timer.path != TIMER:
            raise Thrown("expected a timer")  # choice
        event, callback = self._timers.pop(timer.id, (None, None))
        if event is not None:
            event.cancel()
            self.chip.runtime.forget(callback)

    @api("sleep", Param("sleepTime", NUMBER))
    def sleep(self, seconds: float) -> Generator[int, None, None]:
        """Block all Squirrel for exactly so long (t-sleep, api/squirrel.yaml)."""
        if seconds < 0:
            raise Thrown("bad parameter")  # choice
        return self._sleep(seconds)

    @api("onidle", Param("callback", FUNCTION, nullable=True))
    def onidle(self, callback: Closure | None) -> None:
        """Call back once, when no code is left to run. choice: once."""
        self.chip.runtime.forget(self._on_idle)
        self._on_idle = callback

    def went_quiet(self) -> None:
        """The program has nothing left to run right now."""
        callback, self._on_idle = self._on_idle, None
        if callback is not None:
            self.chip.runtime.post(callback, once=True)

    def squirrel_stopped(self) -> None:
        """No timer outlives its program."""
        super().squirrel_stopped()
        for event, _ in self._timers.values():
            event.cancel()
        self._timers.clear()
        self._on_idle = None

    def _fire(self, number: int) -> None:
        _, callback = self._timers.pop(number)
        self.chip.runtime.post(callback, once=not self.chip.broken(KEEPS_CLOSURE))

    def _sleep(self, seconds: float) -> Generator[int, None, None]:
        yield self.world.now + round(seconds * 1e9)
