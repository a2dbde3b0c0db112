"""The sending half of an imp UART: FIFO, flow control by CTS, and the moments a program can wait for."""

from collections.abc import Callable

from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.runtime import Trigger
from benchctl.twin.wires.net import Driver, EdgeWatch
from benchctl.twin.wires.uart_line import LineFormat, UartTransmitter
from benchctl.twin.world import Event, World


class Sender:
    """Plays bytes on the TX pin; keeps them back while CTS is high (UART-CFG-05, api/uart.yaml).

    Args:
        world: simulated time.
        driver: the TX pin.
        fmt: frame format.
        size: FIFO size in bytes.
        cts: the CTS pad to obey, or None.
        on_half: called when the FIFO falls to half its size.
        on_done: called when the last stop bit is over.
    """

    def __init__(
        self,
        world: World,
        driver: Driver,
        fmt: LineFormat,
        size: int,
        cts: Pad | None,
        on_half: Callable[[], None],
        on_done: Callable[[], None],
    ) -> None:
        self._world, self._size, self._on_half, self._on_done = world, size, on_half, on_done
        self._line = UartTransmitter(driver, fmt)
        self._held = b""
        self._cts = cts
        self._watch = EdgeWatch(cts.net, self._cts_changed) if cts is not None else None
        self._half: Event | None = None
        self._done: Event | None = None
        self.moved = Trigger()

    @property
    def idle_ns(self) -> int:
        """When the last stop bit of what may be sent now ends."""
        return self._line.idle_ns

    @property
    def busy(self) -> bool:
        """True until everything is on the wire, its last stop bit included."""
        return bool(self._held) or self._done is not None

    @property
    def held(self) -> bool:
        """True while CTS keeps bytes back."""
        return bool(self._held)

    @property
    def waiting(self) -> int:
        """Bytes in the FIFO: those whose start bit is not on the line yet."""
        return len(self._held) + len(self._line.starts_after(self._world.now))

    def send(self, data: bytes) -> None:
        """Append bytes; the FIFO may hold more than its size while a write blocks."""
        if self._held or (self._cts is not None and self._cts.level()):
            self._held += data
        elif data:
            self._line.send(data)
            self._plan()

    def room_at(self, bytes_left: int) -> "int | Trigger":
        """When at most `bytes_left` bytes wait in the FIFO; a trigger while CTS decides."""
        if self._held:
            return self.moved
        starts = self._line.starts_after(self._world.now)
        return starts[-bytes_left - 1] if len(starts) > bytes_left else self._world.now

    def ignore_cts(self) -> None:
        """The CTS pin is another's now: nothing keeps bytes back."""
        if self._watch is not None:
            self._watch.close()
        self._watch = self._cts = None
        self._cts_changed(0)

    def close(self) -> bytes:
        """Stop after the frame on the line; returns what was not sent."""
        if self._watch is not None:
            self._watch.close()
        for event in (self._half, self._done):
            if event is not None:
                event.cancel()
        self._done = None
        return self._line.pause() + self._held

    def _cts_changed(self, level: int) -> None:
        if level:
            self._held = self._line.pause() + self._held
        else:
            held, self._held = self._held, b""
            if held:
                self._line.send(held)
        self._plan()
        self.moved.fire()

    def _plan(self) -> None:
        """Be there when the FIFO is half empty and when the line falls idle."""
        now = self._world.now
        if self._half is not None:
            self._half.cancel()
        if self._done is not None:
            self._done.cancel()
            self._done = None
        half = self._size // 2
        starts = self._line.starts_after(now)
        self._half = self._world.at(starts[-half - 1], self._on_half) if len(starts) > half else None
        if self._line.idle_ns > now and not self._held:
            self._done = self._world.at(self._line.idle_ns, self._finished)

    def _finished(self) -> None:
        self._done = None
        self._on_done()
        self.moved.fire()
