"""What was seen on several wires: the one type that captures, files, decoders and timing share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.transitions import Found, Sampled, States, Ticks, state_dtype
from benchctl.errors import UserError

NS_RATE = Fraction(1_000_000_000)


@dataclass(frozen=True, eq=False)
class Waveform:
    """Levels of several channels over time, kept as the transitions only.

    A tick is one period of the capture clock. A transition at tick t means that t is the first tick with
    the new level; a tick may be the waveform's very first when the tick before it is known, as it is for
    every chunk but the first of a streamed capture.

    Attributes:
        names: the channels; bit n of a state is `names[n]`.
        rate: ticks per second, exact.
        transitions: where channels changed, known or still to be found in samples.
        initial: the packed levels before the first transition.
        start: the first tick seen.
        span: number of ticks seen.
        origin_ns: bench time of tick 0, in ns.
        edge_uncertainty_ns: expanded uncertainty of the time of one edge, in ns.
        clock_ppm: expanded relative uncertainty of the capture clock's rate, in parts per million.
        source: what recorded it, for people.
    """

    names: tuple[str, ...]
    rate: Fraction
    transitions: Found | Sampled
    initial: int
    start: int
    span: int
    origin_ns: int = 0
    edge_uncertainty_ns: float = 0.0
    clock_ppm: float = 0.0
    source: str = ""
    _edges: dict[int, Ticks] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def from_samples(
        cls,
        samples: States,
        names: Sequence[str],
        rate: Fraction | int,
        *,
        start: int = 0,
        previous: int | None = None,
        only: int | None = None,
        origin_ns: int = 0,
        clock_ppm: float = 0.0,
        source: str = "",
    ) -> "Waveform":
        """A waveform of packed samples taken at `rate` per second.

        Args:
            samples: one unsigned word per sample, bit n is `names[n]`; surplus bits are ignored. They
                are kept, not copied.
            names: the channels, as many as the word has bits at most.
            rate: samples per second.
            start: tick of the first sample.
            previous: the sample before the first one, for chunks of a longer capture.
            only: the bits that matter; channels of other bits stay low. All of them unless given.
            origin_ns: bench time of tick 0, in ns.
            clock_ppm: expanded relative uncertainty of the sample clock.
            source: what recorded it.

        The edge lies within the sample period before the sample that shows it: its expanded uncertainty is
        taken as half a period about the middle, a bound rather than a statistical figure.
        """
        mask = min((1 << len(names)) - 1, int(np.iinfo(samples.dtype).max))
        if only is not None:
            mask &= only
        if previous is None:
            previous = int(samples[0]) if len(samples) else 0
        rate = Fraction(rate)
        return cls(
            names=tuple(names),
            rate=rate,
            transitions=Sampled(samples, mask, previous, start),
            initial=previous & mask,
            start=start,
            span=len(samples),
            origin_ns=origin_ns,
            edge_uncertainty_ns=float(NS_RATE / rate / 2),
            clock_ppm=clock_ppm,
            source=source,
        )

    @classmethod
    def from_edges(
        cls,
        channels: Mapping[str, tuple[bool | int, Sequence[int] | Ticks]],
        span: int,
        rate: Fraction | int = NS_RATE,
        *,
        start: int = 0,
        origin_ns: int = 0,
        edge_uncertainty_ns: float | None = None,
        clock_ppm: float = 0.0,
        source: str = "",
    ) -> "Waveform":
        """A waveform from each channel's initial level and ascending edge ticks.

        `edge_uncertainty_ns` is half a tick unless given. Two edges of a channel at one tick cancel.
        """
        names = tuple(channels)
        dtype = state_dtype(len(names))
        initial = 0
        ticks: list[Ticks] = []
        toggles: list[NDArray[np.unsignedinteger]] = []
        for bit, (level, edges) in enumerate(channels.values()):
            initial |= int(bool(level)) << bit
            ticks.append(np.asarray(edges, dtype=np.int64))
            toggles.append(np.full(len(edges), 1 << bit, dtype=dtype))
        times = np.concatenate(ticks) if ticks else np.empty(0, dtype=np.int64)
        toggle = np.concatenate(toggles) if toggles else np.empty(0, dtype=dtype)
        order = np.argsort(times, kind="stable")  # merges runs that are sorted already
        times, toggle = times[order], toggle[order]
        states = np.bitwise_xor.accumulate(toggle) ^ dtype.type(initial)
        if len(times):
            times, states = _settled(times, states, initial)
        rate = Fraction(rate)
        return cls(
            names=names,
            rate=rate,
            transitions=Found(times, states, initial),
            initial=initial,
            start=start,
            span=span,
            origin_ns=origin_ns,
            edge_uncertainty_ns=float(NS_RATE / rate / 2)
            if edge_uncertainty_ns is None
            else edge_uncertainty_ns,
            clock_ppm=clock_ppm,
            source=source,
        )

    @property
    def times(self) -> Ticks:
        """Ticks at which one or more channels changed, strictly ascending (int64)."""
        return self.transitions.found.times

    @property
    def states(self) -> States:
        """The levels of all channels from the tick in `times` on, packed; same length."""
        return self.transitions.found.states

    @property
    def end(self) -> int:
        """The first tick no longer seen."""
        return self.start + self.span

    @property
    def tick_ns(self) -> Fraction:
        """One tick in ns, exact."""
        return NS_RATE / self.rate

    @property
    def duration_ns(self) -> float:
        """Length in ns."""
        return float(self.span * self.tick_ns)

    def bit(self, name: str) -> int:
        """The bit of a state that holds channel `name`.

        Raises:
            UserError: no such channel; the nearest name is suggested.
        """
        return channel_bit(self.names, name)

    def edges(self, name: str) -> Ticks:
        """Ticks at which `name` changed, ascending (int64); the level toggles at each."""
        bit = self.bit(name)
        if bit not in self._edges:
            self._edges[bit] = self.transitions.edges(bit)
        return self._edges[bit]

    def becoming(self, name: str, level: bool) -> tuple[Ticks, States]:
        """Ticks from which on `name` has `level`, ascending (int64), and the levels of all channels there."""
        return self.transitions.becoming(self.bit(name), level)

    def initial_level(self, name: str) -> bool:
        """The level of `name` before its first edge."""
        return bool(self.initial >> self.bit(name) & 1)

    def level_at(self, name: str, tick: int | Ticks) -> NDArray[np.bool_]:
        """The level of `name` at each tick (int or array); an edge counts from its own tick on."""
        toggles = np.searchsorted(self.edges(name), tick, side="right")
        return np.asarray((toggles & 1).astype(bool) ^ self.initial_level(name))

    def ns(self, ticks: Ticks) -> Ticks:
        """Ticks as whole ns of bench time (int64), rounded to the nearest."""
        return to_ns(ticks, self.rate, self.origin_ns)

    def slice(self, start: int, stop: int) -> "Waveform":
        """The part from tick `start` up to, not including, tick `stop`, on the same time axis.

        A transition at `start` stays one, so that slices that follow each other lose nothing.
        """
        start, stop = max(start, self.start), min(stop, self.end)
        first, last = np.searchsorted(self.times, [start, stop])
        initial = int(self.states[first - 1]) if first else self.initial
        return replace(
            self,
            transitions=Found(self.times[first:last], self.states[first:last], initial),
            initial=initial,
            start=start,
            span=max(0, stop - start),
        )

    def rename(self, names: Mapping[str, str]) -> "Waveform":
        """The same waveform with channels renamed: old name to new name."""
        for name in names:
            self.bit(name)
        return replace(self, names=tuple(names.get(name, name) for name in self.names))

    def select(self, names: Sequence[str]) -> "Waveform":
        """Only the channels `names`, in that order."""
        channels = {name: (self.initial_level(name), self.edges(name)) for name in names}
        return Waveform.from_edges(
            channels,
            self.span,
            self.rate,
            start=self.start,
            origin_ns=self.origin_ns,
            edge_uncertainty_ns=self.edge_uncertainty_ns,
            clock_ppm=self.clock_ppm,
            source=self.source,
        )


def _settled(times: Ticks, states: States, initial: int) -> tuple[Ticks, States]:
    """One entry per tick, and none where nothing changed after all."""
    last = np.flatnonzero(np.append(times[1:] != times[:-1], True))
    times, states = times[last], states[last]
    changed = np.flatnonzero(np.append(states[0] != initial, states[1:] != states[:-1]))
    return times[changed], states[changed]


def channel_bit(names: Sequence[str], name: str) -> int:
    """The place of `name` in `names`.

    Raises:
        UserError: no such channel; the nearest name is suggested.
    """
    if name in names:
        return names.index(name)
    from benchctl.nearest import nearest  # difflib takes long to import, and is only ever needed here

    raise UserError(f"the capture has no channel {name!r}", nearest(name, names))


def require_apart(lines: Mapping[str, str | None]) -> None:
    """The lines of a bus are different channels.

    Raises:
        UserError: two of `lines` (what for: channel) are one.
    """
    named: dict[str, str] = {}
    for line, channel in lines.items():
        if channel is not None and channel in named:
            raise UserError(
                f"channel {channel!r} is named for {named[channel]} and for {line}", "name a channel for each"
            )
        if channel is not None:
            named[channel] = line


def to_ns(ticks: Ticks, rate: Fraction, origin_ns: int = 0) -> Ticks:
    """Ticks of a clock of `rate` Hz as whole ns, rounded to the nearest, without overflow or drift."""
    tick_ns = NS_RATE / rate
    if tick_ns.denominator == 1:
        exact: Ticks = ticks * tick_ns.numerator + origin_ns
        return exact
    # Whole seconds apart from the rest, so that the product below stays within 64 bits for any capture.
    seconds, rest = np.divmod(ticks * rate.denominator, rate.numerator)
    if rate.numerator < 1 << 32:
        below = (rest * 1_000_000_000 + rate.numerator // 2) // rate.numerator
    else:
        below = np.rint(rest * (1e9 / rate.numerator)).astype(np.int64)
    result: Ticks = seconds * 1_000_000_000 + below + origin_ns
    return result


def join(chunks: Iterable[Waveform]) -> Waveform:
    """One waveform of chunks that follow each other without a gap.

    Raises:
        ValueError: no chunks, or they do not follow each other.
    """
    parts = [replace(chunk, transitions=chunk.transitions.found) for chunk in chunks]  # without the samples
    if not parts:
        raise ValueError("no chunks to join")
    if any(after.start != before.end for before, after in pairwise(parts)):
        raise ValueError("the chunks do not follow each other")
    return replace(
        parts[0],
        transitions=Found(
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.states for part in parts]),
            parts[0].initial,
        ),
        span=sum(part.span for part in parts),
    )
