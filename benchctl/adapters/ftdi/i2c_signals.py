"""MPSSE commands for the conditions and bytes of an I²C bus, and what their replies say.

The MPSSE clocks bits without looking at SCL. So the first bit of a byte and its acknowledgement, before
which targets stretch the clock, are made pin by pin: SCL is let go, and both lines are read before it goes
low again. SCL that is still low then was held by a target. Where SCL is wired to D5 as well the MPSSE waits
for it (command 88h), and all bits are made so.

Adaptive clocking, which pyftdi uses for this with SCL on D7, is not: after a stretch it reads the bit that
was on SDA before (pyftdi's issue 373).
"""

import math
from dataclasses import dataclass

from pyftdi.ftdi import Ftdi

from benchctl.adapters.ftdi.mpsse import Segment

SCL, SDA, SDA_IN = 0x01, 0x02, 0x04

_SHIFTED = 7
_WRITE_REST = bytes((Ftdi.WRITE_BITS_NVE_MSB, _SHIFTED - 1))
_READ_REST = bytes((Ftdi.READ_BITS_PVE_MSB, _SHIFTED - 1))
_READ_PINS = bytes((Ftdi.GET_BITS_LOW,))
_WAIT_FOR_SCL = bytes((Ftdi.WAIT_ON_HIGH,))

# One SET_BITS command takes no less than this (FTDI AN_113 repeats them four times for 600 ns).
_SET_BITS_S = 150e-9


@dataclass(frozen=True)
class _Mode:
    """Least times of a mode (UM10204), in s.

    `hold` is the longest of start hold, start set-up, stop set-up and bus free time.
    """

    fastest_hz: float
    hold: float
    low: float
    high: float


_MODES = (
    _Mode(100e3, hold=4.7e-6, low=4.7e-6, high=4.0e-6),
    _Mode(400e3, hold=1.3e-6, low=1.3e-6, high=0.6e-6),
    _Mode(1e6, hold=0.5e-6, low=0.5e-6, high=0.26e-6),
)
FASTEST_HZ = _MODES[-1].fastest_hz


class Signals:
    """Commands at one SCL rate. A condition or byte replies with the pins whenever it has let SCL go.

    Args:
        hz: SCL rate, 1 MHz at most; where SCL is waited for the bits take longer.
        waits: SCL is wired to D5.
    """

    def __init__(self, hz: float, *, waits: bool) -> None:
        mode = next(mode for mode in _MODES if hz <= mode.fastest_hz)
        self._released = _WAIT_FOR_SCL if waits else b""
        self._shifts = not waits
        self._hold = _commands(mode.hold)
        self._low = _commands(max(mode.low, 1 / hz - mode.high))
        self._high = _commands(mode.high)
        # A bit that is shifted begins and ends with a third of its time at low.
        self._rest = _commands(mode.low - 1 / (3 * hz))

    def start(self, *, repeated: bool = False) -> Segment:
        """START, or a repeated one."""
        # A repeated start comes with SCL low: SDA goes first, or this would be a stop.
        release = lines(scl=False, sda=True) * self._hold if repeated else b""
        waited = lines(scl=True, sda=True) + (self._released if repeated else b"")
        return Segment(
            release
            + waited
            + lines(scl=True, sda=True) * self._hold
            + _READ_PINS
            + lines(scl=True, sda=False) * self._hold
            + lines(scl=False, sda=False),
            1,
        )

    def stop(self) -> Segment:
        """STOP."""
        return Segment(
            lines(scl=False, sda=False) * self._hold
            + lines(scl=True, sda=False)
            + self._released
            + lines(scl=True, sda=False) * self._hold
            + _READ_PINS
            + lines(scl=True, sda=True) * self._hold,
            1,
        )

    def write(self, byte: int) -> Segment:
        """A byte, and the target's acknowledgement."""
        if not self._shifts:
            bits = [byte >> n & 1 for n in range(7, -1, -1)]
            return Segment(b"".join(self._bit(bool(bit), self._low) for bit in (*bits, 1)), 9)
        return Segment(
            self._bit(bool(byte & 0x80), self._low)
            + lines(scl=False, sda=False) * self._rest
            + _WRITE_REST
            + bytes((byte << 1 & 0xFF,))
            + self._bit(True, self._rest),
            2,
        )

    def read(self, *, last: bool) -> Segment:
        """A byte from the target, acknowledged unless it is the last."""
        if not self._shifts:
            return Segment(self._bit(True, self._low) * 8 + self._bit(last, self._low), 9)
        return Segment(
            self._bit(True, self._low)
            + lines(scl=False, sda=True) * self._rest
            + _READ_REST
            + self._bit(last, self._rest),
            3,
        )

    def pulse(self) -> Segment:
        """One clock pulse with SDA released, for a target that still sends."""
        return Segment(lines(scl=False, sda=True) * self._low + lines(scl=True, sda=True) * self._high)

    def start_and_stop(self) -> Segment:
        """START and at once STOP, which end whatever targets took part in, without a pulse to stretch."""
        return Segment(lines(scl=True, sda=False) * self._hold + lines(scl=True, sda=True) * self._hold)

    def value(self, replies: bytes) -> int:
        """The byte that a `read` replied."""
        if self._shifts:
            return _bit_of(replies[0]) << _SHIFTED | replies[1] & 0x7F
        return sum(_bit_of(pins) << 7 - n for n, pins in enumerate(replies[:8]))

    def _bit(self, level: bool, low: int) -> bytes:
        return (
            lines(scl=False, sda=level) * low
            + lines(scl=True, sda=level)
            + self._released
            + lines(scl=True, sda=level) * self._high
            + _READ_PINS
            + lines(scl=False, sda=level)
        )


def look() -> Segment:
    """Release both lines and read them."""
    return Segment(lines(scl=True, sda=True) * _commands(_MODES[0].hold) + _READ_PINS, 1)


def lines(*, scl: bool, sda: bool) -> bytes:
    """Each line low or released."""
    outputs = (0 if scl else SCL) | (0 if sda else SDA)
    return bytes((Ftdi.SET_BITS_LOW, 0, outputs))


def stretched(replies: bytes) -> bool:
    """Whether SCL was low in the first or last pins of a segment, though the bench had let it go."""
    return not replies[0] & replies[-1] & SCL


def acknowledged(replies: bytes) -> bool:
    """Whether the target acknowledged a `write`."""
    return not _bit_of(replies[-1])


def _bit_of(pins: int) -> int:
    return int(bool(pins & SDA_IN))


def _commands(seconds: float) -> int:
    """How many commands last that long for certain."""
    return max(1, math.ceil(seconds / _SET_BITS_S - 1e-9))
