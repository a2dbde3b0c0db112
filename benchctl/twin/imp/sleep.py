"""Deep sleep of the virtual imp: what ends it."""

from collections.abc import Callable, Sequence

from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.reasons import SNOOZE_NS, SNOOZE_TRY_NS, WakeReason
from benchctl.twin.wires.net import EdgeWatch
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import Event


class Sleep:
    """Waits for the end of a sleep: its time, a wake pin, or the server.

    Args:
        chip: the imp.
        wake: called with the reason at the end; it cancels what is left of the sleep.
    """

    def __init__(self, chip: Chip, wake: Callable[[WakeReason], None]) -> None:
        self._chip, self._wake = chip, wake
        self._plan: Event | None = None
        self._watches: list[EdgeWatch] = []

    def deep(self, seconds: int, wake_pins: Sequence[Pad]) -> None:
        """Sleep until the time is over or a wake pin is high."""
        self._later(seconds * 10**9, lambda: self._wake(WakeReason.TIMER))
        for pad in wake_pins:
            pad.driver.set(Drive.WEAK_LOW)
            self._watches.append(EdgeWatch(pad.net, self._edge))
        if any(pad.level() for pad in wake_pins):
            self._wake(WakeReason.PIN)

    def snooze(self) -> None:
        """Sleep nine minutes, try for one, until there is a server (server-setsendtimeoutpolicy)."""
        self._later(SNOOZE_NS, self._look_for_server)

    def cancel(self) -> None:
        """Nothing ends it any more."""
        if self._plan is not None:
            self._plan.cancel()
            self._plan = None
        for watch in self._watches:
            watch.close()
        self._watches = []

    def _edge(self, level: int) -> None:
        if level:
            self._wake(WakeReason.PIN)

    def _look_for_server(self) -> None:
        if self._chip.online:
            self._wake(WakeReason.SNOOZE)
            return
        this_try = self._later(SNOOZE_TRY_NS, self.snooze)
        self._chip.online_changed.add(lambda: self._online_changed(this_try))

    def _online_changed(self, this_try: Event) -> None:
        if self._chip.online and self._plan is this_try:
            self._wake(WakeReason.SNOOZE)

    def _later(self, delay_ns: int, action: Callable[[], None]) -> Event:
        self._plan = self._chip.world.after(delay_ns, action)
        return self._plan
