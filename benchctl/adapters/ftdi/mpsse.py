"""The MPSSE of a channel: command buffers in, replies out, as few USB round trips as the chip allows.

A chip that cannot pass its replies on stops taking commands, and a host that only writes would then wait for
ever. So a batch is written when either its commands fit the chip's command buffer whatever happens, or the
replies still owed fit its reply buffer; otherwise replies are read first.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from pyftdi.ftdi import Ftdi

from benchctl.adapters.ftdi.channel import FtdiChannel
from benchctl.adapters.ftdi.packets import transfer_size
from benchctl.errors import AdapterError, UserError

_FAST_HZ, _SLOW_HZ = 30_000_000, 6_000_000
_DIVISORS = 1 << 16
_LARGEST_TRANSFER = 1 << 18
_LATENCY_MS = 1
_PATIENCE_S = 1.0
_LARGEST_WRITE = 1 << 16
_LONGEST_WRITE_S = 1.0
_BITS = 8
_BAD_COMMAND, _BAD_COMMAND_ECHO = 0xAB, 0xFA


@dataclass(frozen=True)
class Segment:
    """MPSSE commands and the number of reply bytes they make."""

    commands: bytes
    replies: int = 0


class Mpsse:
    """A channel in MPSSE mode, all pins inputs until told otherwise.

    Raises:
        AdapterError: the channel does not answer as an MPSSE does.
    """

    def __init__(self, channel: FtdiChannel) -> None:
        self.channel = channel
        self._clock = channel.clock
        self._commands_room = channel.fifo[0] - 1  # one byte is for SEND_IMMEDIATE
        self._replies_room = channel.fifo[1]
        self._patience_s = _PATIENCE_S
        channel.set_latency(_LATENCY_MS)
        channel.mpsse()
        self._synchronise()
        self.run([Segment(bytes((Ftdi.LOOPBACK_END, Ftdi.DISABLE_CLK_ADAPTIVE, Ftdi.DISABLE_CLK_3PHASE)))])

    def set_clock(self, hz: float) -> float:
        """Set the clock to the fastest the chip can make that is not above `hz`; returns it, in Hz.

        Raises:
            UserError: `hz` is below the slowest, or no rate at all.
        """
        slowest = _SLOW_HZ / _DIVISORS
        if not slowest <= hz < inf:
            raise UserError(
                f"{self.channel.who} cannot clock at {hz:g} Hz", f"ask for {slowest:.0f} Hz or more"
            )
        base = _FAST_HZ if hz * _DIVISORS >= _FAST_HZ else _SLOW_HZ
        with self.channel.errors:
            used = float(self.channel.ftdi.set_frequency(base / max(1, -int(-base // hz))))
        self._allow_for(used)
        return used

    def _allow_for(self, hz: float) -> None:
        """Wait for as long as a full command buffer takes, and write no more at once than USB waits for."""
        self._patience_s = _PATIENCE_S + self._commands_room * _BITS / hz
        piece = int(hz / _BITS * _LONGEST_WRITE_S)
        self.channel.ftdi.write_data_set_chunksize(max(1, min(_LARGEST_WRITE, piece)))

    def run(self, segments: Iterable[Segment]) -> bytes:
        """Execute segments in order; returns all their replies.

        Each segment either makes no more replies than the chip's reply buffer holds, or its commands fit
        the command buffer.

        Raises:
            AdapterError: fewer replies came than the commands make.
        """
        replies = bytearray()
        owed: deque[tuple[int, int]] = deque()  # (command bytes, replies) of batches not answered yet
        for batch in self._batches(segments):
            while owed and not self._may_write(batch, owed):
                self._collect(replies, owed.popleft()[1])
            self.channel.write(batch.commands)
            owed.append((len(batch.commands), batch.replies))
        self._collect(replies, sum(count for _, count in owed))
        return bytes(replies)

    def _batches(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """Join segments as long as one USB write can carry them."""
        commands, count = bytearray(), 0
        for segment in segments:
            joined = len(commands) + len(segment.commands), count + segment.replies
            if commands and not self._fits(*joined):
                yield self._batch(commands, count)
                commands, count = bytearray(), 0
            commands += segment.commands
            count += segment.replies
        if commands:
            yield self._batch(commands, count)

    def _batch(self, commands: bytearray, count: int) -> Segment:
        return Segment(bytes(commands) + (bytes((Ftdi.SEND_IMMEDIATE,)) if count else b""), count)

    def _fits(self, commands: int, replies: int) -> bool:
        return replies <= self._replies_room or commands <= self._commands_room

    def _may_write(self, batch: Segment, owed: deque[tuple[int, int]]) -> bool:
        commands = len(batch.commands) + sum(size for size, _ in owed)
        replies = batch.replies + sum(count for _, count in owed)
        return self._fits(commands, replies)

    def _collect(self, replies: bytearray, count: int) -> None:
        """Read `count` more replies; gives up when none came for too long."""
        wanted = len(replies) + count
        deadline = self._clock.deadline_ns(self._patience_s)
        while len(replies) < wanted:
            size = min(_LARGEST_TRANSFER, transfer_size(wanted - len(replies), self.channel.packet_size))
            data = self.channel.read_data(size).data
            replies += data
            if data:
                deadline = self._clock.deadline_ns(self._patience_s)
            elif self._clock.now_ns() > deadline:
                missing = wanted - len(replies)
                raise AdapterError(
                    f"{self.channel.who} returned {count - missing} of {count} bytes it clocked",
                    "unplug it and plug it in again; if it happens again, try another USB port",
                )
        if len(replies) > wanted:
            raise AdapterError(
                f"{self.channel.who} returned {len(replies) - wanted} bytes more than it clocked: it refused "
                f"a command ({bytes(replies[wanted:][:8]).hex(' ')})",
                "unplug it and plug it in again",
            )

    def _synchronise(self) -> None:
        """Send a command that no MPSSE knows; it must say so (FTDI AN_135, 5.3.1)."""
        self.channel.write(bytes((_BAD_COMMAND, Ftdi.SEND_IMMEDIATE)))
        answer = b""
        deadline = self._clock.deadline_ns(_PATIENCE_S)
        while not answer.endswith(bytes((_BAD_COMMAND_ECHO, _BAD_COMMAND))):
            answer += self.channel.read_data(self.channel.packet_size).data
            if self._clock.now_ns() > deadline:
                raise AdapterError(
                    f"{self.channel.who} does not answer as an MPSSE", "unplug it and plug it in again"
                )
