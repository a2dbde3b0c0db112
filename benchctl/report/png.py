"""The histogram as a picture, for where SVG cannot go."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchctl.report import svg

_SIZE = (1800, 640)
_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 40, 90, 70
_INK, _SOFT, _FAINT, _BARS = "#1c2430", "#5d6a7a", "#e3e7ec", "#1f6fb2"


def histogram(ns: NDArray[np.float64], title: str) -> Image.Image:
    """How often each time (ns) occurred. Raises ValueError without finite times."""
    counts, start, stop = svg.binned(ns)
    most = int(counts.max())
    if not most:
        raise ValueError("no times to draw")
    picture = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(picture)
    text = ImageFont.load_default(26)
    left, right, top, bottom = _LEFT, _SIZE[0] - _RIGHT, _TOP, _SIZE[1] - _BOTTOM
    draw.text((left, top / 2), title, _INK, ImageFont.load_default(32), anchor="lm")

    for count in sorted({0, most // 2, most}):
        y = bottom - count / most * (bottom - top)
        draw.line((left, y, right, y), _FAINT if count else _SOFT, 2)
        draw.text((left - 14, y), str(count), _SOFT, text, anchor="rm")
    step = (right - left) / len(counts)
    for n in np.flatnonzero(counts).tolist():
        height = max(4.0, counts[n] / most * (bottom - top))
        draw.rectangle((left + n * step, bottom - height, left + (n + 1) * step - 3, bottom), _BARS)
    for at, label in svg.ticks(start, stop):
        x = left + (at - start) / (stop - start) * (right - left)
        draw.line((x, bottom, x, bottom + 10), _SOFT, 2)
        # Pillow's own font, the only one certain to be there, lacks the micro sign: ISO 2955 writes u for it.
        draw.text((x, bottom + 18), label.replace("µ", "u"), _SOFT, text, anchor="mt")
    return picture
