"""What a channel's modes have in common: bytes from the host, bytes for the host, and back-pressure."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from benchctl.twin.ftdi.models import Model
from benchctl.twin.ftdi.pins import PinBank
from benchctl.twin.world import World

Changed = Callable[[], None]


class Engine(ABC):
    """A channel in one of its modes.

    Args:
        world: simulated time.
        model: the chip.
        pins: the channel's pins.
        changed: called when what `space_ns`, `full_ns` or `flush_ns` said no longer holds.
    """

    def __init__(self, world: World, model: Model, pins: PinBank, changed: Changed) -> None:
        self.world, self.model, self.pins, self.changed = world, model, pins, changed

    @abstractmethod
    def write(self, data: bytes) -> int:
        """Take bytes from the host into the FIFO; returns how many fit (whole packets, or all)."""

    @abstractmethod
    def space_ns(self, count: int) -> int | None:
        """When the FIFO will have room for `count` bytes, as far as that is known now."""

    @abstractmethod
    def available(self) -> int:
        """Bytes for the host that are ready now."""

    @abstractmethod
    def full_ns(self, count: int) -> int | None:
        """When `count` bytes will be (or, where known, were) ready; None while they are not coming."""

    def extend(self, count: int) -> bool:
        """A host transfer takes `count` more bytes as they come: room beyond the FIFO, until told otherwise.

        Returns False when the mode does not use it.
        """
        return False

    def flush_ns(self) -> int | None:
        """When a short packet must go at once; None when nothing asks for it."""
        return None

    @abstractmethod
    def take(self, count: int) -> bytes:
        """Remove bytes that are ready."""

    @abstractmethod
    def purge_out(self) -> None:
        """Drop bytes from the host that have not reached the pins."""

    @abstractmethod
    def purge_in(self) -> None:
        """Drop bytes for the host."""

    def modem_status(self) -> int:
        """High nibble of the first status byte: CTS, DSR, RI, RLSD."""
        return 0

    @abstractmethod
    def line_status(self) -> int:
        """The second status byte; error bits are cleared by reading."""

    @abstractmethod
    def close(self) -> None:
        """Leave the mode: let go of every pin."""

    def fitting(self, data: bytes, room: int) -> int:
        """How much of `data` goes into `room`: all of it, or whole packets."""
        return len(data) if len(data) <= room else room - room % self.model.packet


# Second status byte (ftdi_sio.h, after the 16550's line status register).
OVERRUN, PARITY, FRAMING, BREAK = 0x02, 0x04, 0x08, 0x10
TX_HOLDING_EMPTY, TX_EMPTY = 0x20, 0x40
