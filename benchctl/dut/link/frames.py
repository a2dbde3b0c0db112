"""Frames of the control link: COBS ended by a zero byte, with a CRC-16.

A frame is `length, type, sequence, payload, CRC-16/CCITT-FALSE (low byte first)`, COBS-encoded, with a zero
byte after it, so a receiver that starts in the middle of one finds the next. The length counts what follows
it, at most 255; it is never zero, so it stands unchanged behind the COBS code and tells the firmware, from
the first two bytes on, how long to wait for the rest.

Where something may be on the line before a frame, a zero in front ends that. A request and its answer follow
one another at once and do without: the adapter hands over what it has at each zero, and would do so twice.
"""

import binascii
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

_CRC_START = 0xFFFF
_LONGEST = 255
_OVERHEAD = 5  # length, type, sequence and CRC


class FrameType(IntEnum):
    """What a frame is; from 0x80 on it comes from the imp."""

    OPEN = 0x01  # begin a session; the payload is its number
    CALL = 0x02  # the last (or only) part of a request
    PART = 0x03  # an earlier part of a request too long for the imp's receive FIFO
    RESULT = 0x81
    THROWN = 0x82
    ACK = 0x83
    EVENT = 0x84
    HELLO = 0x85  # who is there, sent after a restart and as the answer to OPEN
    NAK = 0x86  # a damaged frame came in


@dataclass(frozen=True)
class Frame:
    """One frame. `sequence` numbers requests (and their answers), or events, modulo 256."""

    type: int
    sequence: int
    payload: bytes = b""

    def encode(self, *, afresh: bool = True) -> bytes:
        """The bytes on the wire; with a zero in front when they begin `afresh`."""
        length = min(len(self.payload) + _OVERHEAD - 1, _LONGEST)
        body = bytes([length, self.type, self.sequence]) + self.payload
        crc = binascii.crc_hqx(body, _CRC_START)
        encoded: bytes = cobs.encode(body + crc.to_bytes(2, "little"))
        return b"\0" * afresh + encoded + b"\0"


class FrameReader:
    """Cuts a byte stream into frames; counts what was damaged instead of raising."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.damaged = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by `data`, in order."""
        self._buffer += data
        frames: list[Frame] = []
        while (end := self._buffer.find(0)) >= 0:
            piece = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if piece:
                frame = self._decode(piece)
                if frame is None:
                    self.damaged += 1
                else:
                    frames.append(frame)
        return frames

    def _decode(self, piece: bytes) -> Frame | None:
        try:
            body: bytes = cobs.decode(piece)
        except cobs.DecodeError:
            return None
        check = int.from_bytes(body[-2:], "little")
        if len(body) < _OVERHEAD or binascii.crc_hqx(body[:-2], _CRC_START) != check:
            return None
        return Frame(body[1], body[2], body[3:-2])
