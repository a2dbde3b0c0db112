"""`benchctl spi`: probe an SPI part by hand."""

from typing import Annotated

import typer

from benchctl.buses.spi import SpiFormat
from benchctl.cli.output import Json, emit, hexdump, stdout
from benchctl.cli.rigs import Bytes, Rig, Seed, opened, powered

app = typer.Typer(help="Probe an SPI part of the rig; the imp is held in reset meanwhile.")


@app.callback()
def spi() -> None:
    """Probe an SPI part of the rig; the imp is held in reset meanwhile."""


@app.command()
def transfer(
    rig: Rig,
    part: Annotated[str, typer.Argument(metavar="NET", help="The part to talk to, such as `flash`.")],
    data: Bytes,
    read: Annotated[int, typer.Option(metavar="N", help="Then clock N bytes in.")] = 0,
    hz: Annotated[float, typer.Option(help="SCLK in Hz.")] = 1e6,
    mode: Annotated[int, typer.Option(min=0, max=3)] = 0,
    duplex: Annotated[bool, typer.Option(help="Keep what is clocked in while sending.")] = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Select the part, send bytes, clock bytes in."""
    with opened(rig, seed=seed) as bench, powered(bench), bench.imp_quiet():
        controller = bench.spi(part)
        actual = controller.configure(SpiFormat(hz, mode))
        received = controller.exchange(data, read, duplex=duplex)
    if json:
        emit({"sent": data.hex(), "hz": actual, "received": received.hex()})
    else:
        stdout().print(hexdump(received) if received else f"sent {len(data)} bytes at {actual:.0f} Hz")
