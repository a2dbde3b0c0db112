"""What decoders give back: columns of many items at once, and one object per item only on request."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.transitions import Ticks
from benchctl.capture.waveform import to_ns

NO_VALUE = -1


class ItemDict(TypedDict):
    """One decoded item as the command line's JSON shows it."""

    kind: str
    start_ns: int
    end_ns: int
    value: int | str | None
    error: str | None
    channel: str


@dataclass(frozen=True, eq=False)
class Items:
    """Decoded items in the order of their starts.

    Attributes:
        kinds, errors, channels: the words that the codes below stand for; `errors[0]` is "" for none.
        kind, error, channel: uint8 codes, one per item.
        start, end: int64 ticks; an item lasts from `start` up to, not including, `end`.
        value: int64, NO_VALUE where the kind carries none.
        rate: ticks per second.
        origin_ns: bench time of tick 0, in ns.
    """

    kinds: tuple[str, ...]
    errors: tuple[str, ...]
    channels: tuple[str, ...]
    kind: NDArray[np.uint8]
    start: Ticks
    end: Ticks
    value: NDArray[np.int64]
    error: NDArray[np.uint8]
    channel: NDArray[np.uint8]
    rate: Fraction
    origin_ns: int = 0

    def __len__(self) -> int:
        return len(self.start)

    @property
    def start_ns(self) -> Ticks:
        """Starts in ns of bench time (int64)."""
        return to_ns(self.start, self.rate, self.origin_ns)

    @property
    def end_ns(self) -> Ticks:
        """Ends in ns of bench time (int64)."""
        return to_ns(self.end, self.rate, self.origin_ns)

    def where(self, *kinds: str, channel: str | None = None, error: str | None = None) -> "Items":
        """Only the items of these kinds (all without any), this channel and this error ("" for none)."""
        keep = np.ones(len(self), dtype=bool)
        if kinds:
            keep &= np.isin(self.kind, [self.kinds.index(kind) for kind in kinds if kind in self.kinds])
        if channel is not None:
            keep &= self.channel == (self.channels.index(channel) if channel in self.channels else 255)
        if error is not None:
            keep &= self.error == (self.errors.index(error) if error in self.errors else 255)
        return self.take(np.flatnonzero(keep))

    def take(self, index: NDArray[np.intp]) -> "Items":
        """The items at `index`, in that order."""
        return Items(
            self.kinds,
            self.errors,
            self.channels,
            self.kind[index],
            self.start[index],
            self.end[index],
            self.value[index],
            self.error[index],
            self.channel[index],
            self.rate,
            self.origin_ns,
        )

    def data(self, *kinds: str, channel: str | None = None, width: int = 1) -> bytes:
        """The values of these kinds (default "data"), `width` bytes each, most significant byte first."""
        values = self.where(*(kinds or ("data",)), channel=channel).value
        if width == 1:
            return values.astype(np.uint8).tobytes()
        return values.astype(">u2").tobytes()

    def dicts(self) -> Iterator[ItemDict]:
        """One dictionary per item."""
        columns = (self.kind, self.start_ns, self.end_ns, self.value, self.error, self.channel)
        for kind, start, end, value, error, channel in zip(*(c.tolist() for c in columns), strict=True):
            yield {
                "kind": self.kinds[kind],
                "start_ns": start,
                "end_ns": end,
                "value": None if value == NO_VALUE else value,
                "error": self.errors[error] or None,
                "channel": self.channels[channel],
            }


class ItemColumns:
    """Collects columns of items from several places and puts them in order."""

    def __init__(self, kinds: Sequence[str], errors: Sequence[str], channels: Sequence[str]) -> None:
        self._words = (tuple(kinds), tuple(errors), tuple(channels))
        self._parts: list[tuple[NDArray[np.generic], ...]] = []

    def add(
        self,
        kind: NDArray[np.uint8] | int,
        start: Ticks,
        end: Ticks,
        value: NDArray[np.integer] | int = NO_VALUE,
        error: NDArray[np.uint8] | int = 0,
        channel: NDArray[np.uint8] | int = 0,
    ) -> None:
        """Add items; whatever is given as one int holds for all of them."""
        count = len(start)
        if count:
            self._parts.append(
                (
                    _column(kind, count, np.uint8),
                    start,
                    end,
                    _column(value, count, np.int64),
                    _column(error, count, np.uint8),
                    _column(channel, count, np.uint8),
                )
            )

    def items(self, rate: Fraction, origin_ns: int) -> Items:
        """Everything added, ordered by start; items added earlier come first where starts are equal."""
        types = (np.uint8, np.int64, np.int64, np.int64, np.uint8, np.uint8)
        if len(self._parts) == 1:
            columns = list(self._parts[0])
        elif self._parts:
            columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
            order = np.argsort(columns[1], kind="stable")
            columns = [column[order] for column in columns]
        else:
            columns = [np.empty(0, dtype=dtype) for dtype in types]
        kind, start, end, value, error, channel = columns
        return Items(
            *self._words,
            kind=kind.astype(np.uint8, copy=False),
            start=start.astype(np.int64, copy=False),
            end=end.astype(np.int64, copy=False),
            value=value.astype(np.int64, copy=False),
            error=error.astype(np.uint8, copy=False),
            channel=channel.astype(np.uint8, copy=False),
            rate=rate,
            origin_ns=origin_ns,
        )


def _column(value: NDArray[np.integer] | int, count: int, dtype: type[np.integer]) -> NDArray[np.integer]:
    if isinstance(value, int):
        return np.full(count, value, dtype=dtype)
    return value.astype(dtype, copy=False)


def join(parts: Iterable[Items]) -> Items:
    """One table of tables that share their words, rate and origin. Raises ValueError without any."""
    tables = list(parts)
    if not tables:
        raise ValueError("no items to join")
    first = tables[0]
    if len(tables) == 1:
        return first
    return Items(
        first.kinds,
        first.errors,
        first.channels,
        np.concatenate([t.kind for t in tables]),
        np.concatenate([t.start for t in tables]),
        np.concatenate([t.end for t in tables]),
        np.concatenate([t.value for t in tables]),
        np.concatenate([t.error for t in tables]),
        np.concatenate([t.channel for t in tables]),
        first.rate,
        first.origin_ns,
    )
