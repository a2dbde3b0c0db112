"""I²C: from transitions to conditions, addresses, data and acknowledge bits.

A START or STOP condition ends whatever came before it, also within a byte (UM10204, 3.1.4): that is a bus
error, and decoding goes on from there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.items import ItemColumns, Items, join
from benchctl.capture.transitions import States, Ticks
from benchctl.capture.waveform import Waveform, require_apart

KINDS = (
    "start",
    "repeated start",
    "stop",
    "address write",
    "address read",
    "address low",
    "data write",
    "data read",
    "ack",
    "nack",
    "partial",
)
ERRORS = ("", "nack", "bus error", "no acknowledge bit")
CHANNELS = ("sda",)
(
    _START,
    _REPEATED,
    _STOP,
    _ADDRESS_WRITE,
    _ADDRESS_READ,
    _ADDRESS_LOW,
    _DATA_WRITE,
    _DATA_READ,
    _ACK,
    _NACK,
    _PARTIAL,
) = range(len(KINDS))
_REFUSED, _BUS_ERROR, _NO_ACK_BIT = range(1, len(ERRORS))

# 1111 0xx: the first byte of a 10-bit address (UM10204, 3.1.11).
_TEN_BIT_MASK, _TEN_BIT = 0xF8, 0xF0


@dataclass
class _Open:
    """A transfer that a chunk left open: its bits since the last whole byte, and what came before them."""

    active: bool  # a START has been seen, and no STOP since
    ticks: Ticks
    levels: NDArray[np.bool_]
    byte: int = 0  # bytes of this transfer already given out
    reads: bool = False
    high: int = -1  # the upper two bits of a 10-bit address whose second byte is still to come


class I2cDecoder:
    """Decodes one bus, chunk by chunk.

    Items, all on channel "sda": "start", "repeated start", "stop" (no length); "address write", "address
    read" with the 7-bit address, "data write", "data read", from the first SCL edge of the byte; "ack" and
    "nack". The second byte of a 10-bit address is "address low" with the whole address as its value. A
    "nack" has the error "nack" unless it ends a read as it should. A byte cut short by a condition is
    "partial" with the error "bus error".
    """

    def __init__(self, scl: str, sda: str) -> None:
        require_apart({"SCL": scl, "SDA": sda})
        self.scl, self.sda = scl, sda
        self._open = _Open(False, np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))
        self._last: Waveform | None = None

    def feed(self, chunk: Waveform) -> Items:
        """Decode the next chunk; a byte that it leaves open comes with a later chunk."""
        self._last = chunk
        columns = ItemColumns(KINDS, ERRORS, CHANNELS)
        clocks, conditions, falls = self._events(chunk)
        ticks = np.concatenate((self._open.ticks, chunk.times[clocks]))
        sda = chunk.states.dtype.type(1 << chunk.bit(self.sda))
        levels = np.concatenate((self._open.levels, (chunk.states[clocks] & sda).astype(bool)))
        at = chunk.times[conditions]
        # Transfer 0 is the one left open, or the idle bus; each condition begins another.
        begin = np.concatenate(([0], np.searchsorted(clocks, conditions) + len(self._open.ticks)))
        active = np.concatenate(([self._open.active], falls))
        repeated = falls & active[:-1]
        kind = np.where(falls, np.where(repeated, _REPEATED, _START), _STOP).astype(np.uint8)
        stray = ~falls & ~active[:-1]
        columns.add(kind[~stray], at[~stray], at[~stray])
        self._add_transfers(columns, ticks, levels, begin, active)
        return columns.items(chunk.rate, chunk.origin_ns)

    def finish(self) -> Items:
        """The last byte when only its acknowledge bit is missing."""
        if self._last is None:
            raise ValueError("nothing was fed")
        columns = ItemColumns(KINDS, ERRORS, CHANNELS)
        if self._open.active and len(self._open.ticks) == 8:
            begin = np.array([0, 8], dtype=np.intp)
            self._add_transfers(columns, self._open.ticks, self._open.levels, begin, np.array([True, False]))
        return columns.items(self._last.rate, self._last.origin_ns)

    def _events(self, chunk: Waveform) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """Indices of rising SCL edges, of START and STOP conditions, and which of the latter are STARTs."""
        states = chunk.states
        before: States = np.empty_like(states)
        before[1:] = states[:-1]
        before[:1] = chunk.initial
        scl = states.dtype.type(1 << chunk.bit(self.scl))
        sda = states.dtype.type(1 << chunk.bit(self.sda))
        changed = states ^ before
        clocks = np.flatnonzero((changed & states & scl).astype(bool))
        # SDA moves while SCL is high, and was already before.
        conditions = np.flatnonzero(((changed & sda).astype(bool)) & ((states & before & scl).astype(bool)))
        falls = ~(states[conditions] & sda).astype(bool)
        return clocks, conditions, falls

    def _add_transfers(
        self,
        columns: ItemColumns,
        ticks: Ticks,
        levels: NDArray[np.bool_],
        begin: NDArray[np.intp],
        active: NDArray[np.bool_],
    ) -> None:
        """Add the bytes of transfers that begin at bits `begin`; the last one stays open."""
        length = np.diff(np.append(begin, len(ticks)))
        length[~active] = 0
        count = (length + 1) // 9  # eight bits are a byte, even if the ninth never came
        count[-1] = length[-1] // 9
        left = np.maximum(0, length - 9 * count)
        cut = np.flatnonzero(left[:-1] > 1)  # one SCL edge belongs to the condition itself
        last_bit = begin + length - 1
        columns.add(_PARTIAL, ticks[(begin + 9 * count)[cut]], ticks[last_bit[cut]] + 1, error=_BUS_ERROR)
        transfer = np.repeat(np.arange(len(begin)), count)
        within = np.arange(len(transfer)) - np.repeat(np.cumsum(count) - count, count)
        first = begin[transfer] + 9 * within
        order = within + np.where(transfer == 0, self._open.byte, 0)
        bits = levels[np.minimum(first[:, None] + np.arange(8), max(0, len(levels) - 1))]
        octets = np.packbits(bits, axis=1)[:, 0].astype(np.int64)
        self._add_bytes(
            columns, ticks, levels, first, last_bit[transfer], octets, transfer, order, len(begin)
        )
        tail = len(ticks) - int(left[-1])
        self._open.active = bool(active[-1])
        self._open.byte = int(count[-1]) + (self._open.byte if len(begin) == 1 else 0)
        self._open.ticks, self._open.levels = ticks[tail:].copy(), levels[tail:].copy()

    def _add_bytes(
        self,
        columns: ItemColumns,
        ticks: Ticks,
        levels: NDArray[np.bool_],
        first: NDArray[np.intp],
        last_bit: NDArray[np.intp],
        octets: NDArray[np.int64],
        transfer: NDArray[np.intp],
        order: NDArray[np.intp],
        transfers: int,
    ) -> None:
        head = np.flatnonzero(order == 0)
        reads_of, high_of = np.zeros(transfers, dtype=bool), np.full(transfers, -1)
        reads_of[0], high_of[0] = self._open.reads, self._open.high
        reads_of[transfer[head]] = octets[head] & 1 == 1
        ten = head[(octets[head] & (_TEN_BIT_MASK | 1)) == _TEN_BIT]
        high_of[transfer[head]] = -1
        high_of[transfer[ten]] = octets[ten] >> 1 & 3
        self._open.reads, self._open.high = bool(reads_of[-1]), int(high_of[-1])
        reads, is_head = reads_of[transfer], order == 0
        is_low = (order == 1) & (high_of[transfer] >= 0)
        kind = np.where(reads, _DATA_READ, _DATA_WRITE)
        kind[is_head] = np.where(reads[is_head], _ADDRESS_READ, _ADDRESS_WRITE)
        kind[is_low] = _ADDRESS_LOW
        value = np.where(is_head, octets >> 1, octets)
        value[is_low] = high_of[transfer[is_low]] << 8 | octets[is_low]
        eighth = ticks[first + 7]
        bit = eighth - ticks[first + 6]
        answered = first + 8 <= last_bit
        error = np.where(answered, 0, _NO_ACK_BIT).astype(np.uint8)
        end = eighth + np.where(is_head, 0, bit)
        columns.add(kind.astype(np.uint8), ticks[first], end, value, error)
        ninth = first[answered] + 8
        refused = levels[ninth]
        at_fault = refused & (kind[answered] != _DATA_READ)
        columns.add(
            np.where(refused, _NACK, _ACK).astype(np.uint8),
            ticks[ninth],
            ticks[ninth] + bit[answered],
            error=np.where(at_fault, _REFUSED, 0).astype(np.uint8),
        )


def decode(waveform: Waveform, scl: str, sda: str) -> Items:
    """Everything on the bus of a whole waveform; see I2cDecoder."""
    decoder = I2cDecoder(scl, sda)
    return join([decoder.feed(waveform), decoder.finish()])
