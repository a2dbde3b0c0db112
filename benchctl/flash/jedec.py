"""JEDEC ID: what a serial flash answers to 9Fh (JEP106 manufacturer code, then two bytes of its own)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from benchctl.data import load_data

_CONTINUATION = 0x7F
_CONTINUATIONS_MAX = 12
READ_LENGTH = 3 + _CONTINUATIONS_MAX
"""Bytes to read so that the longest ID there can be is in them."""


@dataclass(frozen=True)
class JedecId:
    """The parts of an ID.

    Attributes:
        manufacturer: JEP106 code with its parity bit, as sent.
        kind: memory type, the maker's own coding.
        capacity: the maker's own coding, mostly the exponent of the size in bytes.
        bank: continuation codes (7Fh) sent before the manufacturer.
    """

    manufacturer: int
    kind: int
    capacity: int
    bank: int = 0

    @staticmethod
    def decode(answer: bytes) -> "JedecId | None":
        """The ID in what 9Fh read; None when nothing answered (all ones, all zeros) or it is too short."""
        bank = 0
        while bank < min(len(answer), _CONTINUATIONS_MAX) and answer[bank] == _CONTINUATION:
            bank += 1
        code = answer[bank : bank + 3]
        if len(code) < 3 or code[0] in (0x00, _CONTINUATION, 0xFF):
            return None
        return JedecId(code[0], code[1], code[2], bank)

    @property
    def number(self) -> int:
        """The three bytes as one number, as hardware.spiflash.chipid() gives it (node/2550)."""
        return self.manufacturer << 16 | self.kind << 8 | self.capacity

    @property
    def maker(self) -> str:
        """The maker's name, or its code when that is not a known one."""
        code = f"manufacturer {self.manufacturer:02X}h"
        if self.bank:
            return f"{code} in bank {self.bank + 1}"
        return _makers().get(self.manufacturer, code)

    def __str__(self) -> str:
        return " ".join(["7F"] * self.bank + [f"{self.number:06X}"])


@cache
def _makers() -> Mapping[int, str]:
    makers: Mapping[int, str] = load_data("benchctl.flash", "manufacturers.yaml")
    return makers
