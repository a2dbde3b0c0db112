"""What changed between two contents of a flash: by area, by sector, by byte."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchctl.errors import UserError
from benchctl.flash.layout import Area, Layout
from benchctl.flash.spans import Span, octets, true_spans

SECTOR = 0x1000
_ROW = 16


@dataclass(frozen=True)
class AreaChange:
    """Changed sectors and bytes of one area."""

    area: Area
    sectors: int
    changed: int


@dataclass(frozen=True)
class HexRow:
    """Sixteen bytes before and after; `changed` are the columns that differ."""

    address: int
    before: bytes
    after: bytes
    changed: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.address:08x}  {self._side(self.before)}   {self._side(self.after)}"

    def _side(self, data: bytes) -> str:
        """Only changed bytes are shown: what stayed the same is a dot pair."""
        return " ".join(f"{data[n]:02x}" if n in self.changed else ".." for n in range(len(data)))


class FlashDiff:
    """Two contents of one region.

    Args:
        before, after: of the same length.
        base: address of their first byte.
        layout: of the chip; areas outside the region do not count.

    Attributes:
        counts: changed bytes of each sector from the one `base` is in, int64.

    Raises:
        UserError: the lengths differ.
    """

    def __init__(self, before: bytes, after: bytes, layout: Layout, base: int = 0) -> None:
        if len(before) != len(after):
            raise UserError(
                f"contents of {len(before)} and {len(after)} bytes cannot be compared",
                "compare dumps of the same region",
            )
        self._before, self._after, self.base, self.layout = before, after, base, layout
        self._mask = octets(before) != octets(after)
        self.first_sector = base // SECTOR
        skipped = base - self.first_sector * SECTOR
        sectors = -(-(skipped + len(before)) // SECTOR)
        padded = np.zeros(sectors * SECTOR, bool)
        padded[skipped : skipped + len(before)] = self._mask
        self.counts: NDArray[np.int64] = padded.reshape(-1, SECTOR).sum(axis=1, dtype=np.int64)

    @property
    def end(self) -> int:
        """One past the last address compared."""
        return self.base + len(self._before)

    @property
    def same(self) -> bool:
        """True when nothing changed."""
        return not self.counts.any()

    @property
    def spans(self) -> list[Span]:
        """Changed addresses."""
        return true_spans(self._mask, self.base)

    @property
    def sectors(self) -> list[int]:
        """Addresses of the sectors that changed."""
        return [(self.first_sector + int(n)) * SECTOR for n in np.flatnonzero(self.counts)]

    @property
    def areas(self) -> list[AreaChange]:
        """What changed in each area that the region reaches into."""
        changes = []
        for area in self.layout.touched(self.base, self.end):
            first, last = max(area.start, self.base) - self.base, min(area.end, self.end) - self.base
            changed = int(self._mask[first:last].sum())
            sectors = sum(area.start < sector + SECTOR and sector < area.end for sector in self.sectors)
            changes.append(AreaChange(area, sectors if changed else 0, changed))
        return changes

    def rows(self) -> Iterator[HexRow]:
        """The rows of sixteen bytes in which something changed, at multiples of sixteen."""
        if self.same:
            return
        offset = self.base % _ROW
        where = (np.flatnonzero(self._mask) + offset) // _ROW
        for number in np.unique(where):
            start = max(int(number) * _ROW - offset, 0)
            stop = min(int(number) * _ROW - offset + _ROW, len(self._mask))
            columns = tuple(int(n) for n in np.flatnonzero(self._mask[start:stop]))
            yield HexRow(self.base + start, self._before[start:stop], self._after[start:stop], columns)
