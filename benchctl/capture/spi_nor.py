"""SPI NOR flash commands, from the words of an SPI bus.

Opcodes and their phases are those that JEDEC parts agree on (JESD216 and the vendors' data sheets).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from benchctl.capture.items import ItemDict, Items
from benchctl.capture.spi import SpiDecoder, SpiFormat
from benchctl.capture.waveform import Waveform

_ENTER_4_BYTE, _EXIT_4_BYTE = 0xB7, 0xE9


@dataclass(frozen=True)
class Opcode:
    """A command: its name, its address bytes, dummy bytes, and which way its data goes ("", "in", "out")."""

    name: str
    address: int = 0
    dummy: int = 0
    data: str = ""


OPCODES = {
    0x01: Opcode("write status", data="out"),
    0x02: Opcode("page program", 3, data="out"),
    0x03: Opcode("read", 3, data="in"),
    0x04: Opcode("write disable"),
    0x05: Opcode("read status", data="in"),
    0x06: Opcode("write enable"),
    0x0B: Opcode("fast read", 3, 1, "in"),
    0x0C: Opcode("fast read 4-byte", 4, 1, "in"),
    0x12: Opcode("page program 4-byte", 4, data="out"),
    0x13: Opcode("read 4-byte", 4, data="in"),
    0x15: Opcode("read configuration", data="in"),
    0x20: Opcode("sector erase", 3),
    0x21: Opcode("sector erase 4-byte", 4),
    0x35: Opcode("read status 2", data="in"),
    0x52: Opcode("half block erase", 3),
    0x5A: Opcode("read SFDP", 3, 1, "in"),
    0x60: Opcode("chip erase"),
    0x66: Opcode("reset enable"),
    0x90: Opcode("read manufacturer", 3, data="in"),
    0x99: Opcode("reset"),
    0x9F: Opcode("read JEDEC ID", data="in"),
    0xAB: Opcode("release power-down", dummy=3, data="in"),
    _ENTER_4_BYTE: Opcode("enter 4-byte mode"),
    0xB9: Opcode("power-down"),
    0xC7: Opcode("chip erase"),
    0xD8: Opcode("block erase", 3),
    0xDC: Opcode("block erase 4-byte", 4),
    _EXIT_4_BYTE: Opcode("exit 4-byte mode"),
}


@dataclass(frozen=True)
class Command:
    """One command, from the select edge to the deselect edge.

    Attributes:
        start_ns, end_ns: bench time.
        opcode: the first byte; -1 when none came.
        name: from OPCODES, or "unknown".
        address: None for a command without one.
        data: what was written or read after address and dummy bytes.
        error: "" or "incomplete" when the command was cut short, "unknown opcode", or "partial byte".
    """

    start_ns: int
    end_ns: int
    opcode: int
    name: str
    address: int | None
    data: bytes
    error: str

    def item(self) -> ItemDict:
        """As the command line's JSON shows it; the value is the data in hexadecimal."""
        place = "" if self.address is None else f" {self.address:#08x}"
        return {
            "kind": f"{self.name}{place}",
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "value": self.data.hex(),
            "error": self.error or None,
            "channel": "cs",
        }


@dataclass
class _Selected:
    """What has been seen since the chip was selected."""

    start_ns: int
    sent: bytearray = field(default_factory=bytearray)
    got: bytearray = field(default_factory=bytearray)
    partial: bool = False


class CommandReader:
    """Reads commands from decoded SPI items (8-bit words, MOSI and MISO, with chip select), table by table.

    What comes before the first select edge or after the last deselect is left out.

    Args:
        four_byte: True when the part is in 4-byte address mode at the start; the mode commands are followed.
    """

    def __init__(self, *, four_byte: bool = False) -> None:
        self._four_byte = four_byte
        self._selected: _Selected | None = None

    def feed(self, words: Items) -> list[Command]:
        """Commands that have ended; one that is still selected comes with a later table."""
        select, deselect = words.kinds.index("select"), words.kinds.index("deselect")
        marks = np.flatnonzero((words.kind == select) | (words.kind == deselect)).tolist()
        start_ns = words.start_ns
        found = []
        self._add(words, 0, marks[0] if marks else len(words))
        for at, end in pairwise([*marks, len(words)]):
            if words.kind[at] == select:
                self._selected = _Selected(int(start_ns[at]))
            elif self._selected is not None:
                found.append(self._finished(self._selected, int(start_ns[at])))
                self._selected = None
            self._add(words, at + 1, end)
        return found

    def _add(self, words: Items, begin: int, end: int) -> None:
        if self._selected is None or begin >= end:
            return
        piece = words.take(np.arange(begin, end))
        self._selected.sent += piece.data(channel="mosi")
        self._selected.got += piece.data(channel="miso")
        self._selected.partial |= len(piece.where("partial")) > 0

    def _finished(self, seen: _Selected, end_ns: int) -> Command:
        command = _command(
            seen.start_ns, end_ns, bytes(seen.sent), bytes(seen.got), seen.partial, self._four_byte
        )
        if command.opcode in (_ENTER_4_BYTE, _EXIT_4_BYTE):
            self._four_byte = command.opcode == _ENTER_4_BYTE
        return command


def commands(words: Items, *, four_byte: bool = False) -> list[Command]:
    """The commands in the items of a whole capture, in order."""
    return CommandReader(four_byte=four_byte).feed(words)


class NorDecoder:
    """Decodes a bus with a serial NOR flash on it, chunk by chunk.

    Raises:
        UserError: see `SpiDecoder`.
    """

    def __init__(
        self,
        clk: str,
        mosi: str,
        miso: str,
        cs: str,
        fmt: SpiFormat | None = None,
        *,
        four_byte: bool = False,
    ) -> None:
        self._bus = SpiDecoder(clk, mosi, miso, cs, fmt)
        self._reader = CommandReader(four_byte=four_byte)

    def feed(self, chunk: Waveform) -> list[Command]:
        """Commands that have ended."""
        return self._reader.feed(self._bus.feed(chunk))

    def finish(self) -> list[Command]:
        """Nothing: a command without its deselect edge is not known to be one."""
        return self._reader.feed(self._bus.finish())


def _command(start: int, end: int, sent: bytes, got: bytes, partial: bool, four_byte: bool) -> Command:
    opcode = sent[0] if sent else -1
    known = OPCODES.get(opcode)
    if known is None:
        return Command(
            start, end, opcode, "unknown", None, sent[1:], "unknown opcode" if sent else "incomplete"
        )
    width = 4 if known.address == 3 and four_byte and opcode not in (0x5A, 0x90) else known.address
    head = 1 + width + known.dummy
    address = int.from_bytes(sent[1 : 1 + width], "big") if width and len(sent) > width else None
    # A release from power-down that nobody reads needs no dummy bytes.
    needed = 1 + width if opcode == 0xAB else head
    error = "incomplete" if len(sent) < needed else "partial byte" if partial else ""
    data = {"in": got[head:], "out": sent[head:], "": b""}[known.data]
    return Command(start, end, opcode, known.name, address, data, error)
