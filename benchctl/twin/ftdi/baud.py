"""Baud rates as FTDI chips make them (AN232B-05, "Configuring FT232R, FT2232 and FT232B baud rates").

The divisor has 14 bits and eighths; the code of the eighths is not in their order. The values 0 and 1 mean
the divisors 1 and 1.5. The H series divides 12 MHz when bit 17 is set and 3 MHz when it is not.
"""

from fractions import Fraction
from typing import NamedTuple

from benchctl.twin.ftdi.models import Model

_EIGHTHS = (0, 4, 2, 1, 3, 5, 6, 7)
_BASE_HZ, _HIGH_HZ = 3_000_000, 12_000_000

# Bit-bang runs off the same divider before the UART's own division: by 16 from 48 MHz (AN232R-01: "16 times
# the baud rate"). From the H series' 60 MHz it is 5, as measured and used by pyftdi
# (Ftdi.BITBANG_BAUDRATE_RATIO_HIGH; confirmed on an FT4232H in pyftdi's issue 353).
_BITBANG_BASE, _BITBANG_HIGH = 16, 5


class Divider(NamedTuple):
    """A programmed divider: nominal reference in Hz, divisor in eighths, and how fast the crystal is."""

    reference_hz: int
    eighths: int
    crystal: Fraction = Fraction(1)

    @property
    def baud(self) -> Fraction:
        """UART rate, bits a second."""
        return Fraction(8 * self.reference_hz, self.eighths) * self.crystal

    @property
    def bitbang_hz(self) -> Fraction:
        """Samples a second in the bit-bang modes."""
        return self.baud * (_BITBANG_HIGH if self.reference_hz == _HIGH_HZ else _BITBANG_BASE)

    @property
    def bit_fs(self) -> int:
        """One UART bit, fs."""
        return round(10**15 / self.baud)


def decode(model: Model, value: int, index: int) -> Divider:
    """The divider set by SET_BAUDRATE's wValue and wIndex.

    Chips with several channels (and the FT232H) carry the channel in wIndex's low byte and the divisor's top
    bits in the high byte; the FT232R has the top bits in the low byte.
    """
    top = index >> 8 if model.release >= 0x0700 else index
    whole = value & 0x3FFF
    eighths = _EIGHTHS[(value >> 14) | ((top & 1) << 2)]
    if whole == 0:
        divisor = 8
    elif whole == 1 and eighths == 0:
        divisor = 12
    else:
        divisor = 8 * whole + eighths
    return Divider(_HIGH_HZ if model.high_speed and top & 2 else _BASE_HZ, divisor, model.crystal)


RESET_DIVIDER = Divider(
    _BASE_HZ, 8 * 312 + 4
)  # 9600 baud; what a chip does before it is told is not documented
