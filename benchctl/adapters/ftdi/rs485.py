"""RS485 on an FTDI channel: half duplex, the driver enabled by the chip's TXDEN pin or by a line."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.gpio import Gpio
from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import Received
from benchctl.errors import NotEquippedError

_D_PINS = 8


class FtdiRs485(FtdiUart):
    """`Uart` behind an RS485 transceiver.

    Args:
        chip: the open chip.
        channel: its letter.
        de: a line that enables the driver; None when the chip's own TXDEN pin does (from the start bit of
            the first byte to the stop bit of the last, to the bit).
        txden_bit: the bit of the TXDEN pin in the channel's port, None where it is not wired.
        hears_itself: whether the transceiver's receiver stays on while it drives. What was sent is then
            taken out of what is read; a byte that comes back different is reported as "collision".
    """

    def __init__(
        self,
        chip: FtdiChip,
        channel: str,
        *,
        de: Gpio | None = None,
        txden_bit: int | None = None,
        hears_itself: bool = True,
    ) -> None:
        super().__init__(chip, channel)
        self._de, self._txden_bit = de, txden_bit
        self._hears_itself = hears_itself
        self._echo = bytearray()
        if de is not None:
            de.drive(False)

    def write(self, data: bytes) -> None:
        """Send bytes; with a DE line, blocks until they are out and the bus is released again.

        A DE line is let go of by the host, some hundred µs after the last stop bit: use TXDEN where the
        other side answers at once.
        """
        if self._hears_itself:
            self._echo += data
        if self._de is None:
            super().write(data)
            return
        self._de.drive(True)
        try:
            super().write(data)
            self.drain()
        finally:
            self._de.drive(False)

    def write_pattern(self, pattern: Pattern) -> None:
        """As for a UART, with the driver enabled from the start of the pattern to its end.

        Raises:
            NotEquippedError: TXDEN is not among the pins that can play a pattern, and there is no DE line.
        """
        if self._de is not None:
            self._de.drive(True)
            try:
                super().write_pattern(pattern)
            finally:
                self._de.drive(False)
            return
        if self._txden_bit is None or self._txden_bit >= _D_PINS:
            raise NotEquippedError(
                "RS485 channel that can time gaps: its TXDEN is not on D0 to D7", "use an FT4232H"
            )
        super().write_pattern(pattern)

    def _states(self, pattern: Pattern, rate: Fraction) -> bytes:
        states = np.frombuffer(super()._states(pattern, rate), np.uint8).copy()
        if self._de is None and self._txden_bit is not None:
            states[1:-1] |= np.uint8(1 << self._txden_bit)
        return states.tobytes()

    def _pattern_outputs(self) -> int:
        txden = 1 << self._txden_bit if self._de is None and self._txden_bit is not None else 0
        return super()._pattern_outputs() | txden

    def read_chunk(self, timeout_s: float = 1.0) -> Received | None:
        """The next chunk from the bus that is not this side's own echo."""
        deadline = self._clock.deadline_ns(timeout_s)
        while True:
            chunk = super().read_chunk(max(0.0, (deadline - self._clock.now_ns()) / 1e9))
            if chunk is None or not self._echo:
                return chunk
            own, rest = chunk.data[: len(self._echo)], chunk.data[len(self._echo) :]
            clashed = own != self._echo[: len(own)]
            del self._echo[: len(own)]
            if rest or clashed:
                errors = chunk.errors | ({"collision"} if clashed else frozenset())
                return replace(chunk, data=chunk.data if clashed else rest, errors=errors)

    def discard_input(self) -> None:
        """Forget everything received so far, and what was expected to be heard back."""
        super().discard_input()
        self._echo.clear()

    def close(self) -> None:
        """Release the bus and the channel."""
        close_all([super().close, *([self._de.close] if self._de else [])])
