"""`benchctl flash`: identify, dump, verify, compare, write or erase a flash of the rig."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from benchctl.bench import Bench
from benchctl.bench.flash import flash_chip, flash_layout, must_ask, own_flash, user_bytes
from benchctl.cli.flashview import bar, chip_document, chip_lines, count_bar, diff_document, diff_lines
from benchctl.cli.output import Json, emit, require_writable, stderr, stdout
from benchctl.cli.rigs import Rig, Seed, number, opened
from benchctl.errors import BenchError, NotEquippedError, UserError
from benchctl.flash.diff import FlashDiff
from benchctl.flash.dump import Region
from benchctl.flash.dump import dump as dump_region
from benchctl.flash.layout import IMPOS, Layout
from benchctl.flash.nor import FlashChip
from benchctl.flash.spans import name_spans

app = typer.Typer(
    add_completion=False,
    help="A flash of the rig; the imp is held in reset meanwhile where it shares the wires.",
)

_HZ = 15e6
_MISMATCH = 1


def _number(given: str | int) -> int:
    """A default is a number already."""
    return number(str(given))


File = Annotated[Path, typer.Argument(metavar="FILE", help="The content to compare with, or to write.")]
PartName = Annotated[str, typer.Option("--part", help="A flash part of the rig; the imp's own by default.")]
Hz = Annotated[float, typer.Option(help="SCLK in Hz.")]
AreaName = Annotated[str, typer.Option("--area", help="Only this area: impos or user.")]
At = Annotated[int, typer.Option(parser=_number, metavar="N", help="Begin N bytes into the flash or area.")]
Count = Annotated[int, typer.Option(parser=_number, metavar="N", help="This many bytes; 0 for the rest.")]
Force = Annotated[bool, typer.Option("--force", help="Change the impOS area too.")]


@dataclass(frozen=True)
class _Flash:
    """The chip at work; `layout` is None when its areas are not known, and `unknown` says why."""

    bench: Bench
    part: str
    chip: FlashChip
    layout: Layout | None
    unknown: str

    def region(self, area: str, at: int, count: int) -> tuple[int, int]:
        """[start, end) that the options name."""
        start, end = 0, self.chip.size
        if area:
            if self.layout is None:
                raise UserError(f"the areas of this flash are not known: {self.unknown}", "leave out --area")
            found = self.layout.area(area)
            start, end = found.start, found.end
        first = start + at
        last = first + count if count else end
        if not start <= first < last <= end:
            raise UserError(
                f"{first:#x} to {last:#x} is not within {start:#x} to {end:#x}", "change --at or the length"
            )
        return first, last

    def require_may_change(self, start: int, end: int, force: bool) -> None:
        """Changing the impOS area has to be asked for: without it the imp is dead.

        Raises:
            UserError: [start, end) reaches into it, or nobody knows whether it does.
        """
        if force:
            return
        if self.layout is None:
            raise UserError(f"nobody knows where impOS is: {self.unknown}", "give --force to go on")
        if any(area.name == IMPOS for area in self.layout.touched(start, end)):
            raise UserError(
                f"{start:#x} to {end:#x} reaches into the impOS area",
                "take --area user, or give --force if the imp may lose its system",
            )


@contextmanager
def _flash(rig: str, part: str, hz: float, seed: int, *, areas: bool) -> Iterator[_Flash]:
    """Open the rig and its flash; with `areas` the imp is asked for them first where only it knows."""
    with opened(rig, seed=seed) as bench:
        name = part or own_flash(bench.rig)
        user = _ask(bench) if areas and must_ask(bench.rig, name) else None
        with flash_chip(bench, name, hz) as chip:
            layout, unknown = None, ""
            try:
                layout = flash_layout(bench.rig, name, chip.size, user)
            except NotEquippedError as error:
                unknown = str(error)
            yield _Flash(bench, name, chip, layout, unknown)


def _ask(bench: Bench) -> int | None:
    """The imp's own word on its user area; None when it does not answer, as with a blank flash."""
    try:
        return user_bytes(bench)
    except BenchError as error:
        stderr().print(f"the imp was asked for its user area: {error}")
        return None


@app.command("id")
def identify(rig: Rig, part: PartName = "", hz: Hz = _HZ, seed: Seed = 0, json: Json = False) -> None:
    """Who the flash is, what it can do, what it protects, and where impOS ends."""
    with _flash(rig, part, hz, seed, areas=True) as flash:
        document = chip_document(flash.part, flash.chip, flash.chip.protection(), flash.layout)
    if json:
        emit(document)
    else:
        stdout().print("\n".join(chip_lines(document)))


