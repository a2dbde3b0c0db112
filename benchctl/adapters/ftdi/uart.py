"""A UART on a channel of an FTDI chip."""

from fractions import Fraction

import numpy as np

from benchctl.adapters import stamp_jitter
from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi import rates
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.player import play
from benchctl.adapters.ftdi.receiver import Receiver
from benchctl.adapters.reading import read_exactly
from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import Received, Uart, UartFormat
from benchctl.errors import BusTimeoutError, NotEquippedError, UserError

TXD, RTS, DTR = 0x01, 0x04, 0x10

_BITS = (7, 8)
_DEFAULT = UartFormat(115_200)
_TICKS_PER_BIT = 64
_FEWEST_TICKS_PER_BIT = 8
_FASTEST_PATTERN_HZ = {True: 4_000_000, False: 500_000}
_POLL_S = 0.0002
_CHUNK_S = 1.0


class FtdiUart(Uart):
    """`Uart` on one channel: TXD D0, RXD D1, RTS D2, CTS D3.

    Args:
        chip: the open chip.
        channel: its letter.
        latency_ms: the chip's latency timer, 1 to 255 ms.
        event_char: a byte value that makes the chip send at once, such as the end of a link frame.
    """

    def __init__(
        self, chip: FtdiChip, channel: str, *, latency_ms: int = 1, event_char: int | None = None
    ) -> None:
        self._channel = chip.channel(channel)
        self._clock = self._channel.clock
        self._latency_ms = latency_ms
        self._format = _DEFAULT
        self._left: Received | None = None
        self._rts = True
        self._sent_by_ns = 0
        try:
            self._channel.uart()
            self._channel.set_latency(latency_ms)
            with self._channel.errors:
                self._channel.ftdi.set_flowctrl("")
                self._channel.ftdi.set_event_char(event_char or 0, event_char is not None)
                self._channel.ftdi.set_dtr_rts(True, True)
            self._set_format(_DEFAULT)
            self._receiver = Receiver(self._channel)
        except BaseException:
            self._channel.close()
            raise

    @property
    def format(self) -> UartFormat:
        """The format in force."""
        return self._format

    @property
    def stamp_uncertainty_ns(self) -> int:
        """Of the chunk taken last: latency timer, USB frame, how long nobody looked, the host's jitter."""
        return (
            self._latency_ms * 1_000_000
            + self._channel.frame_ns
            + self._receiver.gap_ns
            + stamp_jitter.ALLOWED_NS
        )

    def configure(self, fmt: UartFormat) -> float:
        """Set the format; returns the baud rate really used."""
        baud = self._set_format(fmt)
        self._receiver.set_frame_time(fmt.frame_ns)
        return baud

    def _set_format(self, fmt: UartFormat) -> float:
        if fmt.bits not in _BITS:
            raise UserError(f"{self._channel.who} has no {fmt.bits}-bit frames", "use 7 or 8 bits")
        if fmt.stop not in (1, 1.5, 2):
            raise UserError(f"{self._channel.who} has no {fmt.stop} stop bits", "use 1, 1.5 or 2")
        rate, request = rates.uart_rate(fmt.baud, self._channel.high_speed)
        with self._channel.errors:
            self._channel.ftdi.set_baudrate(request)
            self._channel.ftdi.set_line_property(fmt.bits, fmt.stop, fmt.parity.value)
            # Large writes go in pieces that the line takes well within a USB transfer's time.
            piece = int(_CHUNK_S * 1e9 / fmt.frame_ns)
            self._channel.ftdi.write_data_set_chunksize(max(64, min(piece, 1 << 14)))
        self._format = fmt
        return float(rate)

    def write(self, data: bytes) -> None:
        """Hand bytes to the chip; blocks only while its buffer is full."""
        start = max(self._sent_by_ns, self._clock.now_ns())
        self._channel.write(data)
        self._sent_by_ns = start + round(len(data) * self._format.frame_ns)

    def write_pattern(self, pattern: Pattern) -> None:
        """Play a pattern on TXD in bit-bang mode, then be a UART again; RTS and DTR stay as they are.

        Blocks until the pattern is out and the channel receives again, about 1 ms after its end. What
        arrives in between is not received. The edges lie within half a tick of the pattern clock, which has
        64 ticks per bit, fewer above 62.5 kBd (H series) or 7.8 kBd.

        Raises:
            NotEquippedError: the pattern clock is too slow for the baud rate.
            AdapterError: the pattern came out with gaps, because USB was too slow.
        """
        hz = min(_TICKS_PER_BIT * self._format.baud, _FASTEST_PATTERN_HZ[self._channel.high_speed])
        if hz < _FEWEST_TICKS_PER_BIT * self._format.baud:
            raise NotEquippedError(
                f"pattern clock for {self._format.baud} baud on {self._channel.who}", "use a lower baud rate"
            )
        hz = max(hz, rates.slowest_bitbang(self._channel.high_speed))
        self.drain()
        with self._receiver.held():
            try:
                rate = self._channel.bitbang(hz, low=(RTS if self._rts else 0) | DTR)
                play(self._channel, self._states(pattern, rate), rate, self._pattern_outputs())
            finally:
                self._channel.uart()
                self._set_format(self._format)

    def _pattern_outputs(self) -> int:
        return TXD | RTS | DTR

    def _states(self, pattern: Pattern, rate: Fraction) -> bytes:
        held = 0 if self._rts else RTS
        return (pattern.samples(rate) * np.uint8(TXD) | np.uint8(held)).tobytes()

    def drain(self, timeout_s: float = 5.0) -> None:
        """Wait until the chip has sent everything."""
        deadline = max(self._sent_by_ns, self._clock.now_ns()) + round(timeout_s * 1e9)
        while not self._channel.idle():
            now = self._clock.now_ns()
            if now >= deadline:
                raise BusTimeoutError(
                    f"{self._channel.who} did not finish sending", "is CTS holding it back?"
                )
            self._clock.sleep(max(_POLL_S, (self._sent_by_ns - now) / 1e9))

    def read(self, count: int, timeout_s: float = 1.0) -> bytes:
        """Read exactly `count` bytes."""
        data, left = read_exactly(self._clock, self.read_chunk, count, timeout_s, self._channel.who)
        if left is not None:
            self._left = left
        return data

    def read_chunk(self, timeout_s: float = 1.0) -> Received | None:
        """The next chunk, or what `read` left of the last one."""
        chunk, self._left = self._left, None
        return chunk or self._receiver.take(timeout_s)

    def discard_input(self) -> None:
        """Forget everything received so far."""
        self._receiver.discard()
        self._left = None

    def set_rts(self, asserted: bool) -> None:
        """Drive RTS (asserted = low)."""
        self._rts = asserted
        with self._channel.errors:
            self._channel.ftdi.set_rts(asserted)

    def cts(self) -> bool:
        """True while CTS is asserted (low)."""
        with self._channel.errors:
            return bool(self._channel.ftdi.get_cts())

    def set_flow_control(self, on: bool) -> None:
        """Let the chip work RTS and CTS by itself, or leave them to `set_rts` and `cts`."""
        with self._channel.errors:
            self._channel.ftdi.set_flowctrl("hw" if on else "")
            if not on:
                self._channel.ftdi.set_rts(self._rts)

    def set_break(self, active: bool) -> None:
        """Hold TXD at space while active."""
        with self._channel.errors:
            self._channel.ftdi.set_break(active)

    def close(self) -> None:
        """Stop receiving and put the channel into high impedance."""
        if self._channel.is_open:
            close_all([self._receiver.stop, self._channel.close])
