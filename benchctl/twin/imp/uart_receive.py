"""The receiving half of an imp UART: FIFO, intervals, error flags and RTS."""

from collections import deque
from collections.abc import Callable
from enum import IntEnum

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import Arrival, LineError, LineFormat, UartReceiver
from benchctl.twin.world import Event

LONGEST_INTERVAL_US = 0x7FFFFF  # UART-READ-03, api/uart.yaml
RTS_SPACES = 16  # rts_deassert, api/uart.yaml

INTERVAL_WITHOUT_BYTE = declare(
    "uart-interval-without-byte",
    "r34-uart-rx-byte-timing",
    "the interval leaves out the time of the byte itself",
)
INTERVAL_COARSE = declare(
    "uart-interval-in-milliseconds",
    "r34-uart-modbus-rtu-viable",
    "intervals step in whole milliseconds, too coarse for 3.5 characters",
)
NO_ERROR_FLAGS = declare(
    "uart-error-flags-missing", "r30-uart-flags", "framing, parity and overrun errors set no flag"
)
RTS_LATE = declare(
    "uart-rts-at-full-fifo",
    "r30-uart-rts-deassert-at-16-free",
    "RTS goes inactive only when the FIFO is full",
)
RTS_DEAF = declare(
    "uart-deaf-after-rts",
    "r30-uart-flow-control-slow-senders",
    "bytes that arrive while RTS is inactive are lost",
)
DEAF_AFTER_SENDING = declare(
    "uart-deaf-after-sending",
    "r34-uart-half-duplex-external-buffer",
    "with a transmit-active pin, bytes that begin within 5 ms after sending are lost",
)


class Flags(IntEnum):
    """Event flags (event_flags, api/uart.yaml); a set of them is a plain int."""

    READ_READY = 1
    WRITE_DONE = 2
    NOISE_ERROR = 4
    FRAME_ERROR = 8
    PARITY_ERROR = 16
    OVERRUN_ERROR = 32
    LINE_IDLE = 64
    WRITE_HALF_DONE = 128


_OF_LINE = {
    LineError.NOISE: Flags.NOISE_ERROR,
    LineError.FRAMING: Flags.FRAME_ERROR,
    LineError.PARITY: Flags.PARITY_ERROR,
}


