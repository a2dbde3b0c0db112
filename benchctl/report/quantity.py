"""Values in print: a readable SI prefix, and no more digits than the uncertainty supports."""

import math
from typing import TypeGuard

from benchctl.measure.units import prefixed
from benchctl.report.results import Recorded, Scalar

_LONGEST_TEXT = 80


def is_number(value: Scalar) -> TypeGuard[float]:
    """True for a value with a magnitude; a truth value has none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def in_print(record: Recorded, longest: int = _LONGEST_TEXT) -> tuple[str, str]:
    """The value with unit and uncertainty, and its limits, as text: `1.752 ± 0.012 ms`, `≤ 2 ms`.

    Values that are no numbers are cut to `longest` characters.
    """
    if not is_number(record.value):
        expected = "" if record.low is None else f"= {_text(record.low, longest)}"
        return f"{_text(record.value, longest)} {record.unit}".rstrip(), expected
    factor, unit = prefixed(record.value, record.unit)
    decimals = _decimals(record.uncertainty, factor)
    value = _number(record.value / factor, decimals)
    if record.uncertainty:
        value += f" ± {_number(record.uncertainty / factor, decimals)}"
    limits = _limits(record.low, record.high, factor)
    return f"{value} {unit}".rstrip(), f"{limits} {unit}".rstrip() if limits else ""


def _limits(low: Scalar, high: Scalar, factor: float) -> str:
    if is_number(low) and is_number(high):
        least, most = _number(low / factor), _number(high / factor)
        return f"= {least}" if low == high else f"{least} … {most}"
    if is_number(low):
        return f"≥ {_number(low / factor)}"
    if is_number(high):
        return f"≤ {_number(high / factor)}"
    return ""


def _decimals(uncertainty: float | None, factor: float) -> int | None:
    """Decimals that show the uncertainty to two significant digits."""
    if not uncertainty:
        return None
    return max(0, 1 - math.floor(math.log10(uncertainty / factor)))


def _number(value: float, decimals: int | None = None) -> str:
    return f"{value:.6g}" if decimals is None else f"{value:.{decimals}f}"


def _text(value: Scalar, longest: int) -> str:
    text = str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"
