"""hardware.uart...: serial ports. Facts: api/uart.yaml; the ids in comments are its."""

from collections.abc import Generator

from benchctl.dut.modules.buses import Uart
from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, api
from benchctl.twin.imp.api.pin import pin_of
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import CONTROL, PARITY
from benchctl.twin.imp.runtime import NATIVE_NS, Trigger
from benchctl.twin.imp.txactive import TransmitActive
from benchctl.twin.imp.uart_clock import uart_clock
from benchctl.twin.imp.uart_port import DEFAULT_FIFO, SerialPort
from benchctl.twin.imp.uart_receive import LONGEST_INTERVAL_US
from benchctl.twin.imp.values import (
    ANY,
    FUNCTION,
    INTEGER,
    OBJECT,
    Blob,
    Closure,
    ObjectRef,
    Param,
    Thrown,
    as_bytes,
    as_string,
)  # fmt: skip
from benchctl.twin.wires.uart_line import LineFormat, UartReceiver

_LONGEST_POST_US = 5000  # UART-TXA-E1
_DATA_BITS = (7, 8)
_EARLY_BIT_FS = 8_680_555_556  # 115200 bit/s

TIMING_ALWAYS = declare(
    "uart-timing-always-on", "r34-uart-timing-enabled-flag", "read() carries intervals without TIMING_ENABLED"
)
TIMING_OVERLAPS = declare(
    "uart-timing-overlaps-data",
    "r34-uart-timing-via-read-compatible",
    "the interval starts at bit 7 and damages the data byte",
)
ACTIVE_IGNORED = declare(
    "uart-txactive-without-effect",
    "r34-uart-improvements-all-modules",
    "settxactive() returns but the pin never moves",
)
CUT_AT_NUL = declare(
    "uart-readstring-cut-at-nul",
    "r30-uart-readblob-readstring",
    "readstring() loses what follows a zero byte",
)
RATE_ECHOED = declare(
    "uart-configure-echoes-request",
    "r30-uart-configure-returns-actual-rate",
    "configure() returns the rate asked for, not the one in use",
)
FLUSH_SHORT = declare(
    "uart-flush-short-when-slow",
    "r30-uart-flush-low-baud",
    "at 2400 bit/s or less flush() returns with the last frame still on the line",
)
FLUSH_HANGS = declare(
    "uart-flush-hangs", "r30-uart-flush-never-hangs", "about one flush() in thirty never returns"
)
RECONFIGURE_CRASHES = declare(
    "uart-reconfigure-crashes",
    "r42-uart-reconfigure-running-crash",
    "about one configure() in ten of a port that is receiving crashes the imp",
)
CONFIGURE_CRASHES = declare(
    "uart-configure-crashes-under-load",
    "r42-imp005-uart-config-interrupt-load",
    "about one configure() in ten crashes the imp while callbacks wait to run",
    ["imp005"],
)
READS_EARLY = declare(
    "uart-reads-before-configure",
    "r42-imp005-uart-read-before-configure",
    "bytes that arrived before the port was first configured are read after it",
    ["imp005"],
)
ONE_STOP_BIT = declare(
    "uart-one-stop-bit", "r30-bus-changes-enable-dmx-rs485", "two stop bits are sent as one"
)


