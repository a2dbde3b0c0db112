"""An I²C controller on the MPSSE of an FTDI channel: SCL D0, SDA D1 and D2 joined; D5 on SCL, to wait for it.

A whole transfer, acknowledgements included, is one USB round trip. The price: bytes after one that was
refused are still clocked out; a target that refused ignores them.

SDA is released wherever a target may drive it. A target that stretches the clock is waited for where SCL is
wired to D5 too. Elsewhere it is noticed before the first bit of a byte and before its acknowledgement; within
the other seven bits SCL is driven both ways (an FT232H drives only low), and nobody looks.
"""

from collections.abc import Iterable, Iterator

from pyftdi.ftdi import Ftdi

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi import i2c_signals as signals
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.i2c_signals import FASTEST_HZ, SCL, SDA, SDA_IN, Signals
from benchctl.adapters.ftdi.mpsse import Mpsse, Segment
from benchctl.adapters.i2c_checks import ADDRESSES, require_address, require_count
from benchctl.buses.i2c import I2c, I2cNackError
from benchctl.errors import AdapterError, BusTimeoutError, NotEquippedError, UserError, WiringError

_THREE_PHASES = 1.5  # three-phase clocking makes a bit one and a half clock periods long
_RECOVERY_S = 0.1


class FtdiI2c(I2c):
    """`I2c` on one channel with an MPSSE, at 100 kHz until configured.

    Args:
        chip: the open chip.
        channel: its letter.
        waits: SCL is wired to D5 as well as to D0.
    """

    def __init__(self, chip: FtdiChip, channel: str, *, waits: bool = False) -> None:
        self._channel = chip.channel(channel)
        self._waits = waits
        try:
            self._begin()
            self.configure(100e3)
        except BaseException:
            self._channel.close()
            raise

    def configure(self, hz: float) -> float:
        """Set the SCL rate, 1 MHz at most; returns the rate really used, in Hz.

        Bits at which the bench looks at SCL take longer.
        """
        if hz > FASTEST_HZ:
            raise UserError(f"{self._channel.who} does not do I²C at {hz:g} Hz", "ask for 1 MHz or less")
        used = self._mpsse.set_clock(hz * _THREE_PHASES) / _THREE_PHASES
        self._hz = hz
        self._signals = Signals(hz, waits=self._waits)
        return used

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
        make = self._signals
        segments = [
            segment
            for address in ADDRESSES
            for segment in (make.start(), make.write(address << 1), make.stop())
        ]
        answers = self._run(segments)[1::3]
        return [
            address
            for address, answer in zip(ADDRESSES, answers, strict=True)
            if signals.acknowledged(answer)
        ]

    def close(self) -> None:
        """Release both lines and the channel."""
        if self._channel.is_open:
            close_all([self._release, self._channel.close])

    def _begin(self) -> None:
        """Enter the mode."""
        self._mpsse = Mpsse(self._channel)
        commands = bytes((Ftdi.ENABLE_CLK_3PHASE,))
        if self._channel.ftdi.has_drivezero:
            commands += bytes((Ftdi.DRIVE_ZERO, SCL | SDA, 0))
        self._mpsse.run([Segment(commands)])

    def _transfer(self, address: int, data: bytes | None, count: int) -> bytes:
        require_address(address)
        make = self._signals
        written: list[Segment] = []
        if data is not None:
            written.append(make.start())
            written += (make.write(byte) for byte in (address << 1, *data))
        if count:
            written += (make.start(repeated=data is not None), make.write(address << 1 | 1))
        read = [make.read(last=index == count - 1) for index in range(count)]
        answers = self._run([*written, *read, make.stop()])
        acks = [
            signals.acknowledged(answer)
            for segment, answer in zip(written, answers, strict=False)
            if segment.replies > 1
        ]
        if not all(acks):
            index = acks.index(False)
            # The second address, after the repeated start, is an address too.
            raise I2cNackError(address, 0 if count and index == len(acks) - 1 else index)
        return bytes(make.value(answer) for answer in answers[len(written) : -1])

    def _run(self, segments: list[Segment]) -> list[bytes]:
        """The replies of each segment.

        Raises:
            WiringError: a line is low before the transfer.
            NotEquippedError: a target stretched the clock, and this channel cannot wait.
            BusTimeoutError: it did so for longer than anything may.
        """
        looking = [signals.look()]
        if self._waits:  # a wait for a line that is stuck would not end
            self._require_idle(self._mpsse.run(looking)[0])
            looking = []
        try:
            replies = self._mpsse.run([*looking, *segments])
        except AdapterError:
            self._explain_silence()
            raise
        if looking:
            self._require_idle(replies[0])
        answers = list(_split(replies[len(looking) :], segments))
        if any(signals.stretched(answer) for answer in answers):
            self._recover()
            raise NotEquippedError(
                f"wire from SCL to D5 of {self._channel.who}, and a target stretches the clock",
                "wire D5 to SCL and add it to the net in the rig file: then the bench waits for the target",
            )
        return answers

    def _require_idle(self, pins: int) -> None:
        for line, bit in (("SCL", SCL), ("SDA", SDA_IN)):
            if not pins & bit:
                raise WiringError(
                    f"{line} of {self._channel.who} is low while the bus should be idle",
                    "check the pull-ups, and whether a target or another controller holds it",
                )

    def _explain_silence(self) -> None:
        """Start anew a chip that did not answer; if it waits for SCL, say so."""
        if not self._waits or not self._channel.is_open:
            return
        self._begin()
        self.configure(self._hz)
        if not self._mpsse.run([signals.look()])[0] & SCL:
            raise BusTimeoutError(
                f"SCL of {self._channel.who} is held low by a target and does not come back",
                "see which target it is; one that hangs needs its supply switched off and on",
            )

    def _recover(self) -> None:
        """After a transfer that went wrong in the middle: let targets finish, and bring them back to idle."""
        deadline = self._channel.clock.deadline_ns(_RECOVERY_S)
        while self._channel.clock.now_ns() < deadline:
            pins = self._mpsse.run([signals.look()])[0]
            if pins & SCL and pins & SDA_IN:
                self._mpsse.run([self._signals.start_and_stop()])
                return
            if pins & SCL:
                self._mpsse.run([self._signals.pulse()])

    def _release(self) -> None:
        self._mpsse.run([Segment(signals.lines(scl=True, sda=True))])


def _split(replies: bytes, segments: Iterable[Segment]) -> Iterator[bytes]:
    at = 0
    for segment in segments:
        yield replies[at : at + segment.replies]
        at += segment.replies
