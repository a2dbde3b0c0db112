"""`benchctl usb`: USB devices of the bench and at the imp's port."""

from typing import Annotated

import typer

from benchctl.cli.output import Json, emit, show_table, stdout
from benchctl.cli.probing import probe
from benchctl.cli.rigs import Rig, Seed, opened
from benchctl.errors import UserError
from benchctl.nearest import nearest
from benchctl.rig.model import IMP
from benchctl.rig.parts import UsbDevice

app = probe("USB devices of the bench, and of the imp's port.")


@app.command(name="list")
def list_(rig: Rig, seed: Seed = 0, json: Json = False) -> None:
    """List what the bench's hubs and USB host see."""
    from benchctl.adapters.usbhost import scan

    with opened(rig, seed=seed) as bench:
        rows = [vars(found) for found in scan(bench.host)]
    if json:
        emit({"devices": rows})
    else:
        show_table(("kind", "serial", "location", "description"), [tuple(row.values()) for row in rows])


@app.command()
def power(
    rig: Rig,
    part: Annotated[
        str, typer.Argument(metavar="PART", help="A USB part of the rig, or `imp` for the imp's supply.")
    ],
    state: Annotated[str, typer.Argument(metavar="on|off")],
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Switch the hub port that supplies a USB part (plugging or unplugging it) or the imp."""
    if state not in ("on", "off"):
        raise UserError(f"{state!r} is no state of a port", "say on or off")
    with opened(rig, seed=seed) as bench:
        parts = [n for n, p in bench.rig.parts.items() if isinstance(p.spec, UsbDevice)]
        if part == IMP:
            bench.power.on() if state == "on" else bench.power.off()
        elif part in parts:
            bench.usb_port(part).power(state == "on")
        else:
            raise UserError(f"rig {bench.rig.name!r} has no USB part {part!r}", nearest(part, (IMP, *parts)))
        now = {name: bench.usb_port(name).powered() for name in parts}
    if json:
        emit({"powered": now})
    else:
        stdout().print("  ".join(f"{name}: {'on' if on else 'off'}" for name, on in now.items()))
