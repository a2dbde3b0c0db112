"""format(): floats with width, infinities and not-a-number, against C's rules."""

import math

import pytest

# Values that a 32-bit float holds exactly.
_FORMATS = [
    ("%10f", 1.5), ("%10.2f", -2.25), ("%-10.2f|", 3.75), ("%010.3f", -0.125), ("%+8.1f", 4.5), ("%12g", 0.5),
    ("%-12g|", 100000.0),
    ("%12.4e", 1024.0), ("%5d", 42), ("%-5d|", -42), ("%05d", 42), ("%8x", 48879), ("%6s", "ab"),
]  # fmt: skip


@pytest.mark.claim("r34-format-float-width-padding")
@pytest.mark.parametrize(("text", "value"), _FORMATS, ids=[text for text, _ in _FORMATS])
def test_width_and_padding(imp, judge, text, value):
    """f-format-fixes, api/squirrel.yaml."""
    judge.equal(f"format({text!r}, {value})", imp.root("format")(text, value), text % value)


@pytest.mark.claim("r34-format-inf-nan-fix")
@pytest.mark.parametrize("text", ["%f", "%g", "%e", "%8.2f", "%-8.2f|"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan], ids=["inf", "-inf", "nan"])
def test_infinite_and_not_a_number(imp, judge, text, value):
    """C prints inf, -inf and nan, in capitals or not; the sign of a NaN means nothing."""
    shown = imp.root("format")(text, value)
    sensible = {text % value, text % -value} if math.isnan(value) else {text % value}
    if math.isnan(value):  # Python never shows a NaN's sign, C may
        sensible |= {entry.replace(" nan", "-nan", 1).replace("nan ", "-nan", 1) for entry in sensible} | {
            "-nan"
        }
    judge.observe(f"format({text!r}, {value})", shown)
    judge.equal("is what C prints", shown.lower() in sensible, True)
