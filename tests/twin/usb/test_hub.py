import pytest
import usb.core
from usb.core import USBError

from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232R
from benchctl.twin.usb.backend import get_backend
from benchctl.twin.usb.bus import ENUMERATION_NS, UsbBus
from benchctl.twin.usb.hub import PortFeature, PortStatus, PowerHub
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World

SET, CLEAR, PORT_OUT, PORT_IN = 3, 1, 0x23, 0xA3


def the_hub() -> usb.core.Device:
    hub = usb.core.find(backend=get_backend(), bDeviceClass=9)
    assert hub is not None
    return hub


def status(hub: usb.core.Device, port: int) -> tuple[int, int]:
    raw = bytes(hub.ctrl_transfer(PORT_IN, 0, 0, port, 4))
    return int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:], "little")


def switch(hub: usb.core.Device, port: int, on: bool) -> None:
    hub.ctrl_transfer(PORT_OUT, SET if on else CLEAR, PortFeature.POWER, port)


def test_hub_descriptor_says_per_port_switching(world: World, bus: UsbBus) -> None:
    bus.plug(PowerHub(world, "H", ports=7), 1)
    raw = bytes(the_hub().ctrl_transfer(0xA0, 6, 0x2900, 0, 71))
    assert (raw[0], raw[1], raw[2], raw[3] & 3) == (len(raw), 0x29, 7, 1)


def test_power_unplugs_and_plugs_a_device(world: World, bus: UsbBus) -> None:
    bus.plug(PowerHub(world, "H"), 1)
    txd = Net(world, "txd")
    txd.pull("down", high=False)
    bus.plug(FtdiChip(world, FT232R, "B", {"D0": txd}), 1, 3)
    hub = the_hub()
    assert status(hub, 3)[0] == PortStatus.POWER | PortStatus.CONNECTION | PortStatus.ENABLE
    assert txd.level() == 1
    switch(hub, 3, on=False)
    assert status(hub, 3)[0] == 0
    assert txd.level() == 0
    assert usb.core.find(backend=get_backend(), idProduct=0x6001) is None
    hub.ctrl_transfer(PORT_OUT, CLEAR, PortFeature.C_CONNECTION, 3)
    switch(hub, 3, on=True)
    state, change = status(hub, 3)
    assert state & PortStatus.POWER
    assert change & 1
    world.sleep_until(world.now + ENUMERATION_NS)
    assert usb.core.find(backend=get_backend(), idProduct=0x6001) is not None


def test_port_feeds_a_load(world: World, bus: UsbBus) -> None:
    bus.plug(PowerHub(world, "H"), 1)
    seen: list[bool] = []
    bus.port(1, 2).feed(seen.append)
    hub = the_hub()
    switch(hub, 2, on=False)
    switch(hub, 2, on=False)
    switch(hub, 2, on=True)
    assert seen == [True, False, True]


def test_port_reset(world: World, bus: UsbBus) -> None:
    bus.plug(PowerHub(world, "H"), 1)
    chip = FtdiChip(world, FT232R, "B")
    bus.plug(chip, 1, 1)
    hub = the_hub()
    hub.ctrl_transfer(PORT_OUT, SET, PortFeature.RESET, 1)
    assert status(hub, 1)[0] & PortStatus.RESET
    assert chip.configuration == 0
    world.sleep_until(world.now + 20_000_000)
    state, change = status(hub, 1)
    assert state & PortStatus.ENABLE
    assert change & 1 << 4


def test_unplugging_the_hub_takes_everything_below(world: World, bus: UsbBus) -> None:
    root = bus.plug(PowerHub(world, "H"), 1)
    bus.plug(PowerHub(world, "H2"), 1, 1)
    bus.plug(FtdiChip(world, FT232R, "B"), 1, 1, 4)
    assert len(bus.nodes()) == 3
    seen: list[bool] = []
    bus.port(1, 2).feed(seen.append)
    world.sleep_until(1000)
    root.unplug()
    assert bus.nodes() == []
    assert seen == [True, False]


def test_unknown_port_and_feature_stall(world: World, bus: UsbBus) -> None:
    bus.plug(PowerHub(world, "H"), 1)
    for feature, port in ((PortFeature.POWER, 9), (77, 1)):
        with pytest.raises(USBError, match="Pipe error"):
            the_hub().ctrl_transfer(PORT_OUT, SET, feature, port)
