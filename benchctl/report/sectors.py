"""Which sectors of a flash changed, and in which area, as a drawing of the kind `svg` makes."""

from collections.abc import Iterator

from benchctl.flash.diff import SECTOR, AreaChange, FlashDiff
from benchctl.flash.layout import IMPOS, USER, Area
from benchctl.flash.sectormap import Row, rows

_COLUMNS = 32  # sectors a row: 128 KiB, and narrow enough for a telephone
_CELL, _STEP, _GAP, _LEFT, _LINE = 10, 11, 5, 72, 17
_WIDTH = _LEFT + _COLUMNS * _STEP
_MOST_ROWS = 48
_NAMES = {IMPOS: "impOS", USER: "user"}


def sector_map(diff: FlashDiff) -> str:
    """What changed in each area, the whole region as a strip, and every row of 32 sectors with a change.

    A sector is the darker the more of its bytes changed.
    """
    parts: list[str] = []
    y = 0
    for change in diff.areas:
        parts.append(_legend(change, y))
        y += _LINE
    parts.append(_strip(diff, y))
    y += _CELL + _GAP
    for shown, group in enumerate(rows(diff, _COLUMNS)):
        if shown == _MOST_ROWS:
            parts.append(_text(_LEFT, y, "… and more below"))
            y += _LINE
            break
        first = group[0]
        if first.changed:
            parts += (_text(0, y, f"{first.address:08x}"), *_cells(diff, first, y))
            y += _STEP
        else:
            y += _GAP
            parts.append(_text(_LEFT, y, f"{first.address:08x} to {group[-1].end - 1:08x} unchanged"))
            y += _STEP + _GAP
    return f"<svg class='sectors' viewBox='0 0 {_WIDTH} {y + 4}'>{''.join(parts)}</svg>"


def _legend(change: AreaChange, y: int) -> str:
    area, count = change.area, change.sectors
    said = f"{count} {'sector' if count == 1 else 'sectors'}, {change.changed} bytes changed" if count else ""
    text = (
        f"{_NAMES.get(area.name, area.name)}, {area.start:08x} to {area.end - 1:08x}: {said or 'unchanged'}"
    )
    return (
        f"<rect class='{_kind(area)}' x='0' y='{y}' width='{_CELL}' height='{_CELL}'/>"
        f"{_text(_CELL + 6, y, text)}"
    )


def _strip(diff: FlashDiff, y: int) -> str:
    """The whole region in one line: its areas faint, a mark wherever a sector changed."""
    scale = _COLUMNS * _STEP / (diff.end - diff.base)
    parts = []
    for area in diff.layout.touched(diff.base, diff.end):
        start, end = max(area.start, diff.base), min(area.end, diff.end)
        x, width = _LEFT + (start - diff.base) * scale, (end - start) * scale
        parts.append(
            f"<rect class='{_kind(area)} kept' x='{x:.1f}' y='{y}' width='{width:.1f}' height='{_CELL}'/>"
        )
        marks = sorted(
            {
                round(_LEFT + (max(at, diff.base) - diff.base) * scale)
                for at in diff.sectors
                if start <= at < end
            }
        )
        drawn = "".join(f"M{min(at, _WIDTH - 2)} {y}h2v{_CELL}h-2z" for at in marks)
        if drawn:
            parts.append(f"<path class='{_kind(area)}' d='{drawn}'/>")
    return "".join(parts)


def _cells(diff: FlashDiff, row: Row, y: int) -> Iterator[str]:
    """The squares of one row: the unchanged ones of an area together, each changed one with its count."""
    kept: dict[str, str] = {}
    for column, shade in enumerate(row.shades):
        x, sector = _LEFT + column * _STEP, row.address + column * SECTOR
        kind = _kind(*diff.layout.touched(sector, sector + SECTOR)[:1])
        if not shade:
            kept[kind] = kept.get(kind, "") + f"M{x} {y}h{_CELL}v{_CELL}h-{_CELL}z"
            continue
        count = int(diff.counts[sector // SECTOR - diff.first_sector])
        yield (
            f"<rect class='{kind} shade{shade}' x='{x}' y='{y}' width='{_CELL}' height='{_CELL}'>"
            f"<title>{sector:08x}: {count} bytes changed</title></rect>"
        )
    for kind, drawn in kept.items():
        yield f"<path class='{kind} kept' d='{drawn}'/>"


def _kind(area: Area | None = None) -> str:
    return area.name if area and area.name in _NAMES else "other"


def _text(x: int, y: int, text: str) -> str:
    return f"<text x='{x}' y='{y + _CELL - 1}'>{text}</text>"
