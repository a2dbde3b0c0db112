"""Bit-bang modes: eight pins written and sampled by a clock (AN232R-01).

Asynchronous: bytes from the host go to the output pins one a tick and the last one stays; all eight pins
are sampled at every tick, whether the host reads or not. A sample that finds the FIFO full is lost, and the
next packet's status byte says so. Synchronous: pins are sampled once for each byte written, just before it
comes out, so no sample is ever lost and none comes without a write.
"""

from collections import deque
from fractions import Fraction

import numpy as np

from benchctl.twin.ftdi.engine import OVERRUN, TX_EMPTY, TX_HOLDING_EMPTY, Changed, Engine
from benchctl.twin.ftdi.models import Model
from benchctl.twin.ftdi.pins import PinBank
from benchctl.twin.ftdi.sampler import PinSampler, TickClock
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import Event, World

# What the output latch holds before the first byte is not documented; low shows who forgets to write first.
_LATCH_AT_START = 0x00


class Bitbang(Engine):
    """What both modes share: the clock, the output pins, and samples waiting for the host.

    Args:
        world: simulated time.
        model: the chip.
        pins: the channel's pins.
        changed: see `Engine`.
        direction: output pins as a mask.
        rate_hz: ticks a second.
    """

    sample_before_ns = 0

    def __init__(
        self,
        world: World,
        model: Model,
        pins: PinBank,
        changed: Changed,
        direction: int,
        rate_hz: Fraction,
    ) -> None:
        super().__init__(world, model, pins, changed)
        self._rate_hz = rate_hz
        self._clock = TickClock(world.now, round(10**15 / rate_hz))
        self._sampler = PinSampler(pins.low, self._clock, self.sample_before_ns)
        self._direction = direction
        self._latch = _LATCH_AT_START
        self._out: deque[tuple[int, bytes]] = deque()  # first tick and bytes, one a tick
        self._old = bytearray()  # samples fetched already
        self._runs: deque[tuple[int, int]] = deque()  # first tick and count of samples for the host
        self._held = 0
        self._drive()

    def set_direction(self, mask: int) -> None:
        """Change which pins are outputs; what is still to come out keeps its time."""
        self._sync_latch()
        self._direction = mask
        self._drive()
        for first, data in self._out:
            self._play(first, data)

    def set_rate(self, rate_hz: Fraction) -> None:
        """Change the clock; bytes still to come out follow it."""
        if rate_hz == self._rate_hz:
            return
        self._settle()
        self._rate_hz = rate_hz
        pending = self._cut()
        self._store()
        self._sampler.detach()
        self._clock = TickClock(self.world.now, round(10**15 / rate_hz))
        self._sampler = PinSampler(self.pins.low, self._clock, self.sample_before_ns)
        self._restart()
        if pending:
            self._emit(pending)

    def write(self, data: bytes) -> int:
        """Queue bytes for the output pins."""
        self._settle()
        taken = self.fitting(data, self._room())
        if taken:
            self._emit(data[:taken])
        return taken

    def space_ns(self, count: int) -> int | None:
        """From the bytes that still have to come out."""
        if not self._out:
            return self.world.now
        return max(self._clock.at(self._next_out() - self.model.out_fifo + count - 1), self.world.now)

    def available(self) -> int:
        """Samples ready."""
        self._settle()
        return len(self._old) + self._held

    def take(self, count: int) -> bytes:
        """Remove the oldest samples."""
        old = bytes(self._old[:count])
        del self._old[:count]
        return old + self._collected(count - len(old))

    def purge_out(self) -> None:
        """The pins keep what they show now."""
        self._cut()

    def purge_in(self) -> None:
        """Drop the samples taken so far."""
        self._settle()
        self._old.clear()
        self._runs.clear()
        self._held = 0

    def line_status(self) -> int:
        """The transmitter's state, as in UART mode."""
        self._sync_latch()
        return 0 if self._out else TX_HOLDING_EMPTY | TX_EMPTY

    def close(self) -> None:
        """Let go of the pins."""
        self._sampler.detach()
        self.pins.release()

    def _settle(self) -> None:
        """Account for the samples taken by now."""

    def _restart(self) -> None:
        """The clock was replaced."""

    def _waiting(self) -> int:
        self._sync_latch()
        return max(self._next_out() - 1 - self._clock.count(self.world.now), 0) if self._out else 0

    def _room(self) -> int:
        return self.model.out_fifo - self._waiting()

    def _next_out(self) -> int:
        soonest = self._clock.count(self.world.now) + 1
        return max(soonest, self._out[-1][0] + len(self._out[-1][1])) if self._out else soonest

    def _emit(self, data: bytes) -> int:
        """Put bytes on the coming ticks; returns the first of these."""
        self._sync_latch()
        first = self._next_out()
        self._out.append((first, data))
        self._play(first, data)
        return first

    def _play(self, first: int, data: bytes) -> None:
        values = np.frombuffer(data, np.uint8)
        times = self._clock.times(first, len(values))
        for bit, pin in enumerate(self.pins.low):
            if self._direction >> bit & 1:
                levels = values >> bit & 1
                keep = np.empty(len(levels), bool)
                keep[0] = True
                np.not_equal(levels[1:], levels[:-1], out=keep[1:])
                pin.driver.play(times[keep], np.where(levels[keep], Drive.HIGH, Drive.LOW).astype(np.uint8))

    def _drive(self) -> None:
        for bit, pin in enumerate(self.pins.low):
            if self._direction >> bit & 1:
                pin.drive(self._latch >> bit & 1)
            else:
                pin.release()

    def _sync_latch(self) -> None:
        """Forget bytes that are out; the last of them is in the latch."""
        tick = self._clock.count(self.world.now)
        while self._out:
            first, data = self._out[0]
            out = tick - first + 1
            if out <= 0:
                return
            self._latch = data[min(out, len(data)) - 1]
            if out < len(data):
                self._out[0] = first + out, data[out:]
                return
            self._out.popleft()

    def _cut(self) -> bytes:
        """Take back the bytes that are not out yet."""
        self._sync_latch()
        pending = b"".join(data for _, data in self._out)
        self._out.clear()
        self._drive()
        return pending

    def _collected(self, count: int) -> bytes:
        pieces: list[bytes] = []
        while count:
            first, length = self._runs[0]
            part = min(count, length)
            pieces.append(self._sampler.samples(first, part).tobytes())
            if part == length:
                self._runs.popleft()
            else:
                self._runs[0] = first + part, length - part
            count -= part
            self._held -= part
        return b"".join(pieces)

    def _store(self) -> None:
        """Fetch the samples held while the wires are known at their times."""
        self._old += self._collected(self._held)

    def _hold(self, first: int, count: int) -> None:
        if not count:
            return
        self._held += count
        if self._runs and sum(self._runs[-1]) == first:
            start, length = self._runs[-1]
            self._runs[-1] = start, length + count
        else:
            self._runs.append((first, count))


