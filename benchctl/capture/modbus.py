"""Modbus RTU frames, from the characters of a UART line.

A silence of 3.5 character times ends a frame, one of more than 1.5 within a frame is an error (Modbus over
serial line V1.02, 2.5.1.1). A character counts 11 bits; above 19200 baud both are fixed, at 1750 and 750 µs.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.items import ItemDict, Items, join
from benchctl.capture.uart import UartDecoder, UartFormat
from benchctl.capture.waveform import Waveform

_CHARACTER_BITS = 11
_FAST_BAUD, _FAST_T15_NS, _FAST_T35_NS = 19200, 750_000.0, 1_750_000.0
_SHORTEST, _LONGEST = 4, 256  # bytes of a frame


@dataclass(frozen=True)
class Frame:
    """One frame on the line.

    Attributes:
        start_ns, end_ns: from its first start edge to the end of its last stop bit.
        data: all of it, address first, CRC last.
        error: "" or what is wrong: "character" (parity or framing), "short", "long", "crc", "t1.5".
        channel: the line it was on.
    """

    start_ns: int
    end_ns: int
    data: bytes
    error: str
    channel: str

    @property
    def address(self) -> int | None:
        """The address, 0 for a broadcast; None for an empty frame."""
        return self.data[0] if self.data else None

    @property
    def function(self) -> int | None:
        """The function code, with bit 7 set in an exception response; None when it is missing."""
        return self.data[1] if len(self.data) > 1 else None

    def item(self) -> ItemDict:
        """As the command line's JSON shows it; the value is the frame in hexadecimal."""
        return {
            "kind": "frame",
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "value": self.data.hex(),
            "error": self.error or None,
            "channel": self.channel,
        }


def silences_ns(baud: float) -> tuple[float, float]:
    """t1.5 and t3.5 in ns."""
    if baud > _FAST_BAUD:
        return _FAST_T15_NS, _FAST_T35_NS
    character = _CHARACTER_BITS * 1e9 / baud
    return 1.5 * character, 3.5 * character


class ModbusDecoder:
    """Decodes one line, chunk by chunk."""

    def __init__(self, channel: str, fmt: UartFormat) -> None:
        self.channel, self.format = channel, fmt
        self._uart = UartDecoder(channel, fmt)
        self._open: list[Items] = []
        self._end_ns: int | None = None  # of the last character
        self._tolerance_ns = 0.0

    def feed(self, chunk: Waveform) -> list[Frame]:
        """Frames that have ended; one that the chunk leaves open comes with a later chunk."""
        # A gap may come out this much too long or too short: both its ends are edges of the capture.
        self._tolerance_ns = 2 * chunk.edge_uncertainty_ns
        characters = self._uart.feed(chunk).where("data")
        if not len(characters):
            return []
        start_ns, end_ns = characters.start_ns, characters.end_ns
        before = start_ns[0] if self._end_ns is None else self._end_ns
        silence = start_ns - np.concatenate(([before], end_ns[:-1]))
        self._end_ns = int(end_ns[-1])
        t35 = silences_ns(self.format.baud)[1]
        ends = np.flatnonzero(silence >= t35 - self._tolerance_ns).tolist()
        frames: list[Frame] = []
        for place, (begin, end) in enumerate(pairwise([0, *ends, len(characters)])):
            if place:  # a silence comes before `begin`
                frames.append(self._frame(join(self._open)))
                self._open = []
            if end > begin:
                self._open.append(characters.take(np.arange(begin, end)))
        return frames

    def finish(self) -> list[Frame]:
        """The frame that was still open."""
        frames = [self._frame(join(self._open))] if self._open else []
        self._open = []
        return frames

    def _frame(self, characters: Items) -> Frame:
        data = characters.data()
        error = ""
        if characters.error.any():
            error = "character"
        elif len(data) < _SHORTEST:
            error = "short"
        elif len(data) > _LONGEST:
            error = "long"
        elif crc16(data) != 0:
            error = "crc"
        elif np.any(_gaps(characters) > silences_ns(self.format.baud)[0] + self._tolerance_ns):
            error = "t1.5"
        start_ns, end_ns = int(characters.start_ns[0]), int(characters.end_ns[-1])
        return Frame(start_ns, end_ns, data, error, self.channel)


def _gaps(characters: Items) -> NDArray[np.int64]:
    return characters.start_ns[1:] - characters.end_ns[:-1]


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def crc16(data: bytes) -> int:
    """Modbus CRC of `data`; 0 over a whole frame, whose last two bytes are the CRC, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def decode(waveform: Waveform, channel: str, fmt: UartFormat) -> list[Frame]:
    """Every frame on `channel` of a whole waveform."""
    decoder = ModbusDecoder(channel, fmt)
    return decoder.feed(waveform) + decoder.finish()
