"""The adapters of a virtual rig: FTDI chips and hubs on the bench PC's USB."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from benchctl.errors import RigError
from benchctl.rig.kinds import Role
from benchctl.rig.model import Adapter
from benchctl.rig.parts import UsbFt232r
from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import MODELS, Model
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.usb.device import UsbDevice
from benchctl.twin.usb.hub import PowerHub
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World

# choice: the 12 MHz crystals of USB adapters are usually specified to 20 or 30 ppm.
_CRYSTAL_PPM = 20
_FT232R_PINS = ("TXD", "RXD", "RTS", "CTS", "DTR", "DSR", "DCD", "RI")  # D0 to D7, DS_FT232R


def attach(world: World, bus: UsbBus, adapter: Adapter, nets: Mapping[str, Net]) -> UsbDevice:
    """Make a USB adapter and plug it into the bench PC: where its port path says, else into a free root port.

    Args:
        world: simulated time; the crystal's error derives from its seed.
        bus: the bench PC's USB.
        adapter: from the rig file.
        nets: net of each wired pin.

    Raises:
        RigError: the virtual bench has no such adapter.
    """
    device = _device(world, adapter, nets)
    if adapter.port:
        path = [int(number) for number in adapter.port.partition("-")[2].split(".")]
    else:
        path = [next(port.number for port in bus.root if port.device is None)]
    bus.plug(device, *path)
    return device


def usb_serial_part(world: World, name: str, part: UsbFt232r, nets: Mapping[str, Net]) -> FtdiChip:
    """The FT232R that a rig has plugged into the imp, its pins named by signal."""
    pins = {f"D{_FT232R_PINS.index(pin)}": net for pin, net in nets.items()}
    return FtdiChip(world, _unit(world, name, MODELS["FT232R"]), part.serial, pins)


def _device(world: World, adapter: Adapter, nets: Mapping[str, Net]) -> UsbDevice:
    kind = adapter.kind.name
    if kind == "usbhub":
        return PowerHub(world, adapter.serial, adapter.ports)
    if adapter.kind.usb_id is None:
        raise adapter.place.error(
            f"the virtual bench has no {kind} adapter", "use an FTDI adapter for this, or a real bench"
        )
    model = _unit(world, adapter.name, MODELS[kind.upper()])
    txden = {
        name: adapter.kind.txden[name]
        for name, channel in adapter.channels.items()
        if channel.role is Role.RS485 and kind == "ft4232h"
    }
    try:
        pins = {pin.replace("CBUS", "C"): net for pin, net in nets.items()}
        return FtdiChip(world, model, adapter.serial, pins, txden=txden)
    except KeyError as missing:
        raise _no_pin(adapter, missing) from missing


def _no_pin(adapter: Adapter, missing: KeyError) -> RigError:
    return adapter.place.error(
        f"a pin of this adapter cannot be wired on the virtual bench: {missing.args[0]}", "use another pin"
    )


def _unit(world: World, name: str, model: Model) -> Model:
    ppm = round(world.random(f"{name}/crystal").uniform(-_CRYSTAL_PPM, _CRYSTAL_PPM) * 1000)
    return replace(model, crystal=1 + Fraction(ppm, 10**9))
