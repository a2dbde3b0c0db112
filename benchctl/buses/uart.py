"""Contract of a UART on the bench's side."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from benchctl.buses.frame import Parity, UartFormat
from benchctl.buses.pattern import Pattern

__all__ = ["Parity", "Received", "Uart", "UartFormat"]


@dataclass(frozen=True)
class Received:
    """A run of bytes as one read of the host delivered them.

    Attributes:
        t_ns: bench time at which the host got the chunk, before anything was decoded.
        data: the bytes.
        errors: line errors the adapter reported with the chunk ("framing", "parity", "overrun", "break").
    """

    t_ns: int
    data: bytes
    errors: frozenset[str] = frozenset()


class Uart(ABC):
    """A UART of the bench, wired to the imp or to a bus. Open when constructed, closed by `close`."""

    @property
    @abstractmethod
    def format(self) -> UartFormat:
        """The format in force."""

    @property
    @abstractmethod
    def stamp_uncertainty_ns(self) -> int:
        """Expanded uncertainty (k=2) of `Received.t_ns` as the time of the chunk's last byte, in ns.

        A USB serial port cannot place a byte better than its latency timer and never claims to.
        """

    @property
    def limitations(self) -> tuple[str, ...]:
        """What this port cannot do that the contract names, for the bench's audit."""
        return ()

    @abstractmethod
    def configure(self, fmt: UartFormat) -> float:
        """Set the format; returns the baud rate the adapter really uses.

        Raises:
            UserError: the adapter cannot do this format, or misses the baud rate by more than 3 %.
        """

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Queue bytes for sending, back to back; returns before they are on the wire."""

    @abstractmethod
    def write_pattern(self, pattern: Pattern) -> None:
        """Play a pattern on the line, exact to the adapter's pattern clock; blocks until it is out.

        What arrives meanwhile is not received.

        Raises:
            NotEquippedError: the adapter cannot play patterns (a kernel tty cannot), or not at this rate.
        """

    def write_gapped(self, data: bytes, gaps_us: Sequence[float] | float) -> None:
        """Play bytes in the format in force with idle time after each one, as `write_pattern` does.

        `gaps_us` is the idle line time in µs between the stop bit of a byte and the start bit of the next:
        one number for all, or one for each byte.
        """
        self.write_pattern(Pattern().frames(data, self.format, gaps_us))

    @abstractmethod
    def drain(self, timeout_s: float = 5.0) -> None:
        """Wait until every queued byte has left the line."""

    @abstractmethod
    def read(self, count: int, timeout_s: float = 1.0) -> bytes:
        """Read exactly `count` bytes.

        Raises:
            SilenceError: fewer came in `timeout_s` s of bench time; they are in `received`.
        """

    @abstractmethod
    def read_chunk(self, timeout_s: float = 1.0) -> Received | None:
        """The next chunk as the host gets it, or None when nothing came in `timeout_s` s."""

    @abstractmethod
    def discard_input(self) -> None:
        """Forget everything received so far."""

    @abstractmethod
    def set_rts(self, asserted: bool) -> None:
        """Drive RTS (asserted = low on the wire)."""

    @abstractmethod
    def cts(self) -> bool:
        """True while CTS is asserted (low on the wire)."""

    @abstractmethod
    def set_break(self, active: bool) -> None:
        """Hold the line at space while active."""

    @abstractmethod
    def close(self) -> None:
        """Release the line and the adapter; harmless when already closed."""
