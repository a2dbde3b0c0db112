"""UART signalling on a wire: frames out as waves, frames in from whatever the wire does.

Both ends of every virtual UART (the imp's and the FTDI chips') are made of these two, so a wrong baud rate,
a missing stop bit, a break or a clash on the line is seen as a real receiver sees it: from the levels at its
own bit times.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache, partial
from itertools import repeat
from typing import NamedTuple

import numpy as np

from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive, Times, Values

_FS = 1_000_000  # femtoseconds in a nanosecond
_STRONG = np.array([Drive.LOW, Drive.HIGH], np.uint8)  # by level
_SAME_RATE = 100  # rates that differ by less than one part in so many cannot misread a frame


@dataclass(frozen=True)
class LineFormat:
    """A frame format: one bit time in fs; parity one of N E O M S; stop bits counted in halves."""

    bit_fs: int
    bits: int = 8
    parity: str = "N"
    half_stops: int = 2

    @property
    def stop_bits(self) -> int:
        """Whole stop bits a receiver checks (1.5 checks one)."""
        return self.half_stops // 2

    @cached_property
    def head_bits(self) -> int:
        """Bits before the stop: start, data and parity."""
        return 1 + self.bits + (self.parity != "N")

    @cached_property
    def frame_fs(self) -> int:
        """Duration of a whole frame, fs."""
        return self.head_bits * self.bit_fs + self.half_stops * self.bit_fs // 2

    @cached_property
    def frame_ns(self) -> int:
        """Duration of a whole frame, ns."""
        return -(-self.frame_fs // _FS)


class LineError(IntEnum):
    """What a receiver found wrong with a frame; a set of them is a plain int."""

    FRAMING = 1
    PARITY = 2
    NOISE = 4
    BREAK = 8


class Arrival(NamedTuple):
    """One frame received: `t_ns` is the middle of its first stop bit, `start_ns` its start edge."""

    t_ns: int
    start_ns: int
    value: int
    error: int


_arrival = partial(tuple.__new__, Arrival)  # from a tuple, without a call of Python's own for each byte


def _parity_bit(value: int, parity: str) -> int:
    ones = value.bit_count() & 1
    return {"E": ones, "O": 1 - ones, "M": 1, "S": 0}[parity]


@lru_cache(maxsize=64)
def _frame_table(bits: int, parity: str) -> Values:
    """Levels of start, data and parity bits for every value: shape (2**bits, head_bits)."""
    values = np.arange(1 << bits)
    columns = [np.zeros(1 << bits, np.uint8)]
    columns += [((values >> i) & 1).astype(np.uint8) for i in range(bits)]
    if parity != "N":
        columns.append(np.array([_parity_bit(int(v), parity) for v in values], np.uint8))
    return np.stack(columns, axis=1)


class _Frames:
    """Frames back to back, as a wave (see `timeline.Wave`): from the first start edge to the last stop."""

    last = Drive.HIGH

    def __init__(self, begin_fs: int, starts: list[int], data: bytes | list[int], fmt: LineFormat) -> None:
        self.begin_fs, self.starts, self.data, self.format = begin_fs, starts, data, fmt
        count = len(starts)
        self.first_ns = starts[0]
        self.last_ns = (begin_fs + (count - 1) * fmt.frame_fs + fmt.head_bits * fmt.bit_fs) // _FS
        self.size = count * fmt.head_bits // 2  # half of the bits or so are edges

    def steps(self) -> tuple[Times, Values]:
        """The edges of every frame."""
        fmt = self.format
        data = np.frombuffer(self.data, np.uint8) if isinstance(self.data, bytes) else self.data
        table = _frame_table(fmt.bits, fmt.parity)[data]
        n, head = table.shape
        levels = np.ones((n, head + 1), np.uint8)
        levels[:, :head] = table
        offsets = np.arange(head + 1, dtype=np.int64) * fmt.bit_fs
        base_ns, rest_fs = divmod(self.begin_fs, _FS)  # femtoseconds since the start would overflow in hours
        starts = rest_fs + np.arange(n, dtype=np.int64) * fmt.frame_fs
        times = base_ns + ((starts[:, None] + offsets) // _FS).ravel()
        flat = levels.ravel()
        keep = np.empty(len(flat), bool)
        keep[0] = True
        np.not_equal(flat[1:], flat[:-1], out=keep[1:])
        return times[keep], _STRONG[flat[keep]]


class UartTransmitter:
    """Plays frames on a driver back to back, and knows when each one starts and ends.

    The line idles high while enabled. `frames_left` and `idle_ns` are exact at any simulated time.
    """

    def __init__(self, driver: Driver, fmt: LineFormat) -> None:
        self._driver, self.format = driver, fmt
        self._starts: deque[int] = deque()  # start times of frames not over yet, ns
        self._data: deque[int] = deque()
        # When the line can take the next start bit: it idles for a bit time after being enabled.
        self._free_fs = driver.net.world.now * _FS + fmt.bit_fs
        driver.set(Drive.HIGH)

    @property
    def idle_ns(self) -> int:
        """When the last stop bit known ends, ns; in the past when idle."""
        return -(-self._free_fs // _FS)

    def send(self, data: bytes | list[int], not_before_ns: int = 0) -> int:
        """Append frames; returns the time the first start bit begins, ns."""
        fmt, world = self.format, self._driver.net.world
        first_fs = max(self._free_fs, max(world.now, not_before_ns) * _FS)
        self._drop_over()
        begin_fs = first_fs + _FS // 2  # rounds to the nearest nanosecond
        duration_fs = len(data) * fmt.frame_fs
        starts = [start_fs // _FS for start_fs in range(begin_fs, begin_fs + duration_fs, fmt.frame_fs)]
        self._starts.extend(starts)
        self._data.extend(data)
        self._free_fs = first_fs + duration_fs
        self._driver.plan(_Frames(begin_fs, starts, data, fmt))
        return starts[0]

    @property
    def waiting(self) -> int:
        """Frames whose start bit has not begun."""
        self._drop_over()
        now = self._driver.net.world.now
        # A frame may begin in the nanosecond in which the one before it ends: two have begun then.
        begun = next((i for i, start in enumerate(self._starts) if start > now), len(self._starts))
        return len(self._starts) - begun

    def waiting_at_most_ns(self, count: int) -> int:
        """When no more than `count` frames will be waiting, ns; now when that is so already."""
        if self.waiting <= count:
            return self._driver.net.world.now
        return self._starts[-count - 1]

    def starts_after(self, t_ns: int) -> list[int]:
        """Start times of frames that begin after `t_ns`."""
        return [t for t in self._starts if t > t_ns]

    def pause(self) -> bytes:
        """Stop after the frame on the line; returns the bytes that were not sent."""
        now = self._driver.net.world.now
        self._drop_over()
        unsent: list[int] = []
        while self._starts and self._starts[-1] > now:
            self._free_fs = self._starts.pop() * _FS
            unsent.append(self._data.pop())
        if unsent:
            self._driver.cut(-(-self._free_fs // _FS))
        return bytes(reversed(unsent))

    def hold(self, space: bool) -> None:
        """Drive a break (space) or back to idle, dropping anything planned."""
        self._starts.clear()
        self._data.clear()
        self._free_fs = self._driver.net.world.now * _FS
        self._driver.set(Drive.LOW if space else Drive.HIGH)

    def _drop_over(self) -> None:
        now = self._driver.net.world.now
        while self._starts and self._starts[0] + self.format.frame_ns <= now:
            self._starts.popleft()
            self._data.popleft()


class UartReceiver:
    """Finds frames in what a wire does, including what it is already known to do next.

    `pending` holds frames in order of arrival, some of them in the future. `on_change` is called when that
    future changed; the owner then plans its own next event from `pending`, and collects with `take`.
    """

    def __init__(self, net: Net, fmt: LineFormat, on_change: Callable[[], None]) -> None:
        self._net, self.format, self._on_change = net, fmt, on_change
        self.pending: deque[Arrival] = deque()
        self._scan_ns = net.world.now  # nothing before this is looked at again
        net.listen(self._changed)
        self._decode()  # no on_change: the owner is still being made, and looks at `pending` by itself

    def close(self) -> None:
        """Stop listening; frames still in flight are lost."""
        self._net.unlisten(self._changed)
        self.pending.clear()

    def take(self, now_ns: int) -> list[Arrival]:
        """Frames that have arrived by now, removed from `pending`."""
        taken: list[Arrival] = []
        while self.pending and self.pending[0].t_ns <= now_ns:
            taken.append(self.pending.popleft())
        return taken

    def _changed(self, from_ns: int) -> None:
        before = len(self.pending)
        dropped = False
        while self.pending and self.pending[-1].t_ns >= from_ns:
            self._scan_ns = min(self.pending.pop().start_ns, from_ns)
            dropped = True
        self._decode()
        if dropped or len(self.pending) != before:
            self._on_change()

    def _decode(self) -> None:
        """Extend `pending` from `_scan_ns` to the horizon.

        A frame begins at a falling edge; bits are read at their middles in the receiver's own bit time; the
        next start edge is looked for from the middle of the first stop bit. A line that is still low there
        (a break) must go high first.
        """
        horizon = self._net.horizon_ns
        if horizon < self._scan_ns or self._understood():
            return
        level, times, levels = self._net.edges(self._scan_ns - 1, horizon + 1)
        edge_times: list[int] = times.tolist()
        edge_levels: list[int] = levels.tolist()
        fmt = self.format
        head, count, bit_fs = fmt.head_bits, len(edge_times), fmt.bit_fs
        value_mask = (1 << fmt.bits) - 1
        i = 0
        while i < count:
            start = edge_times[i]
            if edge_levels[i] or start < self._scan_ns:
                i += 1
                continue
            start_fs = start * _FS
            level, bits = 0, 0
            next_edge = i + 1
            half = bit_fs // 2
            for k in range(head + 1):
                t_ns = (start_fs + k * bit_fs + half) // _FS
                while next_edge < count and edge_times[next_edge] <= t_ns:
                    level = edge_levels[next_edge]
                    next_edge += 1
                if level:
                    bits |= 1 << k
            if bits & 1:  # a glitch, not a start bit
                i = next_edge
                continue
            arrival_ns = (start_fs + head * bit_fs + half) // _FS
            value = (bits >> 1) & value_mask
            error = 0
            if not (bits >> head) & 1:
                error = LineError.FRAMING | (LineError.BREAK if bits == 0 else 0)
            if fmt.parity != "N" and (bits >> (head - 1)) & 1 != _parity_bit(value, fmt.parity):
                error |= LineError.PARITY if not error & LineError.BREAK else 0
            if next_edge > i + 1 and edge_times[i + 1] - start < bit_fs // (4 * _FS):
                error |= LineError.NOISE
            self.pending.append(Arrival(arrival_ns, start, value, error))
            self._scan_ns = arrival_ns
            i = next_edge

    def _understood(self) -> bool:
        """Take frames from the one wave under way, when it can only be read one way.

        That is: nothing else moves the wire, it idles high before the first of the frames, and they are sent
        in this receiver's own format and rate.
        """
        scan_ns = self._scan_ns
        moving = [d for d in self._net.drivers if d.timeline.end_ns >= scan_ns]
        wave = moving[0].wave if len(moving) == 1 else None
        if not isinstance(wave, _Frames) or wave.first_ns < scan_ns:
            return False
        fmt, sent = self.format, wave.format
        if (sent.bits, sent.parity, sent.half_stops) != (fmt.bits, fmt.parity, fmt.half_stops):
            return False
        if abs(sent.bit_fs - fmt.bit_fs) * _SAME_RATE > fmt.bit_fs or not self._net.level(wave.first_ns - 1):
            return False
        if Drive.LOW in [d.timeline.last for d in self._net.drivers if d is not moving[0]]:
            return False
        to_middle_ns = (fmt.head_bits * fmt.bit_fs + fmt.bit_fs // 2) // _FS
        middles = [start + to_middle_ns for start in wave.starts]
        self.pending.extend(map(_arrival, zip(middles, wave.starts, wave.data, repeat(0))))
        self._scan_ns = middles[-1]
        return True
