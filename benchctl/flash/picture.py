"""A sector map as text for a terminal and as SVG for a report."""

from collections.abc import Sequence

from benchctl.flash.diff import SECTOR, FlashDiff

_COLUMNS = 64  # sectors a row: 256 KiB
_CELL, _GAP, _LEFT, _TOP = 10, 1, 90, 24
_SHADES = (0.25, 0.5, 0.75, 1.0)
_MARKS = ".▁▃▆█"
_AREA_COLOURS = {"impos": "#b3541e", "user": "#1f6f8b"}
_OTHER_COLOUR = "#555555"


def text_map(diff: FlashDiff) -> list[str]:
    """Rows of 64 sectors, each a mark that grows with the bytes changed; rows of no change are folded."""
    rows: list[str] = []
    folded = 0
    for address, shades in _rows(diff):
        if not any(shades):
            folded += 1
            continue
        if folded:
            rows.append(_folded(folded))
            folded = 0
        rows.append(f"{address:08x}  {''.join(_MARKS[shade] for shade in shades)}")
    if folded:
        rows.append(_folded(folded))
    return rows


def svg_map(diff: FlashDiff) -> str:
    """The same as a self-contained drawing: a square for each sector, darker the more of it changed."""
    shapes = []
    lines = list(_rows(diff))
    for row, (address, shades) in enumerate(lines):
        y = _TOP + row * (_CELL + _GAP)
        shapes.append(f'<text x="0" y="{y + _CELL - 1}">{address:08x}</text>')
        for column, shade in enumerate(shades):
            sector = address + column * SECTOR
            x = _LEFT + column * (_CELL + _GAP)
            colour, opacity = _colour(diff, sector), _SHADES[shade - 1] if shade else 0.06
            count = int(diff.counts[sector // SECTOR - diff.first_sector])
            shapes.append(
                f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{colour}" '
                f'fill-opacity="{opacity}"><title>{sector:#08x}: {count} bytes changed</title></rect>'
            )
    legend = " · ".join(
        f"{change.area.name}: {change.sectors} sectors, {change.changed} bytes changed"
        for change in diff.areas
    )
    width = _LEFT + _COLUMNS * (_CELL + _GAP)
    height = _TOP + len(lines) * (_CELL + _GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'font-family="monospace" font-size="11"><text x="0" y="12">{legend}</text>{"".join(shapes)}</svg>\n'
    )


def _rows(diff: FlashDiff) -> list[tuple[int, Sequence[int]]]:
    """(address of the first sector, shade of each sector): 0 unchanged, 1 to 4 by quarters of the sector."""
    rows: list[tuple[int, Sequence[int]]] = []
    for start in range(0, len(diff.counts), _COLUMNS):
        counts = diff.counts[start : start + _COLUMNS]
        shades = [-(-int(count) * len(_SHADES) // SECTOR) for count in counts]
        rows.append(((diff.first_sector + start) * SECTOR, shades))
    return rows


def _folded(count: int) -> str:
    return f"          ({count} {'row' if count == 1 else 'rows'} of {_COLUMNS} sectors unchanged)"


def _colour(diff: FlashDiff, sector: int) -> str:
    touched = diff.layout.touched(sector, sector + SECTOR)
    return _AREA_COLOURS.get(touched[0].name, _OTHER_COLOUR) if touched else _OTHER_COLOUR
