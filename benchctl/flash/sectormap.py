"""A difference as rows of sectors, each with a shade for how much of it changed; as text for a terminal."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchctl.flash.diff import SECTOR, FlashDiff

SHADES = 4
_COLUMNS = 64  # of a terminal; 256 KiB
_MARKS = ".▁▃▆█"


@dataclass(frozen=True)
class Row:
    """Neighbouring sectors from `address` on; their shades are 0 for unchanged, else 1 to 4 by quarters."""

    address: int
    shades: tuple[int, ...]

    @property
    def end(self) -> int:
        """One past its last address."""
        return self.address + len(self.shades) * SECTOR

    @property
    def changed(self) -> bool:
        """True when one of its sectors is not what it was."""
        return any(self.shades)


def rows(diff: FlashDiff, columns: int) -> Iterator[list[Row]]:
    """Rows of so many sectors, in groups: each that has changes alone, neighbours without any together."""
    unchanged: list[Row] = []
    for start in range(0, len(diff.counts), columns):
        counts = diff.counts[start : start + columns]
        row = Row((diff.first_sector + start) * SECTOR, tuple(-(-int(n) * SHADES // SECTOR) for n in counts))
        if not row.changed:
            unchanged.append(row)
            continue
        if unchanged:
            yield unchanged
            unchanged = []
        yield [row]
    if unchanged:
        yield unchanged


def text_map(diff: FlashDiff) -> list[str]:
    """Rows of 64 sectors, each a mark that grows with the bytes changed; rows of no change are folded."""
    lines = []
    for group in rows(diff, _COLUMNS):
        if group[0].changed:
            lines.append(f"{group[0].address:08x}  {''.join(_MARKS[shade] for shade in group[0].shades)}")
        else:
            count = len(group)
            lines.append(
                f"          ({count} {'row' if count == 1 else 'rows'} of {_COLUMNS} sectors unchanged)"
            )
    return lines