class Receiver:
    """Collects what the wire carried, when it is looked at; plans an event only where time matters.

    Args:
        chip: the imp.
        net: the RX wire.
        fmt: frame format.
        size: FIFO size in bytes.
        rts: the RTS pad, driven by this receiver (low: may send), or None.
        on_event: told the flags of newly received bytes, at their time, while `watching`.

    Attributes:
        watching: whether the next byte is to be reported through `on_event`.
        deaf_until: bytes that begin before this time are lost (a fault).
    """

    def __init__(
        self,
        chip: Chip,
        net: Net,
        fmt: LineFormat,
        size: int,
        rts: Pad | None,
        on_event: Callable[[int], None],
    ) -> None:
        self._chip, self._fmt, self._size, self._rts, self._on_event = chip, fmt, size, rts, on_event
        self.watching = False
        self.deaf_until = 0
        self._fifo: deque[tuple[int, int]] = deque()
        self._previous: Arrival | None = None
        self._enabled_ns = chip.world.now
        self._half_bit_ns = fmt.bit_fs // 2_000_000
        self._flags = 0
        self._next: Event | None = None
        self._closed = False
        # Asked here, not for every byte.
        self._without_byte = chip.broken(INTERVAL_WITHOUT_BYTE)
        self._coarse = chip.broken(INTERVAL_COARSE)
        self._rts_spaces = 0 if chip.broken(RTS_LATE) else RTS_SPACES
        self._line = UartReceiver(net, fmt, self._plan)
        self._set_rts()
        self._plan()

    def watch(self, on: bool) -> None:
        """Report the next byte, or stop reporting."""
        self.watching = on
        self._plan()

    def read(self) -> tuple[int, int] | None:
        """The oldest byte and its interval in us, or None."""
        self._collect()
        if not self._fifo:
            return None
        entry = self._fifo.popleft()
        self._after_reading()
        return entry

    def read_many(self, count: int) -> bytes:
        """Up to `count` of the oldest bytes."""
        self._collect()
        fifo = self._fifo
        data = bytes([fifo.popleft()[0] for _ in range(min(count, len(fifo)))])
        self._after_reading()
        return data

    def take_flags(self) -> int:
        """Flags raised since last asked."""
        self._collect()
        flags, self._flags = self._flags, 0
        return flags

    def preload(self, data: bytes) -> None:
        """Put bytes into the FIFO as if they had been received (a fault)."""
        self._fifo.extend((value, 0) for value in data)

    @property
    def in_flight(self) -> bool:
        """True while a frame is on the wire."""
        return bool(self._line.pending) and self._line.pending[0].start_ns <= self._chip.world.now

    def catch_up(self) -> int:
        """Flags of what has arrived and was not looked at before."""
        return self._collect()

    def release_rts(self) -> None:
        """The RTS pin is another's now."""
        self._rts = None
        self._plan()

    def close(self) -> None:
        """Stop receiving; what has arrived can still be read. Harmless when it has stopped."""
        if self._closed:
            return
        self._collect()
        self._closed = True
        self._line.close()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _collect(self) -> int:
        """Move what has arrived into the FIFO; returns the flags it raised."""
        raised = 0
        for arrival in self._line.take(self._chip.world.now):
            if arrival.start_ns >= self.deaf_until:
                raised |= self._receive(arrival)
        if raised:
            self._flags |= raised
            self._set_rts()
        return raised

    def _receive(self, arrival: Arrival) -> int:
        previous, self._previous = self._previous, arrival
        # A whole frame time of ones came before this frame's start bit.
        idle_since = self._enabled_ns if previous is None else previous.t_ns + self._half_bit_ns
        flags = Flags.LINE_IDLE if arrival.start_ns - idle_since >= self._fmt.frame_ns else 0
        # choice: there was no byte before the first one (UART-READ-06)
        interval = LONGEST_INTERVAL_US if previous is None else self._interval(previous, arrival)
        if arrival.error and not self._chip.broken(NO_ERROR_FLAGS):
            for line, flag in _OF_LINE.items():
                if arrival.error & line:
                    flags |= flag
        free = self._size - len(self._fifo)
        if free <= RTS_SPACES and self._rts is not None and self._chip.broken(RTS_DEAF):
            return flags
        if free <= 0:
            # choice: the byte that finds no room is the one that is lost (overrun_drop_policy is unknown)
            return flags if self._chip.broken(NO_ERROR_FLAGS) else flags | Flags.OVERRUN_ERROR
        self._fifo.append((arrival.value, interval))
        return flags | Flags.READ_READY

    def _interval(self, previous: Arrival, arrival: Arrival) -> int:
        """Microseconds from the previous byte's receipt to this one's (UART-READ-02, -03, -05)."""
        interval = arrival.t_ns // 1000 - previous.t_ns // 1000  # choice: a counter of whole us
        if self._without_byte:
            interval -= self._fmt.frame_ns // 1000
        if self._coarse:
            interval -= interval % 1000
        return interval if interval < LONGEST_INTERVAL_US else LONGEST_INTERVAL_US

    def _after_reading(self) -> None:
        self._set_rts()
        self._plan()

    def _set_rts(self) -> None:
        if self._rts is not None:
            # choice: RTS is active low, and active again as soon as more places are free than that
            full = self._size - len(self._fifo) <= self._rts_spaces
            self._rts.driver.set(Drive.HIGH if full else Drive.LOW)

    def _plan(self) -> None:
        """Be there when the next byte matters: for the callback, or because RTS must change."""
        pending = self._line.pending
        until_full = self._size - self._rts_spaces - len(self._fifo)
        index = 0 if self.watching else until_full - 1 if self._rts is not None and until_full > 0 else None
        due_ns = pending[index].t_ns if index is not None and index < len(pending) else None
        if self._next is not None:
            if self._next.t_ns == due_ns:
                return
            self._next.cancel()
        self._next = None if due_ns is None else self._chip.world.at(due_ns, self._arrived)

    def _arrived(self) -> None:
        self._next = None
        raised = self._collect()
        if raised and self.watching:
            self._on_event(raised)
        self._plan()
