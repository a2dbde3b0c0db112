"""The shifting of an SPI target: bytes in and out of bursts, of odd bits and of single clock edges."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from benchctl.twin.parts.supply import Supply
from benchctl.twin.wires.clocked import Bits, ClockNet, ClockWatch
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive, Times, strong

Bytes = NDArray[np.uint8]
_FS = 1_000_000


class SpiTarget(ABC):
    """An SPI target of modes 0 and 3, most significant bit first, selected by a low CS.

    A burst is handed to the subclass as whole arrays of bytes. While `sending` is False it takes bytes and
    leaves the output wire alone; while it is True it sends and does not listen. A burst in which both happen
    shows ones on the output wire before the sending begins.

    Args:
        name: of its pins.
        sclk, copi, cipo, cs: the bus.
        vcc: supply pin, None when it is always on. Without supply it does not see the bus.
    """

    samples_rising = True

    def __init__(
        self, name: str, sclk: ClockNet, copi: Net, cipo: Net, cs: Net, vcc: Net | None = None
    ) -> None:
        self.world = sclk.world
        self.data_in = copi
        self.data_out = cipo.driver(name)
        self._sclk, self._cs_net = sclk, cs
        self._selected = False
        self._bits = 0  # of the byte in progress
        self._incoming = 0
        self._outgoing: int | None = None
        self._ahead: int | None = None  # fetched to show its first bit, not clocked out yet
        self._watching: tuple[EdgeWatch, EdgeWatch] | None = None  # CS, SCLK
        self.supply = Supply(vcc)
        self.supply.listen(self._supply_changed)
        self._attend(self.supply.on)

    def _supply_changed(self, on: bool) -> None:
        if not on:
            self.power_off()
        self._attend(on)

    def _attend(self, on: bool) -> None:
        """Watch the bus, or not: without supply its edges need not be followed one by one."""
        if on and self._watching is None:
            self._watching = (
                EdgeWatch(self._cs_net, self._cs_edge), ClockWatch(self._sclk, self._clock_edge)
            )  # fmt: skip
            self._sclk.targets.append(self)
            self._selected = not self._cs_net.level()
        elif not on and self._watching is not None:
            for watch in self._watching:
                watch.close()
            self._watching = None
            self._sclk.targets.remove(self)

    def power_off(self) -> None:
        """Lose power: let go of the output wire."""
        self._bits, self._outgoing, self._ahead = 0, None, None
        self.data_out.set(Drive.Z)

    @property
    @abstractmethod
    def sending(self) -> bool:
        """True while the next byte comes from this part."""

    @abstractmethod
    def send(self, count: int, times: Times) -> Bytes:
        """The next `count` bytes; `times` are when each begins, ns."""

    @abstractmethod
    def take(self, data: Bytes) -> int:
        """Take bytes up to where `sending` may change; returns how many were taken, at least one."""

    @abstractmethod
    def selected(self) -> None:
        """CS fell."""

    @abstractmethod
    def deselected(self, whole_bytes: bool) -> None:
        """CS rose; `whole_bytes` is False in the middle of a byte."""

    def paused(self) -> bool:
        """True while the part ignores its clock though it is selected."""
        return False

    def clock(self, bits: Bits) -> Bits | None:
        """Shift a burst."""
        self._catch_up_with_cs()
        if not self._selected or self.paused():
            return None
        head = min(-self._bits % 8, len(bits))
        tail = (len(bits) - head) % 8
        body = len(bits) - head - tail
        pieces = [self._shift_bits(bits[:head], self._times(0, head, 1))]
        if body:
            times = self._times(head, head + body, 8)
            sent = self._shift_bytes(np.packbits(bits[head : head + body]), times)
            pieces.append(None if sent is None else np.unpackbits(sent))
        pieces.append(self._shift_bits(bits[head + body :], self._times(head + body, len(bits), 1)))
        if all(piece is None for piece in pieces):
            return None
        lengths = [head, body, tail] if body else [head, tail]
        return np.concatenate(
            [np.ones(n, np.uint8) if p is None else p for p, n in zip(pieces, lengths, strict=True)]
        )

    def _times(self, first: int, end: int, step: int) -> Times:
        """When pulses of the train begin, ns."""
        train = self._sclk.train
        return train.start_ns + train.pulse_starts(end, first, step) // _FS

    def _shift_bytes(self, data: Bytes, times: Times) -> Bytes | None:
        sent: Bytes | None = None
        done = 0
        while done < len(data):
            if self.sending or self._ahead is not None:
                sent = np.full(len(data), 0xFF, np.uint8) if done else np.empty(len(data), np.uint8)
                sent[done:] = self._next_bytes(len(data) - done, times[done:])
                break
            done += self.take(data[done:])
        return sent

    def _shift_bits(self, bits: Bits, times: Times) -> Bits | None:
        sent = np.ones(len(bits), np.uint8)
        drives = False
        for index, (bit, t_ns) in enumerate(zip(bits.tolist(), times.tolist(), strict=True)):
            self._fetch(t_ns)
            if self._outgoing is not None:
                drives = True
                sent[index] = (self._outgoing >> (7 - self._bits)) & 1
            self._sample(bit)
        return sent if drives else None

    def _fetch(self, t_ns: int) -> None:
        """Decide what goes out during the byte that begins now."""
        if self._bits == 0:
            sends = self.sending or self._ahead is not None
            self._outgoing = int(self._next_bytes(1, np.array([t_ns]))[0]) if sends else None

    def _next_bytes(self, count: int, times: Times) -> Bytes:
        if self._ahead is None:
            return self.send(count, times)
        first, self._ahead = np.array([self._ahead], np.uint8), None
        return np.concatenate([first, self.send(count - 1, times[1:])]) if count > 1 else first

    def _sample(self, bit: int) -> None:
        self._incoming = (self._incoming << 1 | bit) & 0xFF
        self._bits = (self._bits + 1) % 8
        if self._bits == 0 and self._outgoing is None:
            self.take(np.array([self._incoming], np.uint8))

    def _cs_edge(self, level: int) -> None:
        self._selected = not level
        if self._selected:
            self._bits, self._outgoing, self._ahead = 0, None, None
            self.selected()
        else:
            self.data_out.set(Drive.Z)
            self.deselected(self._bits == 0)

    def _catch_up_with_cs(self) -> None:
        if self._watching is not None:
            self._watching[0].catch_up()

    def _clock_edge(self, level: int) -> None:
        self._catch_up_with_cs()
        if not self._selected or self.paused():
            return
        if level:
            self._fetch(self.world.now)
            self._sample(self.data_in.level())
        else:
            self._show()

    def _show(self) -> None:
        """Put out the bit that the next rising edge will sample."""
        if self._bits == 0:
            if self._ahead is None and self.sending:
                self._ahead = int(self.send(1, np.array([self.world.now]))[0])
            value = self._ahead
        else:
            value = self._outgoing
        self.data_out.set(Drive.Z if value is None else strong((value >> (7 - self._bits)) & 1))
