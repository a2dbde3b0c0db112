"""What a suite test records, and the verdict drawn from all of it when the test ends.

Nothing here raises on a value outside its limits: a test measures on to its end, so that the report shows
every value and not only the first bad one.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchctl.capture.interval import Interval, Ratio
from benchctl.capture.waveform import Waveform
from benchctl.flash.diff import FlashDiff
from benchctl.measure import Measurement, Verdict, combine, decide
from benchctl.report.results import Recorded, Scalar, rounded

CAPTURE = "logic capture"
_NS = {"ns": 1.0, "µs": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing recorded: as it goes into results.json, its verdict, and what there is to say about it."""

    recorded: Recorded
    verdict: Verdict
    text: str = ""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Times measured many times over, in ns, for a histogram."""

    name: str
    ns: NDArray[np.float64]
    low_ns: float | None = None
    high_ns: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A capture to show when the test does not pass; `closer` is a pair of ticks worth a closer look."""

    waveform: Waveform
    caption: str
    closer: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FlashChange:
    """A flash before and after."""

    diff: FlashDiff
    caption: str


@dataclass
class Judge:
    """The record of one test."""

    entries: list[Entry] = field(default_factory=list)
    histograms: list[Intervals] = field(default_factory=list)
    waveforms: list[Picture] = field(default_factory=list)
    flash_changes: list[FlashChange] = field(default_factory=list)

    def measure(
        self,
        name: str,
        value: float,
        *,
        unit: str,
        uncertainty: float,
        low: float | None = None,
        high: float | None = None,
        source: str,
        resolution: float = 0.0,
    ) -> Verdict:
        """Record a measurement and return its verdict. Arguments as the fields of `Measurement`.

        Raises:
            UserError: the numbers are not a measurement.
        """
        return self.add(
            Measurement(
                name,
                _number(value),
                unit,
                _number(uncertainty),
                None if low is None else _number(low),
                None if high is None else _number(high),
                source,
                _number(resolution),
            )
        )

    def duration(
        self, name: str, interval: Interval, unit: str, *, low: float | None = None, high: float | None = None
    ) -> Verdict:
        """Record a captured duration in `unit` ("ns", "µs", "ms" or "s"), as the limits are."""
        scale = _NS[unit]
        value, uncertainty = interval.value_ns / scale, interval.uncertainty_ns / scale
        return self.measure(
            name, value, unit=unit, uncertainty=uncertainty, low=low, high=high, source=CAPTURE
        )

    def ratio(
        self, name: str, ratio: Ratio, unit: str, *, low: float | None = None, high: float | None = None
    ) -> Verdict:
        """Record a captured rate or number; value and limits are in `unit`."""
        return self.measure(
            name, ratio.value, unit=unit, uncertainty=ratio.uncertainty, low=low, high=high, source=CAPTURE
        )

    def add(self, measurement: Measurement) -> Verdict:
        """Record a measurement made elsewhere and return its verdict."""
        verdict, text = decide(measurement)
        return self._record(Recorded.of(measurement), verdict, text)

    def equal(self, name: str, got: object, expected: object) -> Verdict:
        """Record a comparison of two values: PASS when they are equal, else FAIL."""
        seen, wanted = _scalar(got), _scalar(expected)
        verdict = Verdict.PASS if _same(got, expected) else Verdict.FAIL
        text = "" if verdict is Verdict.PASS else f"expected {_show(wanted)}, got {_show(seen)}"
        return self._record(Recorded(name, seen, low=wanted, high=wanted, source="comparison"), verdict, text)

    def observe(
        self, name: str, value: object, unit: str = "", *, uncertainty: float | None = None, source: str = ""
    ) -> None:
        """Record a value there is nothing documented to judge against, for comparison between releases."""
        stated = None if uncertainty is None else rounded(_number(uncertainty))
        recorded = Recorded(name, _scalar(value), unit, stated, source=source)
        self._record(recorded, Verdict.OBSERVED, "")

    def intervals(
        self, name: str, ns: ArrayLike, *, low_ns: float | None = None, high_ns: float | None = None
    ) -> None:
        """Show a histogram of times in ns, with their limits, in the report."""
        self.histograms.append(Intervals(name, np.asarray(ns, dtype=np.float64).ravel(), low_ns, high_ns))

    def attach_waveform(
        self, waveform: Waveform, caption: str, *, closer: tuple[int, int] | None = None
    ) -> None:
        """Show this capture in the report if the test does not pass; and once more, what lies about `closer`.

        `closer` is a pair of ticks, such as of the two edges between which the test has measured.
        """
        self.waveforms.append(Picture(waveform, caption, closer))

    def attach_flash(self, diff: FlashDiff, caption: str) -> None:
        """Show in the report which sectors of a flash changed, and in which area."""
        self.flash_changes.append(FlashChange(diff, caption))

    @property
    def verdict(self) -> Verdict | None:
        """The most severe verdict so far; None while nothing is recorded."""
        return combine(entry.verdict for entry in self.entries) if self.entries else None

    @property
    def message(self) -> str:
        """One line for each entry of the verdict, where there is something to say."""
        return "\n".join(
            f"{entry.recorded.name}: {entry.text}"
            for entry in self.entries
            if entry.text and entry.verdict is self.verdict
        )

    def _record(self, recorded: Recorded, verdict: Verdict, text: str) -> Verdict:
        self.entries.append(Entry(recorded, verdict, text))
        return verdict


def _number(value: float) -> float:
    """A Python number of what may be a numpy one; integers stay integers."""
    return value.item() if isinstance(value, np.generic) else value


def _same(got: object, expected: object) -> bool:
    if isinstance(got, np.ndarray) or isinstance(expected, np.ndarray):
        return np.array_equal(np.asarray(got), np.asarray(expected))
    return bool(got == expected)


def _scalar(value: object) -> Scalar:
    """A value as results.json holds it: bytes in hex, anything composed as its repr."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return rounded(value) if np.isfinite(value) else repr(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes | bytearray):
        return value.hex(" ")
    return _composed(value)


def _composed(value: Any) -> str:
    if isinstance(value, set | frozenset):  # their own repr has no stable order
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return repr(value)


_LONGEST_SHOWN = 200


def _show(value: Scalar) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text)} characters)"
