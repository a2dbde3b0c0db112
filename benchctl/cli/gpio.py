"""`benchctl gpio`: probe nets by hand with the bench's digital lines."""

from typing import Annotated

import typer

from benchctl.cli.output import Json, emit, stdout
from benchctl.cli.probing import probe
from benchctl.cli.rigs import Rig, Seed, opened, seconds

app = probe("Probe nets with the bench's digital lines.")

Net = Annotated[str, typer.Argument(metavar="NET", help="A net, the imp pin on it, or a board role.")]
Level = Annotated[int, typer.Argument(min=0, max=1, metavar="0|1", help="The level, 1 for high.")]
Hold = Annotated[float, seconds("Bench time to hold the level for.", "--for")]


@app.command()
def read(rig: Rig, net: Net, seed: Seed = 0, json: Json = False) -> None:
    """Show the level of a net."""
    with opened(rig, seed=seed) as bench:
        bench.power.on()
        level = bench.gpio(net).read()
    emit({"net": net, "level": int(level)}) if json else stdout().print("high" if level else "low")


@app.command(name="set")
def set_(rig: Rig, net: Net, level: Level, hold: Hold = 1.0, seed: Seed = 0) -> None:
    """Drive a net for a while, then release it."""
    with opened(rig, seed=seed) as bench:
        bench.power.on()
        line = bench.gpio(net)
        line.drive(bool(level))
        bench.clock.sleep(hold)
        line.release()


@app.command()
def pulse(
    rig: Rig,
    net: Net,
    level: Level,
    width_us: Annotated[float, typer.Argument(metavar="WIDTH_US", help="Length of a pulse in µs.")],
    count: Annotated[int, typer.Option(help="How many pulses.")] = 1,
    period_us: Annotated[float | None, typer.Option(help="Time from pulse to pulse in µs.")] = None,
    seed: Seed = 0,
) -> None:
    """Drive exact pulses onto a net."""
    with opened(rig, seed=seed) as bench:
        bench.power.on()
        line = bench.gpio(net)
        line.pulse(bool(level), width_us, count=count, period_us=period_us)
        line.release()
