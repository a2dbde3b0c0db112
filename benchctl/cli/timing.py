"""`benchctl timing`: gaps, bit time and jitter of a serial line in a capture."""

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchctl.errors import UserError

if TYPE_CHECKING:
    from benchctl.capture.bit_time import BitTime
    from benchctl.capture.interval import Interval, Series

_BARS = 20
_BAR_WIDTH = 50


def command(
    file: Annotated[Path, typer.Argument(help="The capture: .sr, .vcd or raw samples.")],
    rx: Annotated[str, typer.Option(help="The channel with the characters.")],
    baud: Annotated[float | None, typer.Option(help="bit/s; estimated from the edges unless given.")] = None,
    bits: Annotated[int, typer.Option(help="Data bits, 5 to 9.")] = 8,
    parity: Annotated[str, typer.Option(help="none, odd, even, mark or space.")] = "none",
    stop: Annotated[float, typer.Option(help="Stop bits: 1, 1.5 or 2.")] = 1.0,
    invert: Annotated[bool, typer.Option("--invert", help="The line idles low.")] = False,
    rate: Annotated[float | None, typer.Option(help="Samples per second, for raw samples.")] = None,
    clock_ppm: Annotated[float, typer.Option(help="Uncertainty of the analyser's clock, in ppm.")] = 100.0,
    svg: Annotated[Path | None, typer.Option(help="Write the histogram of the gaps here, as SVG.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write the histogram of the gaps here, as PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show the gaps between characters, the bit time and the jitter, each with its uncertainty."""
    from dataclasses import replace

    from benchctl.capture import bit_time, timing, uart
    from benchctl.capture.files import open_capture

    stream = open_capture(file, None if rate is None else Fraction(rate))
    wave = replace(stream.read(), clock_ppm=clock_ppm)
    if baud is None:
        estimate = bit_time.estimate_baud(wave, rx)
        if estimate is None:
            raise UserError(f"channel {rx!r} has too few edges to estimate its baud rate", "give --baud")
        baud = estimate.value
    fmt = uart.UartFormat(baud, bits, parity, stop, invert)
    characters = uart.decode(wave, rx, fmt)
    measured = bit_time.measure(wave, rx, characters, fmt)
    gaps = timing.byte_gaps(wave, characters, fmt, measured.bit if measured else None)
    if svg or png:
        _draw(gaps, svg, png, f"Gaps between characters on {rx}, {file.name}")
    if as_json:
        typer.echo(json.dumps(_document(baud, len(characters.where("data")), measured, gaps), indent=1))
        return
    _print(Console(highlight=False), baud, len(characters.where("data")), measured, gaps)


def _draw(gaps: "Series", svg: Path | None, png: Path | None, title: str) -> None:
    if not len(gaps):
        raise UserError("there are no gaps to draw", "a gap needs two characters without errors")
    if svg:
        from benchctl.report.svg import histogram, standalone

        svg.write_text(standalone(histogram(gaps.values_ns)), encoding="utf-8")
    if png:
        from benchctl.report import png as drawn

        drawn.histogram(gaps.values_ns, title).save(png, format="PNG")


def _document(baud: float, count: int, measured: "BitTime | None", gaps: "Series") -> dict[str, Any]:
    document: dict[str, Any] = {"baud": baud, "characters": count, "bit_time": None, "gaps": None}
    if measured:
        document["bit_time"] = {
            "error_ppm": measured.error_ppm.value,
            "error_uncertainty_ppm": measured.error_ppm.uncertainty,
            "jitter_rms_ns": measured.jitter_rms.value_ns,
            "jitter_peak_ns": measured.jitter_peak.value_ns,
            "jitter_uncertainty_ns": measured.jitter_peak.uncertainty_ns,
        }
    statistics = _statistics(gaps)
    if statistics:
        document["gaps"] = {
            "values_ns": gaps.values_ns.tolist(),
            "uncertainties_ns": gaps.uncertainties_ns.tolist(),
            **{
                name: {"ns": i.value_ns, "uncertainty_ns": i.uncertainty_ns} for name, i in statistics.items()
            },
        }
    return document


def _statistics(gaps: "Series") -> "dict[str, Interval]":
    every = {
        "shortest": gaps.shortest,
        "median": gaps.percentile(50),
        "mean": gaps.mean,
        "p99": gaps.percentile(99),
        "longest": gaps.longest,
    }
    return {name: interval for name, interval in every.items() if interval is not None}


def _print(console: Console, baud: float, count: int, measured: "BitTime | None", gaps: "Series") -> None:
    console.print(f"{count} characters at {baud:.6g} baud")
    table = Table("", "value", "±", box=None)
    if measured:
        error = measured.error_ppm
        table.add_row("bit rate error", f"{error.value:.0f} ppm", f"{error.uncertainty:.0f} ppm")
        for name, interval in (("jitter, rms", measured.jitter_rms), ("jitter, peak", measured.jitter_peak)):
            table.add_row(name, _time(interval.value_ns), _time(interval.uncertainty_ns))
    for name, interval in _statistics(gaps).items():
        table.add_row(f"gap, {name}", _time(interval.value_ns), _time(interval.uncertainty_ns))
    console.print(table)
    if len(gaps):
        _histogram(console, gaps)


def _histogram(console: Console, gaps: "Series") -> None:
    import numpy as np

    counts, edges = np.histogram(gaps.values_ns, bins=min(_BARS, len(np.unique(gaps.values_ns))))
    for count, low, high in zip(counts.tolist(), edges.tolist(), edges[1:].tolist(), strict=False):
        bar = "█" * max(count > 0, round(count / counts.max() * _BAR_WIDTH))
        console.print(f"{_time(low):>12} … {_time(high):<12} {bar} {count or ''}")


def _time(ns: float) -> str:
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(ns) >= factor:
            return f"{ns / factor:.4g} {unit}"
    return f"{ns:.3g} ns"
