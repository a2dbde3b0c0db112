"""`benchctl timing`: the times of a serial line, its driver enables, or a clock in a capture."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from benchctl.cli.output import require_writable
from benchctl.errors import UserError

if TYPE_CHECKING:
    from benchctl.capture.bit_time import BitTime
    from benchctl.capture.interval import Interval
    from benchctl.capture.items import Items
    from benchctl.capture.uart import UartFormat
    from benchctl.capture.waveform import Waveform
    from benchctl.cli.timingview import Timing

_SERIAL, _CLOCK, _OUTPUT = "A serial line", "A clock", "Output"
_FRAME_GAP = 3.5


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The capture: .sr, .vcd or raw samples.")],
    rx: Annotated[
        str, typer.Option(metavar="CH", help="The channel with the characters.", rich_help_panel=_SERIAL)
    ] = "",
    baud: Annotated[
        float | None,
        typer.Option(help="bit/s; estimated from the edges unless given.", rich_help_panel=_SERIAL),
    ] = None,
    bits: Annotated[int, typer.Option(help="Data bits, 5 to 9.", rich_help_panel=_SERIAL)] = 8,
    parity: Annotated[
        str, typer.Option(help="none, odd, even, mark or space.", rich_help_panel=_SERIAL)
    ] = "none",
    stop: Annotated[float, typer.Option(help="Stop bits: 1, 1.5 or 2.", rich_help_panel=_SERIAL)] = 1.0,
    invert: Annotated[
        bool, typer.Option("--invert", help="The line idles low.", rich_help_panel=_SERIAL)
    ] = False,
    frame_gap: Annotated[
        float, typer.Option(help="A gap of so many characters ends a frame.", rich_help_panel=_SERIAL)
    ] = _FRAME_GAP,
    de: Annotated[
        str,
        typer.Option(metavar="CH", help="Its driver enable: to start bit and back.", rich_help_panel=_SERIAL),
    ] = "",
    de_low: Annotated[
        bool, typer.Option("--de-low", help="The enables are active low.", rich_help_panel=_SERIAL)
    ] = False,
    answer: Annotated[
        str, typer.Option(metavar="CH", help="The line of the answers: turnaround.", rich_help_panel=_SERIAL)
    ] = "",
    other_de: Annotated[
        str,
        typer.Option(metavar="CH", help="The other driver's enable: contention.", rich_help_panel=_SERIAL),
    ] = "",
    clk: Annotated[
        str, typer.Option(metavar="CH", help="A clock: its rate and duty.", rich_help_panel=_CLOCK)
    ] = "",
    data: Annotated[
        str, typer.Option(metavar="CH", help="Data it samples: setup and hold.", rich_help_panel=_CLOCK)
    ] = "",
    falling: Annotated[
        bool, typer.Option("--falling", help="It samples on falling edges.", rich_help_panel=_CLOCK)
    ] = False,
    rate: Annotated[float | None, typer.Option(help="Samples per second, for raw samples.")] = None,
    clock_ppm: Annotated[
        float, typer.Option(min=0, help="Uncertainty of the analyser's clock, in ppm.")
    ] = 100.0,
    svg: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the histogram here, as SVG.", rich_help_panel=_OUTPUT),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the histogram here, as PNG.", rich_help_panel=_OUTPUT),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document.", rich_help_panel=_OUTPUT)
    ] = False,
) -> None:
    """Show times in a capture, each with its uncertainty: of a serial line (--rx) or of a clock (--clk)."""
    from dataclasses import replace

    from benchctl.capture.bit_time import required_baud
    from benchctl.capture.files import open_capture, sample_rate
    from benchctl.capture.uart import UartFormat

    if bool(rx) == bool(clk):
        raise UserError("there has to be either a serial line or a clock", "name it with --rx or --clk")
    if other_de and not de:
        raise UserError("contention is between two driver enables", "name the first with --de")
    for picture, option in ((svg, "--svg"), (png, "--png")):
        require_writable(picture, option)
    wave = replace(open_capture(file, sample_rate(rate)).read(), clock_ppm=clock_ppm)
    if clk:
        found = _of_clock(wave, clk, data, falling)
    else:
        fmt = UartFormat(required_baud([wave], rx) if baud is None else baud, bits, parity, stop, invert)
        line = _Line.of(wave, rx, fmt)
        found = _of_serial(line, frame_gap)
        _add_link(found, line, answer, de, other_de, de_low)
    if svg or png:
        _draw(found, svg, png, f"{found.series[found.drawn][0]}, {clk or rx} of {file.name}")
    if as_json:
        typer.echo(json.dumps(found.json(), indent=1))
    else:
        found.print(Console(highlight=False))


@dataclass(frozen=True)
class _Line:
    """A serial line, decoded."""

    wave: "Waveform"
    fmt: "UartFormat"
    characters: "Items"
    measured: "BitTime | None"

    @staticmethod
    def of(wave: "Waveform", channel: str, fmt: "UartFormat") -> "_Line":
        """Decode `channel`."""
        from benchctl.capture import bit_time, uart

        characters = uart.decode(wave, channel, fmt)
        return _Line(wave, fmt, characters, bit_time.measure(wave, channel, characters, fmt))

    @property
    def bit(self) -> "Interval | None":
        """The bit time that its edges show."""
        return self.measured.bit if self.measured else None


def _of_serial(line: _Line, frame_gap: float) -> "Timing":
    """Bit time, jitter and gaps."""
    from benchctl.capture import timing
    from benchctl.cli.timingview import Timing, in_units

    baud, count = line.fmt.baud, len(line.characters.where("data"))
    document: dict[str, Any] = {"baud": baud, "characters": count, "bit_time": None}
    found = Timing(f"{count} characters at {baud:.6g} baud", document, "gaps")
    if line.measured:
        error, rms, peak = line.measured.error_ppm, line.measured.jitter_rms, line.measured.jitter_peak
        document["bit_time"] = {
            "error_ppm": error.value,
            "error_uncertainty_ppm": error.uncertainty,
            "jitter_rms_ns": rms.value_ns,
            "jitter_peak_ns": peak.value_ns,
            "jitter_uncertainty_ns": peak.uncertainty_ns,
        }
        found.figures["bit rate error"] = f"{error.value:.0f} ppm", f"{error.uncertainty:.0f} ppm"
        for name, interval in (("jitter, rms", rms), ("jitter, peak", peak)):
            found.figures[name] = in_units(interval.value_ns), in_units(interval.uncertainty_ns)
    gaps = timing.byte_gaps(line.wave, line.characters, line.fmt, line.bit)
    longest_ns = frame_gap * line.fmt.frame_bits * 1e9 / baud
    found.series["gaps"] = "gap", gaps
    found.series["frame_gaps"] = "gap between frames", timing.longer_than(gaps, longest_ns)
    return found


def _add_link(found: "Timing", line: _Line, answer: str, de: str, other_de: str, active_low: bool) -> None:
    """What the driver enables and the other line of a half-duplex link show."""
    from benchctl.capture import timing, uart

    wave, characters, fmt, bit = line.wave, line.characters, line.fmt, line.bit
    if de:
        to_start = timing.de_to_start(wave, de, characters, active_low=active_low)
        back = timing.stop_to_de(wave, de, characters, fmt, bit, active_low=active_low)
        found.series["de_to_start"] = "DE to start bit", to_start
        found.series["stop_to_de"] = "stop bit to DE", back
    if other_de:
        both = timing.contention(wave, de, other_de, active_low=active_low)
        found.series["contention"] = "both drivers on", both
    if answer:
        answers = uart.decode(wave, answer, fmt)
        found.series["turnaround"] = "turnaround", timing.turnaround(wave, characters, answers, fmt, bit)


def _of_clock(wave: "Waveform", clk: str, data: str, falling: bool) -> "Timing":
    """Rate and duty, and the data around the sampling edges."""
    from benchctl.capture import timing
    from benchctl.cli.timingview import Timing

    clock = timing.clock(wave, clk)
    if clock is None:
        raise UserError(f"channel {clk!r} has no two rising edges", "name a clock that runs in this capture")
    hz, duty = clock.hz, clock.duty
    document = {
        "periods_counted": len(clock.periods),
        "hz": {"value": hz.value, "uncertainty": hz.uncertainty},
        "duty": {"value": duty.value, "uncertainty": duty.uncertainty},
    }
    found = Timing(f"{len(clock.periods)} periods of {clk}", document, "periods")
    found.figures["rate"] = f"{hz.value:.6g} Hz", f"{hz.uncertainty:.2g} Hz"
    found.figures["duty"] = f"{duty.value:.2%}", f"{duty.uncertainty:.2%}"
    found.series["periods"] = "period", clock.periods
    found.series["highs"] = "high", clock.highs
    found.series["lows"] = "low", clock.lows
    if data:
        around = timing.setup_hold(wave, data, clk, rising=not falling)
        found.series["setup"] = "setup", around.setup
        found.series["hold"] = "hold", around.hold
    return found


def _draw(found: "Timing", svg: Path | None, png: Path | None, title: str) -> None:
    times = found.histogram
    if not len(times):
        raise UserError("there are no gaps to draw", "a gap needs two characters without errors")
    if svg:
        from benchctl.report.svg import histogram, standalone

        svg.write_text(standalone(histogram(times.values_ns)), encoding="utf-8")
    if png:
        from benchctl.report import png as drawn

        drawn.histogram(times.values_ns, title).save(png, format="PNG")
