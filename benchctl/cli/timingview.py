"""What `benchctl timing` shows: figures with their uncertainties, and a histogram."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchctl.capture.interval import Interval, Series

_BARS = 20
_BAR_WIDTH = 50


@dataclass
class Timing:
    """What was measured.

    Attributes:
        headline: what it was measured on, in words.
        document: the same for JSON, and every figure that is no series of times.
        figures: name to value and uncertainty, as text.
        series: key in the JSON to what it is called, and its times.
        drawn: the key of the series that the histogram is of.
    """

    headline: str
    document: dict[str, Any]
    drawn: str
    figures: dict[str, tuple[str, str]] = field(default_factory=dict)
    series: dict[str, tuple[str, Series]] = field(default_factory=dict)

    @property
    def histogram(self) -> Series:
        """The times to draw."""
        return self.series[self.drawn][1]

    def json(self) -> dict[str, Any]:
        """Everything, with every single time."""
        return self.document | {key: series_document(times) for key, (_, times) in self.series.items()}

    def print(self, console: Console) -> None:
        """Everything, for people."""
        console.print(self.headline)
        table = Table("", "value", "±", "times", box=None)
        for name, (value, uncertainty) in self.figures.items():
            table.add_row(name, value, uncertainty)
        for name, times in self.series.values():
            for number, (statistic, interval) in enumerate(statistics(times).items()):
                count = "" if number else str(len(times))
                table.add_row(
                    f"{name}, {statistic}",
                    in_units(interval.value_ns),
                    in_units(interval.uncertainty_ns),
                    count,
                )
            if not len(times):
                table.add_row(name, "none", "", "0")
        console.print(table)
        if len(self.histogram):
            _draw(console, self.histogram)


def series_document(times: Series) -> dict[str, Any] | None:
    """A series of times for JSON; None without any."""
    found = statistics(times)
    if not found:
        return None
    return {
        "values_ns": times.values_ns.tolist(),
        "uncertainties_ns": times.uncertainties_ns.tolist(),
        **{name: {"ns": i.value_ns, "uncertainty_ns": i.uncertainty_ns} for name, i in found.items()},
    }


def statistics(times: Series) -> Mapping[str, Interval]:
    """The figures that describe a series; none without any times."""
    every = {
        "shortest": times.shortest,
        "median": times.percentile(50),
        "mean": times.mean,
        "p99": times.percentile(99),
        "longest": times.longest,
    }
    return {name: interval for name, interval in every.items() if interval is not None}


def in_units(ns: float) -> str:
    """A time in the unit that suits it."""
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(ns) >= factor:
            return f"{ns / factor:.4g} {unit}"
    return f"{round(ns, 3) + 0.0:.3g} ns"  # not the rounding errors of a difference; nor a negative zero


def _draw(console: Console, times: Series) -> None:
    counts, edges = np.histogram(times.values_ns, bins=min(_BARS, len(np.unique(times.values_ns))))
    for count, low, high in zip(counts.tolist(), edges.tolist(), edges[1:].tolist(), strict=False):
        bar = "█" * max(count > 0, round(count / counts.max() * _BAR_WIDTH))
        console.print(f"{in_units(low):>12} … {in_units(high):<12} {bar} {count or ''}")