@app.command()
def dump(
    rig: Rig,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where the content goes.")],
    part: PartName = "",
    hz: Annotated[
        list[float] | None, typer.Option(help="SCLK in Hz (15 MHz); given twice, reads take turns.")
    ] = None,
    reads: Annotated[int, typer.Option(min=1, help="Read N times; from 3 on the majority counts.")] = 2,
    twice: Annotated[
        bool, typer.Option("--twice", help="Read twice and compare (what is done anyway).")
    ] = False,
    area: AreaName = "",
    at: At = 0,
    count: Count = 0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Read the flash into a file, twice, and compare. Started again after an unplug, it goes on."""
    rates = tuple(hz or [_HZ])
    require_writable(out, "-o")
    with _flash(rig, part, rates[0], seed, areas=bool(area)) as flash:
        start, end = flash.region(area, at, count)
        region = Region(start, end - start, 2 if twice else reads, rates)
        with bar(f"dump {flash.part}", region.count) as progress:
            result = dump_region(flash.chip, flash.bench.clock, region, out, progress)
        about = {"part": flash.part, "jedec_id": str(flash.chip.identity)}
    digest = sha256(out.read_bytes()).hexdigest()
    document = {"file": str(out), **about, **asdict(region), **asdict(result), "sha256": digest}
    if json:
        emit(document)
        return
    if result.outvoted:
        stderr().print(f"a minority of the reads differed at {name_spans(result.outvoted)}")
    stdout().print(
        f"{out}: {region.count} bytes from {start:#x}, {region.reads} reads, "
        f"{result.rate / 1e6:.2f} MB/s, {result.wire:.1%} of what the bus carries\nsha256 {digest}"
    )


@app.command()
def verify(
    rig: Rig, file: File, part: PartName = "", hz: Hz = _HZ, area: AreaName = "", at: At = 0,
    seed: Seed = 0, json: Json = False,
) -> None:  # fmt: skip
    """Compare the flash with a file; exit code 1 when they differ."""
    data = _content(file)
    with _flash(rig, part, hz, seed, areas=bool(area)) as flash:
        start, _ = flash.region(area, at, len(data))
        with count_bar(f"verify {flash.part}", len(data)) as progress:
            wrong = flash.chip.verify(start, data, progress)
    if json:
        emit({"file": str(file), "start": start, "count": len(data), "same": not wrong, "spans": wrong})
    else:
        stdout().print(f"{file} differs from the flash at {name_spans(wrong)}" if wrong else "the same")
    if wrong:
        raise typer.Exit(_MISMATCH)


@app.command()
def diff(
    rig: Rig,
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="An earlier dump of the region.")],
    after: Annotated[
        Path | None, typer.Argument(metavar="AFTER", help="A later one; else the flash.")
    ] = None,
    part: PartName = "",
    hz: Hz = _HZ,
    area: AreaName = "",
    at: At = 0,
    show_hex: Annotated[bool, typer.Option("--hex", help="Show the bytes that changed.")] = False,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the sector map there.")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Show which sectors changed since a dump, and in which area; exit code 1 when any did."""
    old = _content(before)
    require_writable(svg, "--svg")
    with _flash(rig, part, hz, seed, areas=True) as flash:
        start, _ = flash.region(area, at, len(old))
        if after:
            new = _content(after)
        else:
            with count_bar(f"read {flash.part}", len(old)) as progress:
                new = flash.chip.read_all(start, len(old), progress)
        layout = flash.layout or Layout.plain(flash.chip.size)
    difference = FlashDiff(old, new, layout, start)
    if svg:
        from benchctl.report.sectors import sector_map
        from benchctl.report.svg import standalone

        svg.write_text(standalone(sector_map(difference)), encoding="utf-8")
    if json:
        emit(diff_document(difference))
    else:
        stdout().print("\n".join(diff_lines(difference, show_hex)), markup=False)
    if not difference.same:
        raise typer.Exit(_MISMATCH)


@app.command()
def write(
    rig: Rig, file: File, part: PartName = "", hz: Hz = _HZ, area: AreaName = "", at: At = 0,
    force: Force = False, seed: Seed = 0, json: Json = False,
) -> None:  # fmt: skip
    """Make the flash hold the content of a file; what else is in the sectors stays. Always verified."""
    data = _content(file)
    with _flash(rig, part, hz, seed, areas=bool(area) or not force) as flash:
        start, end = flash.region(area, at, len(data))
        flash.require_may_change(start, end, force)
        with count_bar(f"write {flash.part}", len(data)) as progress:
            changed = flash.chip.write(start, data, progress)
    if json:
        emit({"file": str(file), "start": start, "count": len(data), "changed": changed, "verified": True})
    else:
        stdout().print(f"{len(data)} bytes at {start:#x} verified, {changed} of them changed")


@app.command()
def erase(
    rig: Rig, part: PartName = "", hz: Hz = _HZ, area: AreaName = "", at: At = 0, count: Count = 0,
    force: Force = False, seed: Seed = 0, json: Json = False,
) -> None:  # fmt: skip
    """Erase the flash, an area of it, or whole sectors. Always verified."""
    with _flash(rig, part, hz, seed, areas=bool(area) or not force) as flash:
        start, end = flash.region(area, at, count)
        flash.require_may_change(start, end, force)
        with count_bar(f"erase {flash.part}", end - start) as progress:
            flash.chip.erase(start, end, progress)
    if json:
        emit({"start": start, "count": end - start, "erased": True})
    else:
        stdout().print(f"{end - start} bytes at {start:#x} erased and verified")


def _content(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}", "name a file that is there") from error
    if not data:
        raise UserError(f"{file} is empty", "name a dump")
    return data
