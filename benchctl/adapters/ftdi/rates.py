"""The rates an FTDI chip can make: baud rates and bit-bang clocks, exact.

A chip divides its reference (12 MHz in the H series, 3 MHz otherwise) by n/8 with n = 8, 12 or 16 and up,
and a 14-bit integer part (FTDI AN_120). In bit-bang mode a pin is written and read 5 times (H series) or 16
times per baud; the 5 was found on FT4232H hardware by pyftdi's users, see its issue 353, as was that pyftdi
sets a wrong divisor below 3665 Hz.
"""

from fractions import Fraction

from benchctl.errors import UserError

CRYSTAL_PPM = 30.0
"""Tolerance of a chip's rates: that of the crystal FTDI's data sheets ask for (12 MHz ± 30 ppm)."""

_SMALLEST_FREE_N, _LARGEST_N = 16, (1 << 17) - 1
_ALLOWED_BELOW = (8, 12, 16)
_HIGH_HZ, _BASE_HZ = 12_000_000, 3_000_000
_HIGH_RATIO, _BASE_RATIO = 5, 16
_HIGH_FROM_BAUD = 1200  # pyftdi switches to the high reference here
_TOLERANCE = Fraction(3, 100)


def uart_rate(baud: int, high_speed: bool) -> tuple[Fraction, int]:
    """The baud rate nearest to a wanted one.

    Returns:
        The exact rate in bit/s, and the number to give to pyftdi's `set_baudrate` for it.

    Raises:
        UserError: it is out of range, or missed by more than 3 %.
    """
    reference = _HIGH_HZ if high_speed and baud >= _HIGH_FROM_BAUD else _BASE_HZ
    n = _divisor(reference, baud)
    rate = Fraction(8 * reference, n)
    if n > _LARGEST_N or abs(rate - baud) > _TOLERANCE * baud:
        nearest = float(Fraction(8 * reference, min(n, _LARGEST_N)))
        raise UserError(f"the adapter cannot make {baud} baud", f"the nearest it can is {nearest:.0f}")
    return rate, baud if n >= _SMALLEST_FREE_N else round(rate)


def bitbang_rate(hz: float, high_speed: bool) -> tuple[Fraction, int]:
    """The bit-bang clock nearest to a wanted one.

    Returns:
        The exact clock in Hz, and the number to give to pyftdi's `set_baudrate` for it.

    Raises:
        UserError: out of range.
    """
    reference, ratio = (_HIGH_HZ, _HIGH_RATIO) if high_speed else (_BASE_HZ, _BASE_RATIO)
    slowest, fastest = slowest_bitbang(high_speed), reference
    if not slowest <= hz <= fastest:
        raise UserError(
            f"the adapter cannot clock its pins at {hz:g} Hz", f"stay between {slowest} and {fastest} Hz"
        )
    baud = max(1, round(hz / ratio))
    n = _divisor(reference, baud)
    return Fraction(8 * reference * ratio, n), baud * ratio


def slowest_bitbang(high_speed: bool) -> int:
    """The slowest bit-bang clock, in Hz."""
    reference, ratio = (_HIGH_HZ, _HIGH_RATIO) if high_speed else (_BASE_HZ, _BASE_RATIO)
    return (8 * reference // _LARGEST_N + 1) * ratio


def _divisor(reference: int, baud: int) -> int:
    n = round(8 * reference / baud)
    if n >= _SMALLEST_FREE_N:
        return n
    return min(_ALLOWED_BELOW, key=lambda allowed: abs(Fraction(8 * reference, allowed) - baud))
