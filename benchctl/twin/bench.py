"""An open virtual bench."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchctl.buses.host import Host
from benchctl.dut.deploy import Deployment
from benchctl.twin.imp.imp import VirtualImp
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.usb.device import UsbDevice
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World


@dataclass(frozen=True)
class VirtualBench:
    """Everything below the seam.

    Attributes:
        world: simulated time.
        host: the bench PC, to be given to adapters.
        usb: what is plugged into the bench PC.
        imp: the imp under test.
        cloud: where programs for the imp go in and its log comes out.
        adapters: USB adapters by name.
        parts: fixture parts by name (SpiNor, Eeprom24, Rs485, FtdiChip ...).
        nets: wires by name.
    """

    world: World
    host: Host
    usb: UsbBus
    imp: VirtualImp
    cloud: Deployment
    adapters: Mapping[str, UsbDevice]
    parts: Mapping[str, Any]
    nets: Mapping[str, Net]
    _closing: ExitStack

    def close(self) -> None:
        """Take the bench down: the imp off, its VM ended, the libraries given back; harmless when done."""
        self._closing.close()
