"""Digital lines on the pins of an FTDI channel.

D0 to D7 are worked in bit-bang mode. The high port (AC0 to AC7 of an FT232H, FT2232H) is only reachable
through the MPSSE, which has no pattern clock: its lines cannot make exact pulses.
"""

from abc import ABC, abstractmethod

import numpy as np
from pyftdi.ftdi import Ftdi

from benchctl.adapters.ftdi.channel import FtdiChannel
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.mpsse import Mpsse, Segment
from benchctl.adapters.ftdi.player import play
from benchctl.buses.gpio import Gpio
from benchctl.errors import NotEquippedError, UserError

_D_PINS, _MPSSE_PINS = 8, 16
_STEADY_HZ = 1_000_000
_FASTEST_PULSE_HZ = {True: 4_000_000, False: 500_000}
_LONGEST_PATTERN = 1 << 23


class FtdiPort:
    """All lines of one channel; every pin is an input until a line drives it.

    Args:
        chip: the open chip.
        channel: its letter.
        bits: the pins that will be used, as bits of the port (D0 is 0, AC0 is 8).
    """

    def __init__(self, chip: FtdiChip, channel: str, bits: tuple[int, ...]) -> None:
        self._channel = chip.channel(channel)
        try:
            self._pins = _pins_of(chip, self._channel, max(bits, default=0))
        except BaseException:
            self._channel.close()
            raise
        self._levels = 0
        self._outputs = 0

    def line(self, bit: int) -> Gpio:
        """The line on a pin."""
        return _FtdiLine(self, bit)

    def drive(self, bit: int, level: bool) -> None:
        """Drive a pin; the others stay as they are."""
        mask = 1 << bit
        self._levels = self._levels & ~mask | (mask if level else 0)
        self._outputs |= mask
        self._pins.set(self._levels, self._outputs)

    def release(self, bit: int) -> None:
        """Make a pin an input."""
        self._outputs &= ~(1 << bit)
        self._pins.set(self._levels, self._outputs)

    def read(self, bit: int) -> bool:
        """The level at a pin."""
        return bool(self._pins.get() >> bit & 1)

    def pulse(self, bit: int, level: bool, width_us: float, count: int, period_us: float) -> None:
        """Drive pulses; the pin is left driven at the other level."""
        mask = 1 << bit
        self.drive(bit, not level)
        self._pins.pulse(self._levels, self._outputs, mask, width_us, count, period_us)

    def close(self) -> None:
        """Release every line and the channel."""
        self._channel.close()


class _FtdiLine(Gpio):
    def __init__(self, port: FtdiPort, bit: int) -> None:
        self._port, self._bit = port, bit

    def drive(self, level: bool) -> None:
        self._port.drive(self._bit, level)

    def release(self) -> None:
        self._port.release(self._bit)

    def read(self) -> bool:
        return self._port.read(self._bit)

    def pulse(self, level: bool, width_us: float, *, count: int = 1, period_us: float | None = None) -> None:
        period_us = 2 * width_us if period_us is None else period_us
        if width_us <= 0 or count < 1 or (count > 1 and period_us <= width_us):
            raise UserError(
                f"{count} pulses of {width_us:g} µs every {period_us:g} µs cannot be",
                "ask for a width above 0 and a period above the width",
            )
        self._port.pulse(self._bit, level, width_us, count, period_us)

    def close(self) -> None:
        if self._port._channel.is_open:
            self.release()


class _Pins(ABC):
    """How the pins of a channel are worked in one of its modes."""

    @abstractmethod
    def set(self, levels: int, outputs: int) -> None:
        """Latch levels, then make the pins of `outputs` outputs."""

    @abstractmethod
    def get(self) -> int:
        """The levels at the pins now."""

    @abstractmethod
    def pulse(
        self, levels: int, outputs: int, mask: int, width_us: float, count: int, period_us: float
    ) -> None:
        """Invert the pins of `mask` `count` times, exact to the clock."""


class _BitbangPins(_Pins):
    def __init__(self, channel: FtdiChannel) -> None:
        self._channel = channel
        channel.bitbang(_STEADY_HZ)

    def set(self, levels: int, outputs: int) -> None:
        # The byte is on the latch a microsecond later; the request that turns the pin round comes after.
        self._channel.write(bytes((levels,)))
        self._channel.drive(outputs)

    def get(self) -> int:
        return self._channel.pins()

    def pulse(
        self, levels: int, outputs: int, mask: int, width_us: float, count: int, period_us: float
    ) -> None:
        length_s = (period_us * (count - 1) + width_us) / 1e6
        hz = min(_FASTEST_PULSE_HZ[self._channel.high_speed], _LONGEST_PATTERN / length_s)
        rate = self._channel.bitbang(hz)
        # Setting the clock passes through all inputs; `play` latches and drives again.
        starts = np.rint(np.arange(count) * float(period_us * rate) / 1e6).astype(np.int64) + 1
        width = round(float(width_us * rate) / 1e6)
        states = np.full(int(starts[-1]) + width + 1, levels, np.uint8)
        for start in starts:
            states[start : start + width] ^= np.uint8(mask)
        play(self._channel, states.tobytes(), rate, outputs)


class _MpssePins(_Pins):
    def __init__(self, channel: FtdiChannel) -> None:
        self._who = channel.who
        self._mpsse = Mpsse(channel)

    def set(self, levels: int, outputs: int) -> None:
        low = bytes((Ftdi.SET_BITS_LOW, levels & 0xFF, outputs & 0xFF))
        high = bytes((Ftdi.SET_BITS_HIGH, levels >> 8, outputs >> 8))
        self._mpsse.run([Segment(low + high)])

    def get(self) -> int:
        replies = self._mpsse.run([Segment(bytes((Ftdi.GET_BITS_LOW, Ftdi.GET_BITS_HIGH)), 2)])
        return int.from_bytes(replies, "little")

    def pulse(
        self, levels: int, outputs: int, mask: int, width_us: float, count: int, period_us: float
    ) -> None:
        raise NotEquippedError(
            f"exact pulses on {self._who}: with lines on the high port it has no pattern clock",
            "wire the line to D0 to D7 of a channel whose high port is not used",
        )


def _pins_of(chip: FtdiChip, channel: FtdiChannel, highest: int) -> _Pins:
    if highest < _D_PINS:
        return _BitbangPins(channel)
    if highest < _MPSSE_PINS and chip.kind.mpsse:
        return _MpssePins(channel)
    raise NotEquippedError(
        f"line on pin {highest} of {channel.who}: only D0 to D7 can be worked", "wire the line to one of them"
    )
