from collections.abc import Iterator

import pytest

from benchctl.twin.usb.backend import install, uninstall
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def bus(world: World) -> Iterator[UsbBus]:
    bus = UsbBus(world)
    install(bus)
    yield bus
    uninstall()
