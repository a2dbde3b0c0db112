"""From data to edges: the inverse of the decoders, for stimuli, tests and benchmarks.

Ticks are 1 ns unless said otherwise; `sampling.sample` turns such a waveform into what a logic analyser
would have recorded of it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.spi import SpiFormat
from benchctl.capture.transitions import Ticks
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import NS_RATE, Waveform


def uart_bits(values: Sequence[int], fmt: UartFormat) -> NDArray[np.uint8]:
    """The levels of each frame's bits, shape (len(values), bits from start to first stop bit), idle high."""
    data = np.array(list(values), dtype=np.int64)
    frames = np.ones((len(data), fmt.stop_bit + 1), dtype=np.uint8)
    frames[:, 0] = 0
    for bit in range(fmt.bits):
        place = fmt.bits - bit if fmt.msb_first else 1 + bit
        frames[:, place] = data >> bit & 1
    if fmt.parity != "none":
        odd = frames[:, 1 : 1 + fmt.bits].sum(axis=1) & 1
        parity = {"even": odd, "odd": 1 - odd, "mark": np.ones_like(odd), "space": np.zeros_like(odd)}
        frames[:, 1 + fmt.bits] = parity[fmt.parity]
    return frames


def uart_edges(
    values: Sequence[int],
    fmt: UartFormat,
    *,
    start: float = 0.0,
    gaps: Sequence[float] | float = 0.0,
    rate: Fraction = NS_RATE,
) -> tuple[bool, Ticks]:
    """A UART line that sends `values`.

    Args:
        values: the characters.
        fmt: their format; `fmt.baud` is the baud rate really sent.
        start: tick of the first start edge.
        gaps: ticks of idle line after each character's last stop bit.
        rate: ticks per second.

    Returns:
        The initial level and the edge ticks.
    """
    if not len(values):
        return not fmt.invert, np.empty(0, dtype=np.int64)
    bit = float(rate) / fmt.baud
    frames = uart_bits(values, fmt)
    lengths = fmt.frame_bits * bit + np.broadcast_to(np.asarray(gaps, dtype=float), len(frames))
    starts = start + np.concatenate(([0.0], np.cumsum(lengths[:-1])))
    ticks = np.rint(starts[:, None] + np.arange(frames.shape[1]) * bit).astype(np.int64).ravel()
    levels = np.concatenate(([np.uint8(1)], frames.ravel()))
    return not fmt.invert, ticks[levels[1:] != levels[:-1]]


class Pattern:
    """Draws levels over time: set a line, wait, set another; the result is a waveform.

    Args:
        levels: the channels and their initial levels.
        rate: ticks per second.
    """

    def __init__(self, levels: Mapping[str, bool | int], rate: Fraction = NS_RATE) -> None:
        self._initial = {name: bool(level) for name, level in levels.items()}
        self._now = dict(self._initial)
        self._edges: dict[str, list[int]] = {name: [] for name in levels}
        self._rate = rate
        self.tick = 0

    def set(self, name: str, level: bool | int) -> None:
        """Drive `name` to `level` from now on."""
        if self._now[name] != bool(level):
            self._now[name] = bool(level)
            self._edges[name].append(self.tick)

    def wait(self, ticks: int) -> None:
        """Let `ticks` pass."""
        self.tick += ticks

    def waveform(self) -> Waveform:
        """Everything drawn so far."""
        channels = {name: (self._initial[name], edges) for name, edges in self._edges.items()}
        return Waveform.from_edges(channels, self.tick, self._rate)


class SpiPattern(Pattern):
    """An SPI bus on "clk", "mosi", "miso", "cs"; `quarter` is a quarter of a clock period in ticks."""

    def __init__(self, fmt: SpiFormat, quarter: int = 25) -> None:
        idle = fmt.mode >> 1
        super().__init__({"clk": idle, "mosi": 0, "miso": 0, "cs": not fmt.cs_active_high})
        self._fmt, self._quarter, self._idle = fmt, quarter, idle
        self.wait(8 * quarter)

    def select(self, selected: bool) -> None:
        """Drive the chip select, with two clock periods around the edge."""
        self.wait(4 * self._quarter)
        self.set("cs", selected == self._fmt.cs_active_high)
        self.wait(4 * self._quarter)

    def bit(self, mosi: int, miso: int) -> None:
        """One clock period."""
        late = self._fmt.mode & 1
        if late:
            self.set("clk", not self._idle)
        self.set("mosi", mosi)
        self.set("miso", miso)
        self.wait(2 * self._quarter)
        self.set("clk", self._idle if late else not self._idle)
        self.wait(2 * self._quarter)
        if not late:
            self.set("clk", self._idle)

    def word(self, mosi: int, miso: int = 0) -> None:
        """One word in each direction."""
        places = range(self._fmt.bits)
        for place in places if self._fmt.lsb_first else reversed(places):
            self.bit(mosi >> place & 1, miso >> place & 1)


class I2cPattern(Pattern):
    """An I²C bus with channels "scl" and "sda"; `quarter` is a quarter of a clock period in ticks."""

    def __init__(self, quarter: int = 2500) -> None:
        super().__init__({"scl": 1, "sda": 1})
        self._quarter = quarter
        self.wait(8 * quarter)

    def start(self) -> None:
        """A START condition, repeated when the bus is busy."""
        self.set("sda", 1)
        self.wait(self._quarter)
        self.set("scl", 1)
        self.wait(2 * self._quarter)
        self.set("sda", 0)
        self.wait(2 * self._quarter)
        self.set("scl", 0)
        self.wait(self._quarter)

    def stop(self) -> None:
        """A STOP condition, with the bus free time after it."""
        self.set("sda", 0)
        self.wait(self._quarter)
        self.set("scl", 1)
        self.wait(2 * self._quarter)
        self.set("sda", 1)
        self.wait(4 * self._quarter)

    def bit(self, level: int, stretch: int = 0) -> None:
        """One clock pulse; a target holds SCL low `stretch` ticks longer."""
        self.set("sda", level)
        self.wait(self._quarter + stretch)
        self.set("scl", 1)
        self.wait(2 * self._quarter)
        self.set("scl", 0)
        self.wait(self._quarter)

    def byte(self, value: int, *, nack: bool = False, stretch: int = 0) -> None:
        """Eight bits and their acknowledge bit, stretched before the latter."""
        for place in reversed(range(8)):
            self.bit(value >> place & 1)
        self.bit(nack, stretch)
