"""Levels of a UART line over time, built up piece by piece and rendered for a pattern clock.

With a pattern the bench sends what no UART can: an exact gap between two bytes, a frame with a missing stop
bit or a wrong parity bit, a spike, a break of a stated length.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from benchctl.buses.frame import Parity, UartFormat, parity_bit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NS_PER_US = 1000
_IDLE = True


class Pattern:
    """What a line does from t = 0 on. It idles high before and after; times in µs are from t = 0."""

    def __init__(self) -> None:
        self._edges: list[tuple[Fraction, bool]] = [(Fraction(0), _IDLE)]  # (time in ns, level from then on)
        self._end = Fraction(0)

    @property
    def duration_us(self) -> float:
        """Length so far, in µs."""
        return float(self._end / _NS_PER_US)

    def hold(self, level: bool, us: float | Fraction) -> "Pattern":
        """Stay at a level for `us` µs."""
        if us > 0:
            self._edges.append((self._end, level))
            self._end += Fraction(us) * _NS_PER_US
        return self

    def idle(self, us: float | Fraction) -> "Pattern":
        """Stay idle (mark) for `us` µs."""
        return self.hold(_IDLE, us)

    def line_break(self, us: float) -> "Pattern":
        """Hold the line at space for `us` µs."""
        return self.hold(not _IDLE, us)

    def frame(
        self, value: int, fmt: UartFormat, *, framing_error: bool = False, parity_error: bool = False
    ) -> "Pattern":
        """One frame, stop bits included; `value` has `fmt.bits` bits.

        With `framing_error` the stop bits are sent as space, with `parity_error` the parity bit is inverted.
        """
        bit_us = Fraction(1_000_000, fmt.baud)
        self.hold(False, bit_us)
        for bit in range(fmt.bits):
            self.hold(bool(value >> bit & 1), bit_us)
        if fmt.parity is not Parity.NONE:
            self.hold(parity_bit(value, fmt.parity) != parity_error, bit_us)
        return self.hold(not framing_error, bit_us * Fraction(fmt.stop))

    def frames(self, data: Sequence[int], fmt: UartFormat, gaps_us: Sequence[float] | float) -> "Pattern":
        """Frames with idle time after each one, in µs: one number for all, or one for each.

        Raises:
            ValueError: the number of gaps is not the number of bytes.
        """
        gaps = [gaps_us] * len(data) if isinstance(gaps_us, int | float) else gaps_us
        for value, gap in zip(data, gaps, strict=True):
            self.frame(value, fmt).idle(gap)
        return self

    def spike(self, at_us: float, width_us: float) -> "Pattern":
        """Invert the line for `width_us` µs from `at_us` on, within what is there already."""
        start = min(Fraction(at_us) * _NS_PER_US, self._end)
        stop = min(start + Fraction(width_us) * _NS_PER_US, self._end)
        after = self._level_at(stop)
        inverted = [(start, not self._level_at(start))]
        inverted += [(time, not level) for time, level in self._edges if start < time < stop]
        outside = [edge for edge in self._edges if not start <= edge[0] <= stop]
        self._edges = sorted([*outside, *inverted, (stop, after)], key=lambda edge: edge[0])
        return self

    def samples(self, rate: Fraction) -> "NDArray[np.uint8]":
        """0 or 1 for each tick of a clock of `rate` Hz; one idle sample comes before and one after.

        Edges go to the nearest tick; the error does not add up.
        """
        import numpy as np  # here: whoever only names a UART's format need not wait for it to load

        per_ns = rate / 1_000_000_000
        ticks = [round(time * per_ns) for time, _ in self._edges] + [round(self._end * per_ns)]
        levels = np.array([level for _, level in self._edges], np.uint8)
        return np.concatenate(([_IDLE], np.repeat(levels, np.diff(ticks)), [_IDLE])).astype(np.uint8)

    def _level_at(self, time: Fraction) -> bool:
        if time >= self._end:
            return _IDLE
        return self._edges[bisect_right(self._edges, time, key=lambda edge: edge[0]) - 1][1]
