"""`benchctl spi`: probe an SPI part by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from benchctl.buses.spi import SpiFormat
from benchctl.cli.output import Json, emit, hexdump, stderr, stdout
from benchctl.cli.probing import probe
from benchctl.cli.rigs import Bytes, Rig, Seed, opened, powered
from benchctl.errors import UserError
from benchctl.nearest import nearest

if TYPE_CHECKING:
    from benchctl.bench import Bench

_MOST = 1 << 20

app = probe("Probe an SPI part of the rig; the imp is held in reset meanwhile.")


@app.callback()
def spi() -> None:
    """Probe an SPI part of the rig; the imp is held in reset meanwhile."""


@app.command()
def transfer(
    rig: Rig,
    part: Annotated[
        str, typer.Argument(metavar="NET", help="The part to talk to, such as `flash`, or a net it is on.")
    ],
    data: Bytes,
    read: Annotated[int, typer.Option(metavar="N", min=0, max=_MOST, help="Then clock N bytes in.")] = 0,
    hz: Annotated[float, typer.Option(min=1, max=1e9, help="SCLK in Hz, at most.")] = 1e6,
    mode: Annotated[int, typer.Option(min=0, max=3, help="CPOL and CPHA.")] = 0,
    duplex: Annotated[bool, typer.Option("--duplex", help="Keep what is clocked in while sending.")] = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Select the part, send bytes, clock bytes in."""
    with opened(rig, seed=seed) as bench, powered(bench), bench.imp_quiet():
        controller = bench.spi(_spi_part(bench, part))
        actual = controller.configure(SpiFormat(hz, mode))
        received = controller.exchange(data, read, duplex=duplex)
    if json:
        emit({"sent": data.hex(), "hz": actual, "received": received.hex()})
    elif received:
        stdout().print(hexdump(received), markup=False)
    else:
        stderr().print(f"sent {len(data)} bytes at {actual:.0f} Hz")


def _spi_part(bench: "Bench", name: str) -> str:
    """The part with an SPI that is called so, or is alone on the net of that name. Raises UserError."""
    parts = [part.name for part in bench.rig.parts.values() if "SCLK" in part.spec.pins]
    net = bench.rig.nets.get(name)
    found = [name] if net is None else [part.name for part, _ in bench.wiring.parts_on(net)]
    if len(found) == 1 and found[0] in parts:
        return found[0]
    raise UserError(f"rig {bench.rig.name!r} has no SPI part {name!r}", nearest(name, parts))
