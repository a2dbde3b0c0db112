"""How bytes look on a UART's wire."""

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


def parity_bit(value: int, parity: Parity) -> bool:
    """The parity bit of a frame with that value; `parity` is not NONE."""
    odd = bool(value.bit_count() & 1)
    return {Parity.EVEN: odd, Parity.ODD: not odd, Parity.MARK: True, Parity.SPACE: False}[parity]