class UartPort(ApiObject):
    """One serial port."""

    def __init__(self, chip: Chip, path: str, uart: Uart) -> None:
        super().__init__(chip, path)
        self._uart = uart
        self._clock = uart_clock(chip.module.name, uart)
        self._port = SerialPort(chip, path, uart)
        self._control = 0
        self._rate = 0
        self._chance = chip.random(path)
        self._early: UartReceiver | None = None

    @property
    def armed(self) -> bool:
        """A callback may still come."""
        return self._port.events.callback is not None

    @api(
        "configure",
        Param("baudRate", INTEGER),
        Param("wordSize", INTEGER),
        Param("parity", INTEGER),
        Param("stopBits", INTEGER),
        Param("flags", INTEGER, 0),
        Param("callback", FUNCTION, None),
    )
    def configure(
        self, baud: int, bits: int, parity: int, stops: int, control: int, callback: Closure | None
    ) -> int | None:
        """Set the format and enable the port; the rate in use (UART-CFG-01, -02).

        choice: control flags that do not exist are ignored.
        """
        if baud <= 0 or bits not in _DATA_BITS or parity not in PARITY.values() or stops not in (1, 2):
            raise Thrown("bad uart configuration")  # choice: UART-CFG-E1
        self._crash_perhaps()
        divisor = self._clock.divisor(baud)
        self._rate = self._clock.rate(divisor)
        half_stops = 2 if self.chip.broken(ONE_STOP_BIT) else 2 * stops
        letter = {PARITY["PARITY_EVEN"]: "E", PARITY["PARITY_ODD"]: "O"}.get(parity, "N")
        early = self._taken_early()
        self._control = control
        self._port.events.begin(callback, with_flags=bool(control & CONTROL["CALLBACK_WITH_FLAGS"]))
        self._port.open(LineFormat(self._clock.bit_fs(divisor), bits, letter, half_stops), control)
        if self._port.receiver is not None and self.chip.broken(READS_EARLY):
            self._port.receiver.preload(early)
        if not self.chip.release.since(30):
            return None
        return baud if self.chip.broken(RATE_ECHOED) else self._rate

    @api("read")
    def read(self) -> int:
        """One byte, with its interval when TIMING_ENABLED; -1 when there is none (UART-READ-01, -02)."""
        receiver = self._port.receiver
        entry = receiver.read() if receiver is not None else None
        if entry is None:
            return -1  # choice: also on a port that was not configured
        value, interval = entry
        timing = self._control & CONTROL["TIMING_ENABLED"] and self.chip.release.since(34)
        if not timing and not self.chip.broken(TIMING_ALWAYS):
            return value
        if self.chip.broken(TIMING_OVERLAPS):
            return value | (interval & LONGEST_INTERVAL_US) << 7
        return value | interval << 8

    @api("readblob", Param("numberOfBytes", INTEGER, None), since=(30, 0))
    def readblob(self, count: int | None) -> Blob:
        """Everything that waits, at most `count` bytes, as a blob."""
        return Blob(self._read_many(count))

    @api("readstring", Param("numberOfChars", INTEGER, None), since=(30, 0))
    def readstring(self, count: int | None) -> str:
        """Everything that waits, at most `count` bytes, as a string."""
        data = self._read_many(count)
        return as_string(data.split(b"\0")[0] if self.chip.broken(CUT_AT_NUL) else data)

    @api("write", Param("dataToWrite", ANY))
    def write(self, data: int | str | Blob) -> Generator[int | Trigger, None, None]:
        """Send; blocks until all of it is in the FIFO (UART-WRITE-01)."""
        if isinstance(data, bool) or not isinstance(data, int | str | Blob):
            raise Thrown("data must be an integer, string or blob")  # choice
        if not self._port.is_open:
            raise Thrown("uart not configured")  # choice: UART-WRITE-05; the next is of the same kind
        if self._port.sender is None:
            raise Thrown("uart has no transmitter")
        # choice: the low eight bits of an integer are sent (UART-WRITE-04)
        raw = bytes([data & 0xFF]) if isinstance(data, int) else as_bytes(data)
        return self._port.transmit(self._port.sender, raw)

    @api("flush")
    def flush(self) -> Generator[int | Trigger, None, None]:
        """Block until the last stop bit is over (UART-FLUSH-01)."""
        sender = self._port.sender
        if sender is None:
            return
        if self.chip.broken(FLUSH_HANGS) and self._chance.randrange(30) == 0:
            yield Trigger()
        if self.chip.broken(FLUSH_SHORT) and self._rate <= 2400:
            while sender.waiting:
                yield sender.room_at(0)
            return
        waited = sender.busy
        while sender.busy:
            yield sender.moved
        if waited:
            yield self.world.now + NATIVE_NS  # choice: how soon after the last stop bit flush() returns

    @api("disable")
    def disable(self) -> None:
        """Stop and give the pins back (UART-DIS-01)."""
        self._port.events.begin(None, with_flags=False)
        self._port.close()

    @api("flags", since=(30, 0))
    def flags(self) -> int:
        """Events since last asked; reading clears them (UART-FLAG-01)."""
        return self._port.take_flags()

    @api("setrxfifosize", Param("newInputFifoSize", INTEGER), since=(32, 0))
    def setrxfifosize(self, size: int) -> None:
        """Set the receive FIFO's size, while disabled."""
        self._set_fifo("rx", size)

    @api("settxfifosize", Param("newOutputFifoSize", INTEGER), since=(32, 0))
    def settxfifosize(self, size: int) -> None:
        """Set the transmit FIFO's size, while disabled."""
        self._set_fifo("tx", size)

    @api(
        "settxactive",
        Param("pin", OBJECT, nullable=True),
        Param("polarity", INTEGER),
        Param("preDelay", INTEGER, 2),
        Param("postDelay", INTEGER, 2),
        since=(34, 0),
    )
    def settxactive(self, pin: ObjectRef | None, polarity: int, pre_us: int, post_us: int) -> None:
        """Drive a pin while transmitting.

        choice: null takes it off; it outlives configure() (UART-TXA-06, -07).
        choice: a polarity that is not 0 means high, a delay below 0 none, and any pre-delay goes.
        """
        if self._uart.tx is None:
            raise Thrown("uart has no transmitter")
        if post_us > _LONGEST_POST_US:
            raise Thrown("postdelay > 5ms: settxactive(pin, polarity, preDelay, postDelay)")
        pad = pin_of(self.chip, pin) if pin is not None else None
        self._port.announce(None)
        if pad is not None and not self.chip.broken(ACTIVE_IGNORED):
            delays_us = max(pre_us, 0), max(post_us, 0)
            self._port.announce(TransmitActive(self.chip, pad, int(polarity != 0), *delays_us))

    def squirrel_stopped(self) -> None:
        """choice: a program's end disables its UARTs.

        FIFO sizes survive it (limit-uart-fifo-sizes-survive-reload).
        """
        self._port.events.stop()
        self._port.announce(None)
        self._port.close()

    def started(self) -> None:
        """impOS has booted: a broken one receives from now on."""
        if self.chip.broken(READS_EARLY) and self._uart.rx is not None and self._early is None:
            net = self.chip.pads[self._uart.rx].net
            self._early = UartReceiver(net, LineFormat(_EARLY_BIT_FS), lambda: None)

    def _read_many(self, count: int | None) -> bytes:
        receiver = self._port.receiver
        if receiver is None:
            return b""
        # choice: TIMING_ENABLED does not change what readblob() and readstring() return (UART-READ-07)
        # choice: less than one byte is none
        limit = self._port.fifo("rx") if count is None else max(count, 0)
        return receiver.read_many(limit)

    def _set_fifo(self, which: str, size: int) -> None:
        if self._port.is_open:
            raise Thrown("uart is configured")  # UART-RXF-E1, UART-TXF-E1; the text is a choice
        if size > self.chip.memory_free():
            raise Thrown("not enough memory")
        least = 80 if self.chip.module.name == "imp005" else 20
        self._port.set_fifo(which, max(size, least))  # choice: clamped (UART-RXF-E3)

    def _crash_perhaps(self) -> None:
        receiver = self._port.receiver
        receiving = receiver is not None and receiver.in_flight
        crashes = (receiving and self.chip.broken(RECONFIGURE_CRASHES)) or (
            self.chip.runtime.callbacks_waiting and self.chip.broken(CONFIGURE_CRASHES)
        )
        if crashes and self._chance.randrange(10) == 0:
            self.chip.crash()

    def _taken_early(self) -> bytes:
        early, self._early = self._early, None
        if early is None:
            return b""
        data = bytes(arrival.value & 0xFF for arrival in early.take(self.world.now))
        early.close()
        return data[-DEFAULT_FIFO:]
