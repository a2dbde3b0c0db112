"""Clocked signalling (SPI, I²C data phases): many bits exchanged in one step, exact in time.

A controller announces a train of clock pulses; every target listening on the clock wire gets the bits its
data input carries at its own sampling edges and answers with what it drives. The levels are resolved bit by
bit, and rendered as edges only on wires that somebody records.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchctl.twin.wires.net import Driver, EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

Bits = NDArray[np.uint8]
_FS = 1_000_000


class ClockedTarget(Protocol):
    """Something that shifts bits when its clock wire moves: an SPI target, an I²C target."""

    @property
    def data_in(self) -> Net:
        """The wire it samples."""

    @property
    def data_out(self) -> Driver:
        """Its pin towards the controller (the same wire as `data_in` on I²C)."""

    @property
    def samples_rising(self) -> bool:
        """True when it samples on rising clock edges and shifts out on falling ones."""

    def clock(self, bits: Bits) -> Bits | None:
        """Shift: bits sampled, one a pulse, in order; returns the level it offers at each pulse.

        On a wired-AND bus 1 means released. None means it is not selected and drives nothing.
        """


@dataclass(frozen=True)
class Train:
    """A train of clock pulses, none of it in the past.

    Attributes:
        start_ns: when the first half period (at idle level) begins.
        period_fs: one bit time.
        idle_high: clock level between pulses (CPOL).
        byte_gap_fs: extra idle time after every eighth pulse.
        three_phase: a bit is three phases long, the pulse being the middle one (I²C), not two of them.
    """

    start_ns: int
    period_fs: int
    idle_high: bool = False
    byte_gap_fs: int = 0
    three_phase: bool = False

    @property
    def pulse_fs(self) -> tuple[int, int]:
        """Offsets of the leading and the trailing edge in a period, fs."""
        if self.three_phase:
            return self.period_fs // 3, 2 * self.period_fs // 3
        return self.period_fs // 2, self.period_fs

    def pulse_starts(self, count: int, first: int = 0, step: int = 1) -> NDArray[np.int64]:
        """Start of each pulse's period after `start_ns`, fs; of `range(first, count, step)`."""
        index = np.arange(first, count, step, dtype=np.int64)
        return index * self.period_fs + (index // 8) * self.byte_gap_fs

    def end_ns(self, count: int) -> int:
        """When `count` pulses are over, ns."""
        gaps = (count - 1) // 8 if count else 0
        return self.start_ns + -(-(count * self.period_fs + gaps * self.byte_gap_fs) // _FS)


class ClockNet(Net):
    """A clock wire, which knows the targets it clocks and the last train of pulses put on it.

    Attributes:
        train: that train.
        train_end_ns: when it is over.
    """

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.targets: list[ClockedTarget] = []
        self.train = Train(-1, 0)
        self.train_end_ns = -1


class ClockWatch(EdgeWatch):
    """Reports the edges of a clock wire that is moved level by level.

    The pulses of a train have been given to the targets as bits: those edges are not reported again.
    """

    def __init__(self, net: ClockNet, on_edge: Callable[[int], None]) -> None:
        self._clock = net
        super().__init__(net, on_edge)

    def _from_ns(self) -> int:
        return max(super()._from_ns(), self._clock.train_end_ns)


@dataclass(frozen=True)
class _Driven:
    """A pin that puts bits on a wire during a train."""

    driver: Driver
    levels: Bits
    launch_rising: bool
    wired_and: bool


def exchange(
    clock: Driver | None,
    train: Train,
    count: int,
    *,
    out: Driver | None,
    bits: Bits | None,
    read: Net | None,
    launch_rising: bool,
    sample_rising: bool,
    open_drain: bool = False,
) -> Bits:
    """Clock `count` pulses; returns the bits the controller samples on `read` (ones where it reads nothing).

    Args:
        clock: the controller's clock pin, or None for a controller that shifts without showing its clock.
        train: when and how fast.
        count: number of pulses.
        out: the controller's data output, or None when it leaves the wire alone.
        bits: levels to put out, one a pulse; None with `out` None.
        read: the wire the controller samples, or None.
        launch_rising: the controller changes `out` on rising clock edges.
        sample_rising: the controller samples `read` on rising clock edges.
        open_drain: `out` only pulls low and releases for a one.
    """
    own = bits if bits is not None else np.ones(count, np.uint8)
    if clock is not None and isinstance(clock.net, ClockNet):
        clock.net.train, clock.net.train_end_ns = train, train.end_ns(count)
    driven: list[_Driven] = []
    if out is not None:
        driven.append(_Driven(out, own, launch_rising, open_drain))
    for target in _targets(clock):
        offered = target.clock(_seen_by(target, out, own, launch_rising, train))
        if offered is not None:
            shared = out is not None and target.data_out.net is out.net
            driven.append(_Driven(target.data_out, offered, not target.samples_rising, open_drain or shared))
    result = _read_back(read, driven, count, sample_rising, train)
    _render_clock(clock, train, count)
    for pin in driven:
        _render_data(pin, train)
    return result


def _targets(clock: Driver | None) -> Iterable[ClockedTarget]:
    return clock.net.targets if clock is not None and isinstance(clock.net, ClockNet) else ()


def _seen_by(target: ClockedTarget, out: Driver | None, own: Bits, launch_rising: bool, train: Train) -> Bits:
    """The bits on a target's input at its sampling edges."""
    if out is None or target.data_in is not out.net:
        return np.full(len(own), target.data_in.level(), np.uint8)
    return _sampled(own, out.net, launch_rising, target.samples_rising, train)


def _sampled(bits: Bits, net: Net, launch_rising: bool, sample_rising: bool, train: Train) -> Bits:
    """What is seen on a wire by someone sampling a bit a pulse.

    Bits launched on the trailing edge are there before their pulse and hold until its end, so either edge
    finds them. Sampled on the very leading edge that launches them, each is still the one before.
    """
    if launch_rising != sample_rising or launch_rising == train.idle_high:
        return bits
    late = np.empty_like(bits)
    late[0] = net.level()
    late[1:] = bits[:-1]
    return late


def _read_back(
    read: Net | None, driven: list[_Driven], count: int, sample_rising: bool, train: Train
) -> Bits:
    if read is None:
        return np.ones(count, np.uint8)
    on_wire = [pin for pin in driven if pin.driver.net is read]
    if not on_wire:
        return np.full(count, read.level(), np.uint8)
    result = np.ones(count, np.uint8)
    for pin in on_wire:  # wired AND; for push-pull pins a clash reads low
        result &= _sampled(pin.levels, read, pin.launch_rising, sample_rising, train)
    others = [d for d in read.drivers if all(d is not pin.driver for pin in on_wire)]
    if any(d.drive == Drive.LOW for d in others):
        result[:] = 0
    return result


def _render_clock(clock: Driver | None, train: Train, count: int) -> None:
    if clock is None or not count:
        return
    if clock.net.probed:
        starts = train.pulse_starts(count)
        leading, trailing = train.pulse_fs
        halves = np.stack([starts + leading, starts + trailing], axis=1).ravel()
        times = train.start_ns + halves // _FS
        levels = np.tile(np.array([not train.idle_high, train.idle_high]), count)
        clock.play(times, np.where(levels, Drive.HIGH, Drive.LOW).astype(np.uint8))


def _render_data(pin: _Driven, train: Train) -> None:
    """Put a data pin's levels on its wire: the whole wave when recorded, else where it ends up."""
    count = len(pin.levels)
    if not count:
        return
    one = Drive.Z if pin.wired_and else Drive.HIGH
    if not pin.driver.net.probed:
        pin.driver.timeline.step(train.start_ns, one if pin.levels[-1] else Drive.LOW)
        return
    # A bit launched on the trailing edge is out half a period before its pulse; the first one at the start.
    leading = pin.launch_rising != train.idle_high
    times = train.start_ns + (train.pulse_starts(count) + (train.pulse_fs[0] if leading else 0)) // _FS
    values = np.where(pin.levels, one, Drive.LOW).astype(np.uint8)
    keep = np.empty(count, bool)
    keep[0] = True
    np.not_equal(values[1:], values[:-1], out=keep[1:])
    pin.driver.play(times[keep], values[keep])