class AsyncBitbang(Bitbang):
    """Mode 0x01.

    While the FIFO is full every sample is lost, so the wires are not recorded then: a channel that is parked
    in this mode costs the bench nothing.
    """

    def __init__(
        self, world: World, model: Model, pins: PinBank, changed: Changed, direction: int, rate_hz: Fraction
    ) -> None:
        self._sampled = 0  # the last tick accounted for
        self._overrun = False
        self._host_room = 0
        super().__init__(world, model, pins, changed, direction, rate_hz)
        self._full = self._when_full()

    def full_ns(self, count: int) -> int | None:
        """Samples come with every tick."""
        missing = count - len(self._old) - self._held
        return self._clock.at(self._sampled + missing) if missing > 0 else self.world.now

    def extend(self, count: int) -> bool:
        """Samples go to the host as they come."""
        self._settle()
        self._host_room = count
        self._record()
        return True

    def line_status(self) -> int:
        """With the overrun bit when samples were lost since the last packet."""
        lost, self._overrun = self._overrun, False
        return super().line_status() | (OVERRUN if lost else 0)

    def purge_in(self) -> None:
        """Also forgets that samples were lost."""
        super().purge_in()
        self._overrun = False
        self._record()

    def close(self) -> None:
        """Let go of the pins."""
        self._full.cancel()
        super().close()

    def take(self, count: int) -> bytes:
        """Remove the oldest samples."""
        self._settle()
        data = super().take(count)
        self._record()
        return data

    def _free(self) -> int:
        return max(self.model.in_fifo + self._host_room - len(self._old) - self._held, 0)

    def _when_full(self) -> Event:
        return self.world.at(self._clock.at(self._sampled + self._free()), self._check_full)

    def _check_full(self) -> None:
        self._settle()
        if self._free():
            self._full = self._when_full()
        else:
            self._store()
            self._sampler.detach()

    def _record(self) -> None:
        """There may be room again."""
        if self._free() and not self._sampler.attached:
            self._sampler.attach()
            self._full = self._when_full()

    def _settle(self) -> None:
        tick = self._clock.count(self.world.now)
        came = tick - self._sampled
        if not came:
            return
        kept = min(came, self._free())
        self._hold(self._sampled + 1, kept)
        self._overrun |= kept < came
        self._sampled = tick

    def _restart(self) -> None:
        self._sampled = 0
        self._full.cancel()
        self._full = self._when_full()


class SyncBitbang(Bitbang):
    """Mode 0x04."""

    sample_before_ns = 1

    def __init__(
        self, world: World, model: Model, pins: PinBank, changed: Changed, direction: int, rate_hz: Fraction
    ) -> None:
        self._planned: deque[tuple[int, int]] = deque()  # first tick and count of samples still to come
        super().__init__(world, model, pins, changed, direction, rate_hz)

    def space_ns(self, count: int) -> int | None:
        """Unknown while the samples have no room: the host must read first."""
        if self.model.in_fifo - self._committed() < count:
            return None
        return super().space_ns(count)

    def full_ns(self, count: int) -> int | None:
        """From the bytes that still have to come out."""
        missing = count - len(self._old) - self._held
        if missing <= 0:
            return self.world.now
        for first, length in self._planned:
            if missing <= length:
                return self._clock.at(first + missing - 1)
            missing -= length
        return None

    def purge_out(self) -> None:
        """Also drops the samples that would have come with those bytes."""
        self._settle()
        self._planned.clear()
        super().purge_out()

    def _emit(self, data: bytes) -> int:
        first = super()._emit(data)
        self._planned.append((first, len(data)))
        self.changed()
        return first

    def _room(self) -> int:
        return min(super()._room(), self.model.in_fifo - self._committed())

    def _committed(self) -> int:
        return len(self._old) + self._held + sum(length for _, length in self._planned)

    def _settle(self) -> None:
        tick = self._clock.count(self.world.now)
        while self._planned:
            first, length = self._planned[0]
            came = min(tick - first + 1, length)
            if came <= 0:
                return
            self._hold(first, came)
            if came < length:
                self._planned[0] = first + came, length - came
                return
            self._planned.popleft()

    def _restart(self) -> None:
        self._planned.clear()
