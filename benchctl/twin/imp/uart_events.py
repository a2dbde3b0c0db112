"""Event flags and the callback of an imp UART. Facts: api/uart.yaml; the ids in comments are its."""

from collections.abc import Callable
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.uart_receive import Flags
from benchctl.twin.imp.values import Closure

FLAGS_STAY = declare("uart-flags-stay", "r30-uart-flags-clear-on-read", "reading flags() does not clear them")
CALLBACK_BLIND = declare(
    "uart-callback-flags-zero",
    "r30-uart-callback-event-parameter",
    "with CALLBACK_WITH_FLAGS the parameter is always 0",
)


class UartEvents:
    """Collects events for flags() and brings them to the program.

    One callback is on its way at a time; what happens until it runs is added to its flags. choice: the
    callback's flags are its own, flags() still shows them (UART-FLAG-02).

    Args:
        chip: the imp.
        on_wanted: called when it changed whether reception should be reported.
        catch_up: flags of what was received since reception was last reported.

    Attributes:
        callback: the program's function, or None.
        with_flags: it gets one argument, the flags (UART-CFG-03).
    """

    def __init__(self, chip: Chip, on_wanted: Callable[[], None], catch_up: Callable[[], int]) -> None:
        self._chip, self._on_wanted, self._catch_up = chip, on_wanted, catch_up
        self.callback: Closure | None = None
        self.with_flags = False
        self._flags = 0
        self._raised = 0
        self._posted = False

    @property
    def wants_reception(self) -> bool:
        """True while the next byte received should call back."""
        return self.callback is not None and not self._posted

    def begin(self, callback: Closure | None, *, with_flags: bool) -> None:
        """The port was configured: no event yet."""
        self._chip.runtime.forget(self.callback)
        self.stop()
        self.callback, self.with_flags = callback, with_flags

    def stop(self) -> None:
        """Forget the callback and every event."""
        self.callback = None
        self._posted = False
        self._flags = self._raised = 0

    def sent(self, flag: Flags) -> None:
        """Something happened while sending. choice: without flags only reception calls back."""
        self._flags |= flag
        if self.with_flags:
            self.received(flag)

    def received(self, raised: int) -> None:
        """Call back."""
        self._raised |= raised
        if self.wants_reception and self.callback is not None:
            self._posted = True
            self._on_wanted()
            self._chip.runtime.post(self.callback, self._arguments)

    def take(self, received: int) -> int:
        """What flags() returns, given what the receiver saw; reading clears it (UART-FLAG-01)."""
        flags = self._flags | received
        self._flags = flags if self._chip.broken(FLAGS_STAY) else 0
        return flags

    def _arguments(self) -> list[Any]:
        raised, self._raised, self._posted = self._raised | self._catch_up(), 0, False
        self._on_wanted()
        if not self.with_flags:
            return []
        return [0 if self._chip.broken(CALLBACK_BLIND) else raised]
