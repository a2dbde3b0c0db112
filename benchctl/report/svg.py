"""Small drawings for the report, as inline SVG. Colours come from the page's style sheet, by class.

Every drawing has an upper bound on its points, whatever is drawn: a report must open in any browser.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.waveform import Waveform
from benchctl.report.quantity import in_print, is_number
from benchctl.report.results import Recorded

_BINS = 60
_WIDTH, _LEFT, _RIGHT = 900, 110, 25
_PLOT = _WIDTH - _LEFT - _RIGHT
_ROW, _SWING = 30, 18
_LEAST_MARGIN = 20
_BAR_WIDTH, _BAR_HEIGHT = 150, 14
_STYLE = (
    "text{font:11px sans-serif;fill:#5d6a7a}.tick{text-anchor:middle}.axis{stroke:#93a0af;fill:none}"
    ".bars{fill:#1f6fb2}.limit{stroke:#c62828;stroke-dasharray:4 3}"
    ".wave{stroke:#1f6fb2;stroke-width:1.4;fill:none}"
    ".impos{fill:#b3541e}.user{fill:#1f6fb2}.other{fill:#555}.kept{opacity:.13}"
    ".shade1{opacity:.4}.shade2{opacity:.6}.shade3{opacity:.8}"
)


def limit_bar(record: Recorded) -> str:
    """The value and its uncertainty beside the limits; empty where there is nothing to compare."""
    low, high = record.low, record.high
    if not is_number(record.value) or not (is_number(low) or is_number(high)):
        return ""
    value, margin = record.value, record.uncertainty or 0.0
    points = [value - margin, value + margin, *(limit for limit in (low, high) if is_number(limit))]
    width = max(points) - min(points) or abs(value) or 1.0
    start, scale = min(points) - 0.2 * width, _BAR_WIDTH / (1.4 * width)

    def x(at: float) -> float:
        return round((at - start) * scale, 1)

    left = x(low) if is_number(low) else 0.0
    right = x(high) if is_number(high) else float(_BAR_WIDTH)
    middle = _BAR_HEIGHT / 2
    return (
        f"<svg class='bar' width='{_BAR_WIDTH}' height='{_BAR_HEIGHT}'>"
        f"<rect class='zone' x='{left}' y='1' width='{max(right - left, 1):.1f}' height='{_BAR_HEIGHT - 2}'/>"
        f"<path class='whisker' d='M{x(value - margin)} {middle}H{x(value + margin)}'/>"
        f"<circle class='dot' cx='{x(value)}' cy='{middle}' r='3.2'/></svg>"
    )


def histogram(ns: NDArray[np.float64], low_ns: float | None = None, high_ns: float | None = None) -> str:
    """How often each time (ns) occurred, with the limits; empty without finite times."""
    limits = [limit for limit in (low_ns, high_ns) if limit is not None]
    counts, start, stop = binned(ns, limits)
    if not counts.any():
        return ""
    step, height = _WIDTH / _BINS, 110
    heights = np.maximum(counts / counts.max() * (height - 12), 2)
    bars = "".join(
        f"M{n * step:.1f} {height}v-{heights[n]:.1f}h{step - 1.5:.1f}V{height}z"
        for n in np.flatnonzero(counts)
    )
    marks = "".join(
        f"<path class='limit' d='M{(limit - start) / (stop - start) * _WIDTH:.1f} 0V{height}'/>"
        for limit in limits
    )
    axis = _axis(start, stop, 0, _WIDTH, height)
    return (
        f"<svg class='histogram' viewBox='0 0 {_WIDTH} {height + 20}'>"
        f"<path class='bars' d='{bars}'/>{marks}{axis}</svg>"
    )


def binned(ns: NDArray[np.float64], limits: Sequence[float] = ()) -> tuple[NDArray[np.intp], float, float]:
    """How many of the finite times (ns) are in each of 60 bins, and the times where the first begins and the
    last ends; `limits` are times that have to be within."""
    ns = ns[np.isfinite(ns)]
    if not ns.size:
        return np.zeros(_BINS, dtype=np.intp), 0.0, 0.0
    start, stop = min([ns.min(), *limits]), max([ns.max(), *limits])
    margin = (stop - start) * 0.05 or max(abs(start) * 1e-3, 1.0)
    start, stop = start - margin, stop + margin
    counts, _ = np.histogram(ns, bins=_BINS, range=(start, stop))
    return counts, start, stop


def standalone(drawing: str) -> str:
    """A drawing as a file of its own: on a page, the page says what it is and which colours it has."""
    return drawing.replace("<svg", "<svg xmlns='http://www.w3.org/2000/svg'", 1).replace(
        ">", f"><style>{_STYLE}</style><rect width='100%' height='100%' fill='#fff'/>", 1
    )


def around(picture: Waveform, start: int, end: int) -> Waveform:
    """The part of a capture from tick `start` to tick `end`, with half as much again on either side."""
    margin = max((end - start) // 2, _LEAST_MARGIN)
    return picture.slice(start - margin, end + margin)


def waveform(picture: Waveform) -> str:
    """The channels of a capture over time; what is too dense for the screen becomes a solid block."""
    duration = picture.duration_ns
    if not picture.names or duration <= 0:
        return ""
    start = float(picture.start * picture.tick_ns)
    height = _ROW * len(picture.names)
    rows = "".join(_channel(picture, name, n * _ROW) for n, name in enumerate(picture.names))
    axis = _axis(start, start + duration, _LEFT, _PLOT, height + 4)
    return f"<svg class='waveform' viewBox='0 0 {_WIDTH} {height + 26}'>{rows}{axis}</svg>"


def _channel(picture: Waveform, name: str, top: int) -> str:
    high, low = top + (_ROW - _SWING) // 2, top + (_ROW + _SWING) // 2
    ticks = picture.edges(name)
    ticks = ticks[(ticks >= picture.start) & (ticks < picture.end)]
    columns = np.round((ticks - picture.start) * (_PLOT / picture.span), 0).astype(int)
    at, count = np.unique(columns, return_counts=True)
    after = (np.cumsum(count) & 1).astype(bool) ^ picture.initial_level(name)
    level = high if picture.initial_level(name) else low
    path = [f"M{_LEFT} {level}"]
    for x, edges, is_high in zip(at, count, after, strict=True):
        level = high if is_high else low
        path.append(f"H{x + _LEFT}" + (f"V{high}V{low}" if edges > 1 else "") + f"V{level}")
    path.append(f"H{_LEFT + _PLOT}")
    label = name.replace("&", "&amp;").replace("<", "&lt;")
    return f"<text x='0' y='{low - 4}'>{label}</text><path class='wave' d='{''.join(path)}'/>"


def ticks(start_ns: float, stop_ns: float) -> Iterator[tuple[float, str]]:
    """About six round times (ns) of an axis, each with its label."""
    rough = (stop_ns - start_ns) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    for n in range(math.ceil(start_ns / step), math.floor(stop_ns / step) + 1):
        yield n * step, in_print(Recorded("", round(n * step * 1e-9, 15), "s"))[0]


def _axis(start_ns: float, stop_ns: float, left: float, width: float, y: float) -> str:
    """A time axis with about six labels at round values."""
    drawn = [f"<path class='axis' d='M{left} {y}h{width}'/>"]
    for at, label in ticks(start_ns, stop_ns):
        x = left + (at - start_ns) / (stop_ns - start_ns) * width
        drawn.append(f"<path class='axis' d='M{x:.1f} {y}v4'/>")
        drawn.append(f"<text class='tick' x='{x:.1f}' y='{y + 16}'>{label}</text>")
    return "".join(drawn)
