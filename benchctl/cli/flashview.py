"""What `benchctl flash` shows: a chip, a difference, progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from benchctl.cli.output import stderr
from benchctl.flash.diff import FlashDiff
from benchctl.flash.dump import DumpProgress
from benchctl.flash.layout import Layout
from benchctl.flash.nor import FlashChip
from benchctl.flash.protection import Protection
from benchctl.flash.sectormap import text_map
from benchctl.flash.timing import Duration

_HEX_ROWS = 64


def chip_document(
    part: str, chip: FlashChip, protection: Protection, layout: Layout | None
) -> dict[str, Any]:
    """Everything that is known about a chip, for JSON."""
    parameters, sfdp = chip.parameters, chip.sfdp
    return {
        "part": part,
        "jedec_id": str(chip.identity),
        "maker": chip.identity.maker,
        "name": parameters.name,
        "bytes": chip.size,
        "page": parameters.page,
        "address_bytes": parameters.addressing.width,
        "erases": [
            {"bytes": e.size, "opcode": e.opcode, "chip": e.whole_chip, **_seconds(e.time)}
            for e in parameters.erases
        ],
        "program": _seconds(parameters.program),
        "source": parameters.source,
        "fast_reads": sorted(sfdp.fast_reads) if sfdp else [],
        "quad_enable": sfdp.quad_enable if sfdp else None,
        "protection": {
            "first": protection.first,
            "last": protection.last,
            "status": list(protection.status),
            "known": protection.known,
            "individual": protection.individual,
            "locked": protection.locked,
        },
        "areas": layout and [{"name": a.name, "start": a.start, "end": a.end} for a in layout.areas],
        "hz": chip.hz,
    }


def chip_lines(document: dict[str, Any]) -> list[str]:
    """The same for people."""
    erases = ", ".join(
        f"{'chip' if erase['chip'] else _size(erase['bytes'])} {erase['typical_s'] * 1e3:g} ms"
        for erase in document["erases"]
    )
    areas = document["areas"]
    rows = {
        "flash": f"{document['part']}: {document['maker']} {document['name']}".rstrip(),
        "JEDEC ID": document["jedec_id"],
        "size": f"{_size(document['bytes'])}, {document['address_bytes']}-byte addresses",
        "parameters": f"from {document['source']}",
        "erases": erases or "not uniform",
        "page": f"{document['page']} bytes, {document['program']['typical_s'] * 1e3:g} ms",
        "more reads": ", ".join(document["fast_reads"]) or "none",
        "protected": _protection(document["protection"]),
        "areas": "not known" if areas is None else ", ".join(_area(area) for area in areas),
        "clock": f"{document['hz'] / 1e6:g} MHz",
    }
    return [f"{name:11} {value}" for name, value in rows.items()]


def diff_document(diff: FlashDiff) -> dict[str, Any]:
    """A difference for JSON."""
    return {
        "start": diff.base,
        "count": diff.end - diff.base,
        "same": diff.same,
        "sectors": diff.sectors,
        "spans": diff.spans,
        "areas": [
            {"name": change.area.name, "sectors": change.sectors, "bytes": change.changed}
            for change in diff.areas
        ],
    }


def diff_lines(diff: FlashDiff, show_hex: bool) -> list[str]:
    """A difference for people: areas, sector map, and the first changed bytes when asked."""
    if diff.same:
        return ["the same"]
    lines = [
        f"{change.area.name}: {change.sectors} sectors, {change.changed} bytes changed"
        for change in diff.areas
    ]
    lines += ["", *text_map(diff)]
    if show_hex:
        lines.append("")
        for shown, row in enumerate(diff.rows()):
            if shown == _HEX_ROWS:
                lines.append("… more with --json")
                break
            lines.append(str(row))
    return lines


@contextmanager
def bar(what: str, count: int) -> Iterator[Callable[[DumpProgress], None] | None]:
    """A progress bar in bench time on a terminal; None elsewhere."""
    with _progress() as progress:
        if progress is None:
            yield None
            return
        task = progress.add_task(what, total=count, rate="")

        def show(state: DumpProgress) -> None:
            rate = f"{state.rate / 1e6:.2f} MB/s, {state.left_s:.1f} s left"
            progress.update(task, completed=state.done, rate=rate)

        yield show


@contextmanager
def count_bar(what: str, count: int) -> Iterator[Callable[[int], None] | None]:
    """A progress bar that is told how much was done since; None where there is no terminal."""
    with _progress() as progress:
        if progress is None:
            yield None
            return
        task = progress.add_task(what, total=count, rate="")
        yield lambda done: progress.advance(task, done)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    console = stderr()
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress


def _seconds(time: Duration) -> dict[str, float]:
    return {"typical_s": time.typical_s, "maximum_s": time.maximum_s}


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count % (1 << 20) == 0 else f"{count >> 10} KiB"


def _area(area: dict[str, Any]) -> str:
    return f"{area['name']} {area['start']:#x} to {area['end'] - 1:#x}"


def _protection(protection: dict[str, Any]) -> str:
    status = f"status {bytes(protection['status']).hex(' ')}{', locked' if protection['locked'] else ''}"
    if protection["first"] == protection["last"]:
        return f"nothing ({status})"
    if protection["individual"]:
        return f"single blocks by their own locks ({status})"
    span = f"{protection['first']:#x} to {protection['last'] - 1:#x}"
    return f"{span} ({status})" if protection["known"] else f"perhaps: bits of unknown meaning ({status})"
