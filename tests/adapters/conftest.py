"""A little virtual bench: chips on nets, seen through a Host as the adapters see one."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.buses.host import Host
from benchctl.rig.kinds import KINDS, Role
from benchctl.rig.model import Adapter, Channel, Place
from benchctl.twin.clock import VirtualClock
from benchctl.twin.ftdi.chip import FtdiChip as VirtualChip
from benchctl.twin.ftdi.models import MODELS
from benchctl.twin.usb.backend import install, uninstall
from benchctl.twin.usb.bus import Port, UsbBus
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World


def rig_adapter(
    kind: str,
    *,
    serial: str = "",
    port: str = "",
    name: str = "quad",
    roles: Mapping[str, Role] | None = None,
) -> Adapter:
    """An adapter as a rig file would describe it."""
    spec = KINDS[kind]
    channels = {
        letter: Channel(name, letter, (roles or {}).get(letter, Role.UART), spec) for letter in spec.channels
    }
    return Adapter(name, spec, "io", Place(Path("rig.yaml"), 1, name), channels, serial=serial, port=port)


class Bench:
    """A world with nets, virtual chips plugged into its USB, and the adapters opened on them."""

    def __init__(self) -> None:
        self.world = World()
        self.bus = UsbBus(self.world)
        self.host = Host(clock=VirtualClock(self.world), usb_backend=install(self.bus))
        self._nets: dict[str, ClockNet] = {}
        self._ports = iter(range(1, 16))
        self._chips: list[FtdiChip] = []

    def net(self, name: str) -> ClockNet:
        """The net of a name, made when first asked for."""
        if name not in self._nets:
            self._nets[name] = ClockNet(self.world, name)
        return self._nets[name]

    def plug(
        self, kind: str, serial: str, pins: Mapping[str, str], txden: Mapping[str, str] | None = None
    ) -> Port:
        """Plug in a virtual chip and let it be enumerated; `pins` joins its pins to nets."""
        nets: dict[str, Net] = {pin: self.net(net) for pin, net in pins.items()}
        chip = VirtualChip(self.world, MODELS[kind.upper()], serial, nets, txden=txden)
        port = self.bus.plug(chip, next(self._ports))
        self.host.clock.sleep(0.2)
        return port

    def open(self, kind: str, serial: str) -> FtdiChip:
        """Open a chip that was plugged in."""
        chip = FtdiChip(self.host, rig_adapter(kind, serial=serial))
        self._chips.append(chip)
        return chip

    def chip(
        self, kind: str, serial: str, pins: Mapping[str, str], txden: Mapping[str, str] | None = None
    ) -> FtdiChip:
        """Plug a chip in and open it."""
        self.plug(kind, serial, pins, txden)
        return self.open(kind, serial)

    def driven(self, net: str) -> bool:
        """True while anything but a pull drives the net."""
        return any(driver.drive in (Drive.LOW, Drive.HIGH) for driver in self.net(net).drivers)

    def forget(self, chip: FtdiChip) -> None:
        """Do not close a chip: the test pulled it out."""
        self._chips.remove(chip)

    def close(self) -> None:
        """Close every chip still open."""
        for chip in self._chips:
            chip.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()
    uninstall()


@pytest.fixture
def crossed(bench: Bench) -> Callable[[], FtdiChip]:
    """A FT4232H with channels A and B wired to each other as two UARTs."""

    def make() -> FtdiChip:
        pins = {"AD0": "a_to_b", "BD1": "a_to_b", "BD0": "b_to_a", "AD1": "b_to_a"}
        flow = {"AD2": "a_rts", "BD3": "a_rts", "BD2": "b_rts", "AD3": "b_rts"}
        probes = {"CD0": "a_to_b", "CD1": "b_to_a", "CD2": "a_rts"}
        return bench.chip("ft4232h", "FT4A", pins | flow | probes)

    return make
