"""A measured value, the limits it is held against, and how sure the bench is of it."""

import math
from dataclasses import dataclass

from benchctl.errors import UserError

_RESOLUTION_SHARE = 1 / math.sqrt(3)
"""Expanded uncertainty (k=2) of a reading that is only rounded: 2 · resolution / √12."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value as an instrument gave it.

    Attributes:
        name: what was measured, as it stands in the report.
        value: the reading, in `unit`.
        unit: SI unit symbol, empty for a count.
        uncertainty: expanded uncertainty (k=2) stated for the instrument, in `unit`.
        low: lower limit, in `unit`; None where there is none.
        high: upper limit, in `unit`; None where there is none.
        source: the instrument: "logic capture", "imp timer", "host stamp".
        resolution: smallest step the instrument shows, in `unit`; 0 when it does not matter.

    Raises:
        UserError: the value is not a number, the uncertainty or resolution is negative, or the limits cross.
    """

    name: str
    value: float
    unit: str = ""
    uncertainty: float = 0.0
    low: float | None = None
    high: float | None = None
    source: str = ""
    resolution: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.value, self.uncertainty, self.resolution, self.low or 0.0, self.high or 0.0)
        if any(math.isnan(number) for number in numbers):
            raise UserError(f"{self.name}: not a number among its value, uncertainty and limits")
        if self.uncertainty < 0 or self.resolution < 0:
            raise UserError(f"{self.name}: an uncertainty or resolution cannot be negative")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise UserError(
                f"{self.name}: its lower limit {self.low:g} is above its upper limit {self.high:g}"
            )

    @property
    def expanded(self) -> float:
        """Expanded uncertainty in `unit`: as stated, but never below the share of the resolution."""
        return max(self.uncertainty, self.resolution * _RESOLUTION_SHARE)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true value lies, in `unit`."""
        return self.value - self.expanded, self.value + self.expanded

    @property
    def limits(self) -> tuple[float, float]:
        """The limits in `unit`, infinite where there is none."""
        return (
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )

    @property
    def judged(self) -> bool:
        """True when there is a limit to judge against."""
        return self.low is not None or self.high is not None

    @property
    def needed_uncertainty(self) -> float:
        """Uncertainty in `unit` below which this reading would be decided; infinite without limits."""
        return min(abs(self.value - limit) for limit in self.limits)
