"""What the status registers of a chip protect from being programmed and erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from benchctl.flash.jedec import JedecId

_BP_SHIFT = 2
_USUAL_BP_MASK = 0x3C  # BP0 to BP3 wherever a maker has them
_SECTOR_UNIT, _SECTOR_LIMIT = 0x1000, 0x8000
_READ_STATUS = 0x05


@dataclass(frozen=True)
class Protection:
    """The protected span [first, last) in bytes, equal when nothing is.

    Attributes:
        status: the status registers as read, in the order of `Rule.registers`.
        known: the rule of this chip is known; otherwise any BP bit counts as protecting everything.
        individual: locks of single blocks are in force instead, so that everything counts as protected.
        locked: the status registers are locked by their own bits, as far as the WP pin agrees.
    """

    first: int
    last: int
    status: tuple[int, ...]
    known: bool
    individual: bool = False
    locked: bool = False

    def covers(self, start: int, end: int) -> bool:
        """True when any byte of [start, end) is protected."""
        return max(start, self.first) < min(end, self.last)

    @property
    def none(self) -> bool:
        """True when nothing is protected."""
        return self.first == self.last


class Rule:
    """How a family of chips encodes its protection.

    Args:
        row: an entry of protection.yaml, or None for a chip that none is for.
        size: of the chip, bytes.
    """

    def __init__(self, row: Mapping[str, Any] | None, size: int) -> None:
        self._row, self._size = row, size
        self.registers: tuple[int, ...] = tuple(row["registers"]) if row else (_READ_STATUS,)

    @staticmethod
    def of(identity: JedecId, size: int) -> "Rule":
        """The rule for a chip."""
        for row in _rows():
            smallest, largest = row["bytes"]
            if (
                row["maker"] == identity.manufacturer
                and not identity.bank
                and identity.kind in row["kinds"]
                and smallest <= size <= largest
            ):
                return Rule(row, size)
        return Rule(None, size)

    def decode(self, status: Sequence[int]) -> Protection:
        """What these values of the registers protect."""
        row, size, values = self._row, self._size, tuple(status)
        if row is None:
            return Protection(0, size if values[0] & _USUAL_BP_MASK else 0, values, known=False)
        locked = any(_bit(values, place) for place in row["lock"])
        if _bit(values, row.get("individual")):
            return Protection(0, size, values, known=True, individual=True, locked=locked)
        region = self._region(row, values)
        first, last = (0, region) if _bit(values, row["top_bottom"]) else (size - region, size)
        if _bit(values, row.get("complement")):
            first, last = (last, size) if first == 0 else (0, first)
        if first >= last:
            first = last = 0
        return Protection(first, last, values, known=True, locked=locked)

    def _region(self, row: Mapping[str, Any], values: tuple[int, ...]) -> int:
        count: int = row["bp"]
        everything = (1 << count) - 1
        bp = values[0] >> _BP_SHIFT & everything
        if bp == 0:
            return 0
        if bp == everything:
            return self._size
        if _bit(values, row.get("sector")):
            return min(_SECTOR_UNIT << (bp - 1), _SECTOR_LIMIT)
        least, part = row["unit"]
        unit: int = max(least, self._size // part)
        return min(unit << (bp - 1), self._size)


def _bit(values: tuple[int, ...], place: Sequence[int] | None) -> int:
    return values[place[0]] >> place[1] & 1 if place else 0


@cache
def _rows() -> Sequence[Mapping[str, Any]]:
    text = (files("benchctl.flash") / "protection.yaml").read_text(encoding="utf-8")
    rows: Sequence[Mapping[str, Any]] = yaml.safe_load(text)
    return rows
