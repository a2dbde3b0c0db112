"""SI prefixes for values in print."""

import math

_PREFIXED_UNITS = frozenset({"s", "Hz", "V", "A", "W", "Bd"})
_PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def prefixed(value: float, unit: str) -> tuple[float, str]:
    """The factor to divide by and the unit to print: one to three digits before the point.

    Units that take no prefix, or bring one along, stay as they are.
    """
    if unit not in _PREFIXED_UNITS or value == 0 or not math.isfinite(value):
        return 1.0, unit
    exponent = math.floor(math.log10(abs(value)) / 3) * 3
    exponent = min(max(exponent, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**exponent, _PREFIXES[exponent] + unit
