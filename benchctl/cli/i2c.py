"""`benchctl i2c`: probe an I²C bus by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from benchctl.buses.i2c import I2c
from benchctl.cli.output import Json, emit, hexdump, stdout
from benchctl.cli.probing import bus_named, probe
from benchctl.cli.rigs import Bytes, Rig, Seed, byte_string, number, opened

if TYPE_CHECKING:
    from benchctl.bench import Bench

app = probe("Probe an I²C bus of the rig that the imp leaves alone. Addresses are 7-bit.")

Bus = Annotated[
    str,
    typer.Argument(metavar="NET", help="An imp I²C bus (i2cJK), a board role for one, or a net it is on."),
]
Address = Annotated[int, typer.Argument(parser=number, metavar="ADDRESS", help="Without the read/write bit.")]
Hz = Annotated[
    float | None,
    typer.Option(min=1, max=1e9, help="SCL in Hz; by default 100 kHz, or as the kernel's bus is."),
]


@contextmanager
def _freed(bench: "Bench", name: str, hz: float | None) -> Iterator[I2c]:
    """The bench's controller on a bus that the imp leaves to its pull-ups.

    It does so when configured; at start some modules drive it.
    """
    name = bus_named(bench, name, bench.rig.module.i2cs)
    bus = bench.rig.module.i2c(bench.rig.bus_aliases.get(name, name))
    bench.use(*bus.pins.values())
    bench.imp.hardware[bus.name].configure(bench.imp.CLOCK_SPEED_100_KHZ)
    controller = bench.i2c(name)
    if hz is not None:  # a bus of the kernel has the rate it has
        controller.configure(hz)
    yield controller
    bench.imp.tidy()


@app.command()
def scan(rig: Rig, bus: Bus, hz: Hz = None, seed: Seed = 0, json: Json = False) -> None:
    """List the addresses that acknowledge."""
    with opened(rig, seed=seed) as bench, _freed(bench, bus, hz) as controller:
        found = controller.scan()
    if json:
        emit({"addresses": found})
    else:
        stdout().print(" ".join(f"{address:#04x}" for address in found) or "nobody answers")


@app.command()
def read(
    rig: Rig,
    bus: Bus,
    address: Address,
    count: Annotated[int, typer.Argument(parser=number, metavar="COUNT", help="How many bytes.")],
    register: Annotated[str, typer.Option(help="Register bytes to write first, in hex.")] = "",
    hz: Hz = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Read bytes, after writing a register address if one is given."""
    prefix = byte_string(register)
    with opened(rig, seed=seed) as bench, _freed(bench, bus, hz) as controller:
        data = controller.write_read(address, prefix, count) if prefix else controller.read(address, count)
    if json:
        emit({"address": address, "data": data.hex()})
    else:
        stdout().print(hexdump(data))


@app.command()
def write(rig: Rig, bus: Bus, address: Address, data: Bytes, hz: Hz = None, seed: Seed = 0) -> None:
    """Write bytes."""
    with opened(rig, seed=seed) as bench, _freed(bench, bus, hz) as controller:
        controller.write(address, data)
