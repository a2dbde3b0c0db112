"""SPI NOR flash commands, from the words of an SPI bus.

Opcodes and their phases are those that JEDEC parts agree on (JESD216 and the vendors' data sheets).
"""

from dataclasses import dataclass

import numpy as np

from benchctl.capture.items import ItemDict, Items


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
    0xB7: Opcode("enter 4-byte mode"),
    0xB9: Opcode("power-down"),
    0xC7: Opcode("chip erase"),
    0xD8: Opcode("block erase", 3),
    0xDC: Opcode("block erase 4-byte", 4),
    0xE9: Opcode("exit 4-byte mode"),
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


def commands(words: Items, *, four_byte: bool = False) -> list[Command]:
    """The commands in decoded SPI items (8-bit words, MOSI and MISO, with chip select), in order.

    Args:
        words: from `spi`; what comes before the first select edge or after the last deselect is left out.
        four_byte: True when the part is in 4-byte address mode at the start; the mode commands are followed.
    """
    select, deselect, data, partial = (
        words.kinds.index(kind) for kind in ("select", "deselect", "data", "partial")
    )
    begins = np.flatnonzero(words.kind == select)
    ends = np.flatnonzero(words.kind == deselect)
    start_ns = words.start_ns
    found = []
    for begin in begins.tolist():
        place = int(np.searchsorted(ends, begin))
        if place == len(ends):
            break
        end = int(ends[place])
        kinds = words.kind[begin:end]
        sent, got = (
            words.value[begin:end][(kinds == data) & (words.channel[begin:end] == words.channels.index(line))]
            for line in ("mosi", "miso")
        )
        command = _command(
            int(start_ns[begin]),
            int(start_ns[end]),
            sent.astype(np.uint8).tobytes(),
            got.astype(np.uint8).tobytes(),
            bool(np.any(kinds == partial)),
            four_byte,
        )
        if command.opcode in (0xB7, 0xE9):
            four_byte = command.opcode == 0xB7
        found.append(command)
    return found


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
