"""SPI: from transitions to words on MOSI and MISO."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.items import ItemColumns, Items
from benchctl.capture.transitions import States, Ticks
from benchctl.capture.waveform import Waveform, require_apart
from benchctl.errors import UserError

KINDS = ("data", "select", "deselect", "partial")
ERRORS = ("", "incomplete word")
CHANNELS = ("mosi", "miso", "cs", "clk")
_MOSI, _MISO, _CS, _CLK = range(len(CHANNELS))


@dataclass(frozen=True)
class SpiFormat:
    """How words look on the wires.

    Attributes:
        mode: 0 to 3, CPOL in bit 1, CPHA in bit 0.
        bits: bits of a word, 4 to 16.
        lsb_first: True when the least significant bit comes first.
        cs_active_high: True when a high chip select means selected.
    """

    mode: int = 0
    bits: int = 8
    lsb_first: bool = False
    cs_active_high: bool = False

    def __post_init__(self) -> None:
        if self.mode not in range(4):
            raise UserError(f"SPI has modes 0 to 3, not {self.mode}")
        if self.bits not in range(4, 17):
            raise UserError(f"SPI words of 4 to 16 bits can be decoded, not {self.bits}")

    @property
    def samples_on_rise(self) -> bool:
        """True when data is valid at the rising edge of the clock (modes 0 and 3)."""
        return self.mode in (0, 3)


class SpiDecoder:
    """Decodes one bus, chunk by chunk.

    Items: "data" for each word on "mosi" and on "miso", from its first sampling edge to one bit after its
    last; "select" and "deselect" of "cs"; "partial" with the error "incomplete word" where the chip select
    changed within a word. Without `cs` the words are counted from the start of the capture.

    Raises:
        UserError: neither `mosi` nor `miso` is given, or a channel is named for two lines. (MOSI and MISO
            may be one, as on a bus with a single data wire.)
    """

    def __init__(
        self, clk: str, mosi: str | None, miso: str | None, cs: str | None, fmt: SpiFormat | None = None
    ) -> None:
        if mosi is None and miso is None:
            raise UserError("there is no data line to decode", "name the MOSI or the MISO channel")
        require_apart({"the clock": clk, "MOSI": mosi, "chip select": cs})
        require_apart({"the clock": clk, "MISO": miso, "chip select": cs})
        self.clk, self.mosi, self.miso, self.cs = clk, mosi, miso, cs
        self.format = fmt or SpiFormat()
        self._ticks: Ticks = np.empty(0, dtype=np.int64)  # sampling edges of a word not yet complete
        self._states: States = np.empty(0, dtype=np.uint8)
        self._last: Waveform | None = None

    def feed(self, chunk: Waveform) -> Items:
        """Decode the next chunk; a word that it leaves open comes with a later chunk."""
        columns = ItemColumns(KINDS, ERRORS, CHANNELS)
        ticks, states = chunk.becoming(self.clk, self.format.samples_on_rise)
        breaks: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        if self.cs is not None:
            selected = np.flatnonzero(_high(states, chunk, self.cs) == self.format.cs_active_high)
            ticks, states = ticks[selected], states[selected]
            selects = chunk.edges(self.cs)
            self._add_selects(columns, chunk, selects)
            # A bit at the very tick of a select edge belongs to what follows the edge.
            breaks = np.searchsorted(ticks, selects) + len(self._ticks)
        ticks = np.concatenate((self._ticks, ticks))
        states = np.concatenate((self._states.astype(states.dtype), states))
        self._add_words(columns, chunk, ticks, states, breaks)
        self._last = chunk
        return columns.items(chunk.rate, chunk.origin_ns)

    def finish(self) -> Items:
        """What was still open: a word cut off by the end of the capture is not a word."""
        columns = ItemColumns(KINDS, ERRORS, CHANNELS)
        if self._last is None:
            raise ValueError("nothing was fed")
        return columns.items(self._last.rate, self._last.origin_ns)

    def _add_selects(self, columns: ItemColumns, chunk: Waveform, selects: Ticks) -> None:
        assert self.cs is not None
        selected = chunk.level_at(self.cs, selects) == self.format.cs_active_high
        kind = np.where(selected, KINDS.index("select"), KINDS.index("deselect")).astype(np.uint8)
        columns.add(kind, selects, selects, channel=_CS)

    def _add_words(
        self, columns: ItemColumns, chunk: Waveform, ticks: Ticks, states: States, breaks: NDArray[np.intp]
    ) -> None:
        """Add the words of all sampling edges; a new word begins at each of `breaks`."""
        size = self.format.bits
        begin = np.concatenate((np.zeros(1, dtype=np.intp), breaks))
        length = np.diff(np.append(begin, len(ticks)))
        words = length // size
        left = length - words * size
        open_from = len(ticks) - int(left[-1])
        cut = np.flatnonzero(left[:-1])
        columns.add(
            KINDS.index("partial"),
            ticks[(begin + words * size)[cut]],
            ticks[(begin + length - 1)[cut]] + 1,
            error=1,
            channel=_CLK,
        )
        if len(cut):
            first = np.repeat(begin, words) + size * _within(words)
            places = first[:, None] + np.arange(size)
            self._add_values(columns, chunk, ticks[places], states[places])
        else:  # nothing between the words: no need to gather
            self._add_values(
                columns, chunk, ticks[:open_from].reshape(-1, size), states[:open_from].reshape(-1, size)
            )
        self._ticks, self._states = ticks[open_from:].copy(), states[open_from:].copy()

    def _add_values(self, columns: ItemColumns, chunk: Waveform, ticks: Ticks, states: States) -> None:
        """Add words, given their sampling edges in rows: of each word first MOSI, then MISO."""
        if not len(ticks):
            return
        lines = [(name, code) for name, code in ((self.mosi, _MOSI), (self.miso, _MISO)) if name is not None]
        values = [_packed(_high(states, chunk, name), self.format) for name, _ in lines]
        columns.add(
            KINDS.index("data"),
            np.repeat(ticks[:, 0], len(lines)),
            np.repeat(2 * ticks[:, -1] - ticks[:, -2], len(lines)),
            np.stack(values, axis=1).ravel(),
            channel=np.tile(np.array([code for _, code in lines], dtype=np.uint8), len(ticks)),
        )


def _high(states: States, chunk: Waveform, name: str) -> NDArray[np.bool_]:
    high: NDArray[np.bool_] = states & states.dtype.type(1 << chunk.bit(name)) != 0
    return high


def _within(counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """0, 1, … counts[0]-1, 0, 1, … counts[1]-1, and so on."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _packed(levels: NDArray[np.bool_], fmt: SpiFormat) -> NDArray[np.uint16]:
    """Rows of bits in the order they were sent as numbers."""
    order: Literal["little", "big"] = "little" if fmt.lsb_first else "big"
    if fmt.bits % 8:
        octets = np.packbits(levels, axis=1, bitorder=order).astype(np.uint16)
    else:  # the rows fill whole bytes: packed in one run, which is much faster
        octets = np.packbits(levels.ravel(), bitorder=order).reshape(len(levels), -1).astype(np.uint16)
    if fmt.bits <= 8:
        value = octets[:, 0]
        return value if fmt.lsb_first else value >> np.uint16(8 - fmt.bits)
    if fmt.lsb_first:
        return octets[:, 0] | octets[:, 1] << np.uint16(8)
    return (octets[:, 0] << np.uint16(8) | octets[:, 1]) >> np.uint16(16 - fmt.bits)


def decode(
    waveform: Waveform,
    clk: str,
    mosi: str | None = None,
    miso: str | None = None,
    cs: str | None = None,
    fmt: SpiFormat | None = None,
) -> Items:
    """Every word of a whole waveform; see SpiDecoder."""
    return SpiDecoder(clk, mosi, miso, cs, fmt).feed(waveform)
