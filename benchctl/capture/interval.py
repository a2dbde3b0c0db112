"""Durations with the uncertainty that the capture clock leaves them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchctl.capture.waveform import Waveform


@dataclass(frozen=True)
class Interval:
    """One duration: `value_ns` ± `uncertainty_ns` (expanded)."""

    value_ns: float
    uncertainty_ns: float

    @property
    def low_ns(self) -> float:
        """Lower end of the interval of values that it can be."""
        return self.value_ns - self.uncertainty_ns

    @property
    def high_ns(self) -> float:
        """Upper end of the interval of values that it can be."""
        return self.value_ns + self.uncertainty_ns


@dataclass(frozen=True)
class Ratio:
    """A number without a unit or in the unit its function states: `value` ± `uncertainty` (expanded)."""

    value: float
    uncertainty: float


@dataclass(frozen=True, eq=False)
class Series:
    """Several durations of one kind, in the order they were seen.

    Attributes:
        values_ns, uncertainties_ns: float64, same length.
        at: int64 ticks where each begins.
    """

    values_ns: NDArray[np.float64]
    uncertainties_ns: NDArray[np.float64]
    at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values_ns)

    def __getitem__(self, index: int) -> Interval:
        return Interval(float(self.values_ns[index]), float(self.uncertainties_ns[index]))

    def _extreme(self, index: int) -> Interval | None:
        return self[index] if len(self) else None

    @property
    def shortest(self) -> Interval | None:
        """The shortest of them; None without any."""
        return self._extreme(int(np.argmin(self.values_ns)) if len(self) else 0)

    @property
    def longest(self) -> Interval | None:
        """The longest of them; None without any."""
        return self._extreme(int(np.argmax(self.values_ns)) if len(self) else 0)

    @property
    def mean(self) -> Interval | None:
        """Their mean; what limits each of them limits the mean alike, so nothing is gained by averaging."""
        if not len(self):
            return None
        return Interval(float(self.values_ns.mean()), float(self.uncertainties_ns.max()))

    def percentile(self, percent: float) -> Interval | None:
        """The value that `percent` per cent of them do not exceed; None without any."""
        if not len(self):
            return None
        value = float(np.percentile(self.values_ns, percent, method="inverted_cdf"))
        return Interval(value, float(self.uncertainties_ns.max()))


def between_edges(waveform: Waveform, start: ArrayLike, end: ArrayLike) -> Series:
    """Durations from edges at ticks `start` to edges at ticks `end`.

    Both edges carry their own uncertainty, and the clock's rate adds in proportion to the duration. They
    are added, not squared: the errors are bounds, and those of a sampled edge are not independent.
    """
    first = np.asarray(start, dtype=np.int64)
    ticks = np.asarray(end, dtype=np.int64) - first
    values = ticks.astype(np.float64) * float(waveform.tick_ns)
    return Series(values, _uncertainty(waveform, values), first)


def _uncertainty(waveform: Waveform, values_ns: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = (
        2 * waveform.edge_uncertainty_ns + np.abs(values_ns) * waveform.clock_ppm * 1e-6
    )
    return result
