"""An I²C controller on the MPSSE of an FTDI channel: SCL D0, SDA D1 and D2 joined.

A whole transfer, acknowledgements included, is one USB round trip. The price: bytes after one that was
refused are still clocked out; a target that refused ignores them.

SDA is released wherever a target may drive it. SCL is driven both ways while a transfer runs (an FT232H
drives only low), so a target that stretches the clock is not waited for.
"""

from collections.abc import Iterable
from itertools import chain

from pyftdi.ftdi import Ftdi

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.mpsse import Mpsse, Segment
from benchctl.adapters.i2c_checks import ADDRESSES, require_address, require_count
from benchctl.buses.i2c import I2c, I2cNackError
from benchctl.errors import UserError, WiringError

SCL, SDA, SDA_IN = 0x01, 0x02, 0x04

_WRITE_BYTE = bytes((Ftdi.WRITE_BYTES_NVE_MSB, 0, 0))
_WRITE_BIT = Ftdi.WRITE_BITS_NVE_MSB
_READ_BYTE = bytes((Ftdi.READ_BYTES_PVE_MSB, 0, 0))
_READ_BIT = bytes((Ftdi.READ_BITS_PVE_MSB, 0))
_ACK, _NACK = 0x00, 0xFF
_READ_PINS = bytes((Ftdi.GET_BITS_LOW,))

_THREE_PHASES = 1.5  # three-phase clocking makes a bit one and a half clock periods long
_FASTEST_HZ = 1e6
# One SET_BITS command takes no less than this (FTDI AN_113 repeats them four times for 600 ns).
_SET_BITS_S = 150e-9
# Longest of start hold, start set-up, stop set-up and bus free time of each I²C mode, by its fastest SCL.
_HOLD_S = ((100e3, 4.7e-6), (400e3, 1.3e-6), (_FASTEST_HZ, 0.5e-6))


class FtdiI2c(I2c):
    """`I2c` on one channel with an MPSSE, at 100 kHz until configured.

    Args:
        chip: the open chip.
        channel: its letter.
    """

    def __init__(self, chip: FtdiChip, channel: str) -> None:
        self._channel = chip.channel(channel)
        try:
            self._mpsse = Mpsse(self._channel)
            commands = bytes((Ftdi.ENABLE_CLK_3PHASE,))
            if self._channel.ftdi.has_drivezero:
                commands += bytes((Ftdi.DRIVE_ZERO, SCL | SDA, 0))
            self._mpsse.run([Segment(commands)])
            self.configure(100e3)
        except BaseException:
            self._channel.close()
            raise

    def configure(self, hz: float) -> float:
        """Set the SCL rate, 1 MHz at most; returns the rate really used, in Hz."""
        if hz > _FASTEST_HZ:
            raise UserError(f"{self._channel.who} does not do I²C at {hz:g} Hz", "ask for 1 MHz or less")
        hold_s = next(hold for fastest, hold in _HOLD_S if hz <= fastest)
        self._hold = round(hold_s / _SET_BITS_S) + 1
        return self._mpsse.set_clock(hz * _THREE_PHASES) / _THREE_PHASES

    def write(self, address: int, data: bytes) -> None:
        """Write `data`; empty data probes the address."""
        self._transfer(address, data, 0)

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes."""
        if count < 1:
            raise UserError(
                "an I²C read is of one byte or more", "use write with no data to probe an address"
            )
        return self._transfer(address, None, count)

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write, repeated start, read."""
        return self._transfer(address, data, require_count(count))

    def scan(self) -> list[int]:
        """Addresses that acknowledge, all probed in one go."""
        probes = ((self._start(), self._write_byte(address << 1), self._stop()) for address in ADDRESSES)
        acks = self._run(chain.from_iterable(probes))
        return [address for address, ack in zip(ADDRESSES, acks, strict=True) if not ack & 1]

    def close(self) -> None:
        """Release both lines and the channel."""
        if self._channel.is_open:
            close_all([self._release, self._channel.close])

    def _transfer(self, address: int, data: bytes | None, count: int) -> bytes:
        require_address(address)
        segments: list[Segment] = []
        if data is not None:
            segments.append(self._start())
            segments += (self._write_byte(byte) for byte in (address << 1, *data))
        if count:
            segments += (self._start(repeated=data is not None), self._write_byte(address << 1 | 1))
            segments += (self._read_byte(last=index == count - 1) for index in range(count))
        segments.append(self._stop())
        replies = self._run(segments)
        acks = replies[: len(replies) - count]
        for index, ack in enumerate(acks):
            if ack & 1:
                # The second address, after the repeated start, is an address too.
                raise I2cNackError(address, 0 if count and index == len(acks) - 1 else index)
        return replies[len(acks) :]

    def _run(self, segments: Iterable[Segment]) -> bytes:
        look = Segment(self._lines(scl=True, sda=True) * self._hold + _READ_PINS, 1)
        replies = self._mpsse.run(chain((look,), segments))
        for line, bit in (("SCL", SCL), ("SDA", SDA_IN)):
            if not replies[0] & bit:
                raise WiringError(
                    f"{line} of {self._channel.who} is low while the bus should be idle",
                    "check the pull-ups, and whether a target or another controller holds it",
                )
        return replies[1:]

    def _release(self) -> None:
        self._mpsse.run([Segment(self._lines(scl=True, sda=True))])

    def _lines(self, *, scl: bool, sda: bool) -> bytes:
        """Each line low or released."""
        outputs = (0 if scl else SCL) | (0 if sda else SDA)
        return bytes((Ftdi.SET_BITS_LOW, 0, outputs))

    def _start(self, *, repeated: bool = False) -> Segment:
        # A repeated start comes with SCL low: SDA goes first, or this would be a stop.
        release = self._lines(scl=False, sda=True) * self._hold if repeated else b""
        return Segment(
            release
            + self._lines(scl=True, sda=True) * self._hold
            + self._lines(scl=True, sda=False) * self._hold
            + self._lines(scl=False, sda=False)
        )

    def _stop(self) -> Segment:
        return Segment(
            self._lines(scl=False, sda=False) * self._hold
            + self._lines(scl=True, sda=False) * self._hold
            + self._lines(scl=True, sda=True) * self._hold
        )

    def _write_byte(self, byte: int) -> Segment:
        return Segment(
            self._lines(scl=False, sda=False)
            + _WRITE_BYTE
            + bytes((byte,))
            + self._lines(scl=False, sda=True)
            + _READ_BIT,
            1,
        )

    def _read_byte(self, *, last: bool) -> Segment:
        acknowledge = self._lines(scl=False, sda=last) + bytes((_WRITE_BIT, 0, _NACK if last else _ACK))
        return Segment(self._lines(scl=False, sda=True) + _READ_BYTE + acknowledge, 1)
