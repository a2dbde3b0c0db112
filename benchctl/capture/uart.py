"""UART: from edges to characters.

A receiver looks at the middle of each bit, counted from the falling edge of the start bit, and after the
middle of the first stop bit waits for the next falling edge. The middles are rounded as sigrok's uart
decoder rounds them, so that both resynchronise alike after an error.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf

import numpy as np
from numpy.typing import NDArray

from benchctl.capture import chain
from benchctl.capture.items import ItemColumns, Items, join
from benchctl.capture.transitions import Ticks
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

KINDS = ("data", "break", "start")
ERRORS = ("", "framing", "parity", "short stop", "break", "false start")
PARITIES = ("none", "odd", "even", "mark", "space")
Words = NDArray[np.uint16]  # one frame each, bit n being the n-th on the wire
_FRAMING, _PARITY, _SHORT_STOP, _BREAK, _FALSE_START = range(1, len(ERRORS))

# Edges handled in one go; the arrays made of them stay in the cache.
_BLOCK = 1 << 16
# Frames of at most so many ticks have a table of what an edge toggles, by its distance from the start edge.
_LONGEST_TABLE = 1 << 16
# Falling edges within one frame that are looked for one by one before a search has to find the rest.
_NEAR = 6


@dataclass(frozen=True)
class UartFormat:
    """How characters look on the wire.

    Attributes:
        baud: bit/s.
        bits: data bits, 5 to 9.
        parity: one of PARITIES.
        stop: 1, 1.5 or 2.
        invert: True when the line idles low.
        msb_first: True when the most significant data bit comes first.
    """

    baud: float
    bits: int = 8
    parity: str = "none"
    stop: float = 1.0
    invert: bool = False
    msb_first: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.baud < inf:
            raise UserError(f"a baud rate of {self.baud:g} is not possible", "give bit/s above 0")
        if self.bits not in range(5, 10):
            raise UserError(f"a UART character has 5 to 9 data bits, not {self.bits}")
        if self.parity not in PARITIES:
            raise UserError(f"unknown parity {self.parity!r}", f"choose {', '.join(PARITIES)}")
        if self.stop not in (1, 1.5, 2):
            raise UserError(f"{self.stop} stop bits are not possible", "choose 1, 1.5 or 2")

    @property
    def frame_bits(self) -> float:
        """Bit times from the start edge to the end of the last stop bit."""
        return self.stop_bit + self.stop

    @property
    def stop_bit(self) -> int:
        """Index of the first stop bit; the start bit has index 0."""
        return 1 + self.bits + (self.parity != "none")


class UartDecoder:
    """Decodes one line, chunk by chunk.

    Items: "data" from the start edge to the end of the last stop bit, at the nominal baud rate, with the
    error "framing" (the first stop bit is low), "parity" or "short stop" (the next start edge comes before
    the second stop bit is over); "break" for a low period of a frame or more; "start" with the error
    "false start" for a falling edge whose start bit is high again in its middle.

    Raises:
        UserError: no such channel, or fewer than two samples per bit.
    """

    def __init__(self, channel: str, fmt: UartFormat) -> None:
        self.channel, self.format = channel, fmt
        self._pending: Ticks = np.empty(0, dtype=np.int64)
        self._level: bool | None = None  # before the first pending edge
        self._resume = -1  # edges up to this tick cannot start a frame
        self._low_since: int | None = None
        self._rate = Fraction(0)
        self._origin_ns = 0

    def feed(self, chunk: Waveform) -> Items:
        """Decode the next chunk; a frame that it leaves open comes with a later chunk."""
        if self._level is None:
            self._start(chunk)
        edges = chunk.edges(self.channel)
        tables = []
        for at in range(0, max(len(edges), 1), _BLOCK):
            block = edges[at : at + _BLOCK]
            known_to = int(edges[at + _BLOCK]) if at + _BLOCK < len(edges) else chunk.end
            tables.append(self._decode(block, known_to))
        return join(tables)

    def finish(self) -> Items:
        """What was still open: nothing, a frame cut off by the end of the capture is not a character."""
        return ItemColumns(KINDS, ERRORS, (self.channel,)).items(self._rate, self._origin_ns)

    def _start(self, chunk: Waveform) -> None:
        self._rate, self._origin_ns = chunk.rate, chunk.origin_ns
        self._level = chunk.initial_level(self.channel) ^ self.format.invert
        # A small denominator keeps the whole numbers below within 64 bits.
        bit = (chunk.rate / Fraction(self.format.baud)).limit_denominator(1 << 16)
        if bit < 2:
            raise UserError(
                f"{float(chunk.rate):g} samples/s are too few for {self.format.baud:g} baud",
                "capture at four times the baud rate or more",
            )
        self._bit = bit
        self._middles = [ceil((bit - 1) / 2 + n * bit) for n in range(self.format.stop_bit + 1)]
        self._frame = self.format.frame_bits * float(bit)
        self._break_ticks = ceil(self.format.frame_bits * bit)
        last = self._middles[-1] + 1
        self._table = self._toggled(np.arange(last + 1)) if last <= _LONGEST_TABLE else None

    def _decode(self, new: Ticks, known_to: int) -> Items:
        columns = ItemColumns(KINDS, ERRORS, (self.channel,))
        carried = len(self._pending)
        edges = np.concatenate((self._pending, new)) if carried else new
        falls_first = bool(self._level)
        falling = edges[0 if falls_first else 1 :: 2].copy()
        glitched, open_after = self._next_start_ticks(edges, falling, falls_first)
        successor = _successors(falling, open_after)
        first = int(np.searchsorted(falling, self._resume, side="right"))
        starts = chain.follow(successor, first)
        # A frame is known once its last look at the line is; with more stop bits, once they are over.
        needed = max(self._middles[-1], ceil(self._frame) if self.format.stop > 1 else 0)
        known = int(np.searchsorted(falling[starts], known_to - needed))
        starts, rest = starts[:known], starts[known:]
        if len(starts):
            self._resume = int(open_after[starts[-1]])
        self._add_frames(columns, edges, falling, starts, successor, glitched, falls_first)
        self._add_breaks(columns, new, carried)
        keep = len(edges)
        if len(rest):
            keep = 2 * int(rest[0]) + (0 if falls_first else 1)
        self._pending = edges[keep:].copy()
        self._level = falls_first ^ bool(keep & 1)
        return columns.items(self._rate, self._origin_ns)

    def _next_start_ticks(
        self, edges: Ticks, falling: Ticks, falls_first: bool
    ) -> tuple[NDArray[np.intp], Ticks]:
        """Falling edges that are no start bit, and for each falling edge the tick its frame is done with."""
        middle = self._middles[0]
        rising = edges[1 if falls_first else 2 :: 2]
        early = np.flatnonzero(rising <= falling[: len(rising)] + middle)
        toggles = np.searchsorted(edges, falling[early] + middle, side="right")
        own = 2 * early + (1 if falls_first else 2)
        glitched = early[(toggles - own) & 1 == 1]
        done = falling + self._middles[-1]
        done[glitched] = falling[glitched] + middle
        return glitched, done

    def _add_frames(
        self,
        columns: ItemColumns,
        edges: Ticks,
        falling: Ticks,
        starts: NDArray[np.intp],
        successor: NDArray[np.intp],
        glitched: NDArray[np.intp],
        falls_first: bool,
    ) -> None:
        if not len(starts):
            return
        start = falling[starts]
        words = self._words(edges, starts * 2 + (0 if falls_first else 1), start)
        end = np.rint(start + self._frame).astype(np.int64)
        error = self._errors(words)
        if self.format.stop > 1:
            after = successor[starts]
            followed = after < len(falling)
            gap = falling[after[followed]] - start[followed]
            short = np.zeros(len(starts), dtype=bool)
            short[followed] = gap < self._frame - float(self._bit) / 2
            error[short & (error == 0)] = _SHORT_STOP
        if len(glitched):
            false = np.isin(starts, glitched, assume_unique=True)
            bit = np.rint(start[false] + float(self._bit)).astype(np.int64)
            columns.add(KINDS.index("start"), start[false], bit, error=_FALSE_START)
            good = ~false
            start, end, words, error = start[good], end[good], words[good], error[good]
        columns.add(KINDS.index("data"), start, end, self._values(words), error)

    def _words(self, edges: Ticks, own: NDArray[np.intp], start: Ticks) -> Words:
        """The levels in the middle of each bit of each frame: bit n of a word is bit n of the frame."""
        count = np.diff(np.append(own, len(edges)))
        after = edges[own[0] :] - np.repeat(start, count)
        toggled = self._toggled(after) if self._table is None else self._table.take(after, mode="clip")
        words: Words = np.bitwise_xor.reduceat(toggled, own - own[0])
        return words

    def _toggled(self, after: Ticks) -> Words:
        """The bits of a frame that an edge toggles which comes so many ticks after the start edge.

        Those are all bits whose middle is not before it: bit ((2·after - 1)·baud + rate) // (2·rate) and
        later ones. That is the middle of bit n, (bit - 1)/2 + n·bit rounded up, solved for n in whole
        numbers. The start edge itself toggles none.
        """
        ratio = self._bit
        first = ((2 * after - 1) * ratio.denominator + ratio.numerator) // (2 * ratio.numerator)
        bits = self.format.stop_bit + 1
        full = (1 << bits) - 1
        toggled = full << np.minimum(first, bits) & full
        toggled[after == 0] = 0
        return toggled.astype(np.uint16)

    def _values(self, words: Words) -> Words:
        bits = self.format.bits
        data = (words >> np.uint16(1)) & np.uint16((1 << bits) - 1)
        return _reversed(bits)[data] if self.format.msb_first else data

    def _errors(self, words: Words) -> NDArray[np.uint8]:
        fmt = self.format
        error = np.zeros(len(words), dtype=np.uint8)
        if fmt.parity != "none":
            if fmt.parity in ("mark", "space"):
                odd = (words >> np.uint16(1 + fmt.bits)) & np.uint16(1)
                wanted = fmt.parity == "mark"
            else:
                odd = np.bitwise_count(words & np.uint16((1 << fmt.stop_bit) - 2)) & 1
                wanted = fmt.parity == "odd"
            error[odd != wanted] = _PARITY
        error[(words >> np.uint16(fmt.stop_bit)) & np.uint16(1) == 0] = _FRAMING
        return error

    def _add_breaks(self, columns: ItemColumns, new: Ticks, carried: int) -> None:
        if not len(new):
            return
        was_high = bool(self._level) ^ bool(carried & 1)
        if not was_high and self._low_since is not None:
            before = np.array([self._low_since], dtype=np.int64)
            falls = np.concatenate((before, new[1::2]))
            rises = new[0::2]
        else:
            falls, rises = (new[0::2], new[1::2]) if was_high else (new[1::2], new[2::2])
        ended = falls[: len(rises)]
        long = np.flatnonzero(rises - ended >= self._break_ticks)
        columns.add(KINDS.index("break"), ended[long], rises[long], error=_BREAK)
        self._low_since = int(falls[-1]) if len(falls) > len(rises) else None


def _successors(falling: Ticks, done: Ticks) -> NDArray[np.intp]:
    """For each falling edge the index of the first one after its frame is done with."""
    count = len(falling)
    skipped = np.zeros(count, dtype=np.uint8)
    for ahead in range(1, min(_NEAR, count)):
        skipped[:-ahead] += (falling[ahead:] <= done[:-ahead]).view(np.uint8)
    successor = np.arange(1, count + 1, dtype=np.intp) + skipped
    # Noise has more edges in a frame than any character: the few such places are searched.
    reach = np.minimum(successor, count - 1)
    noisy = np.flatnonzero((falling[reach] <= done) & (successor < count))
    successor[noisy] = np.searchsorted(falling, done[noisy], side="right")
    return successor


def _reversed(bits: int) -> Words:
    """Every value of `bits` bits with its bits in reverse order."""
    values = np.arange(1 << bits, dtype=np.uint16)
    result = np.zeros_like(values)
    for bit in range(bits):
        result |= ((values >> np.uint16(bit)) & np.uint16(1)) << np.uint16(bits - 1 - bit)
    return result


def decode(waveform: Waveform, channel: str, fmt: UartFormat) -> Items:
    """Every character on `channel` of a whole waveform; see UartDecoder."""
    return UartDecoder(channel, fmt).feed(waveform)
