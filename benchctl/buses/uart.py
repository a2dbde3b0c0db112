"""Contract of a UART on the bench's side."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Parity(Enum):
    """Parity bit of a frame; the value is pyserial's letter."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"
    MARK = "M"
    SPACE = "S"


@dataclass(frozen=True)
class UartFormat:
    """How bytes look on the wire. `baud` in bit/s; `bits` 5 to 9; `stop` 1, 1.5 or 2."""

    baud: int
    bits: int = 8
    parity: Parity = Parity.NONE
    stop: float = 1

    @property
    def frame_bits(self) -> float:
        """Bit times of one frame, start and stop bits included."""
        return 1 + self.bits + (self.parity is not Parity.NONE) + self.stop

    @property
    def frame_ns(self) -> float:
        """Duration of one frame in ns."""
        return self.frame_bits * 1e9 / self.baud


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
    def write_gapped(self, data: bytes, gaps_us: Sequence[float] | float) -> None:
        """Send bytes with idle time after each one, exact to the adapter's pattern clock.

        `gaps_us` is the idle line time in µs between the stop bit of a byte and the start bit of the next.
        Blocks until the last stop bit is out.

        Raises:
            NotEquippedError: the adapter cannot time gaps (a kernel tty cannot).
        """

    @abstractmethod
    def drain(self, timeout_s: float = 5.0) -> None:
        """Wait until every queued byte has left the line."""

    @abstractmethod
    def read(self, count: int, timeout_s: float = 1.0) -> bytes:
        """Read exactly `count` bytes.

        Raises:
            BusTimeoutError: fewer came in `timeout_s` s of bench time; they are in `received`.
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
