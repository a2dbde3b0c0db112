"""`benchctl i2c`: probe an I²C bus by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from benchctl.bench import Bench
from benchctl.buses.i2c import I2c
from benchctl.cli.output import Json, emit, hexdump, stdout
from benchctl.cli.rigs import Bytes, Number, Rig, Seed, opened

app = typer.Typer(help="Probe an I²C bus of the rig that the imp leaves alone. Addresses are 7-bit.")

Bus = Annotated[str, typer.Argument(metavar="NET", help="An imp I²C bus (i2cJK), or a board role for one.")]
Hz = Annotated[float | None, typer.Option(help="SCL in Hz; by default 100 kHz, or as the kernel's bus is.")]


@contextmanager
def freed(bench: Bench, name: str) -> Iterator[None]:
    """The imp leaves the bus to its pull-ups: it does so when configured; at start some modules drive it."""
    bus = bench.rig.module.i2c(name)
    bench.use(*bus.pins.values())
    bench.imp.hardware[bus.name].configure(bench.imp.CLOCK_SPEED_100_KHZ)
    yield
    bench.imp.tidy()


def _controller(bench: Bench, bus: str, hz: float | None) -> I2c:
    controller = bench.i2c(bus)
    if hz is not None:  # a bus of the kernel has the rate it has
        controller.configure(hz)
    return controller


@app.command()
def scan(rig: Rig, bus: Bus, hz: Hz = None, seed: Seed = 0, json: Json = False) -> None:
    """List the addresses that acknowledge."""
    with opened(rig, seed=seed) as bench, freed(bench, bus):
        controller = _controller(bench, bus, hz)
        found = controller.scan()
    if json:
        emit({"addresses": found})
    else:
        stdout().print(" ".join(f"{address:#04x}" for address in found) or "nobody answers")


@app.command()
def read(
    rig: Rig,
    bus: Bus,
    address: Number,
    count: Annotated[int, typer.Argument(metavar="COUNT")],
    register: Annotated[str, typer.Option(help="Register bytes to write first, in hex.")] = "",
    hz: Hz = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Read bytes, after writing a register address if one is given."""
    with opened(rig, seed=seed) as bench, freed(bench, bus):
        controller = _controller(bench, bus, hz)
        prefix = bytes.fromhex(register)
        data = controller.write_read(address, prefix, count) if prefix else controller.read(address, count)
    if json:
        emit({"address": address, "data": data.hex()})
    else:
        stdout().print(hexdump(data))


@app.command()
def write(rig: Rig, bus: Bus, address: Number, data: Bytes, hz: Hz = None, seed: Seed = 0) -> None:
    """Write bytes."""
    with opened(rig, seed=seed) as bench, freed(bench, bus):
        controller = _controller(bench, bus, hz)
        controller.write(address, data)
