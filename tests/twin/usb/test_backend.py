import errno
from array import array

import pytest
import usb.core
import usb.util
from pyftdi.ftdi import Ftdi
from pyftdi.usbtools import UsbTools
from usb.core import USBError, USBTimeoutError

from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232R, FT4232H
from benchctl.twin.usb import backend as module
from benchctl.twin.usb.bus import ENUMERATION_NS, UsbBus
from benchctl.twin.usb.hub import PowerHub
from benchctl.twin.world import World

MS = 1_000_000


def find(**wanted: int) -> usb.core.Device | None:
    return usb.core.find(backend=module.get_backend(), **wanted)


def test_enumeration(world: World, bus: UsbBus) -> None:
    bus.plug(PowerHub(world, "HUB1"), 1)
    bus.plug(FtdiChip(world, FT4232H, "A"), 1, 2)
    bus.plug(FtdiChip(world, FT232R, "B"), 3)
    chip = find(idProduct=0x6011)
    assert chip is not None
    assert (chip.bus, chip.port_numbers, chip.port_number, chip.speed) == (1, (1, 2), 2, 3)
    assert (chip.manufacturer, chip.product, chip.serial_number) == ("FTDI", "FT4232H", "A")
    assert chip.parent.serial_number == "HUB1"
    assert [i.bInterfaceNumber for i in chip.get_active_configuration()] == [0, 1, 2, 3]
    other = find(idProduct=0x6001)
    assert other is not None
    assert (other.port_numbers, other.speed, other.parent) == ((3,), 2, None)
    assert other[0][(0, 0)][0].wMaxPacketSize == 64
    assert "CONFIGURATION 1" in str(chip)


def test_kernel_driver_must_be_detached_first(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT232R, "B"), 3)
    chip = find(idProduct=0x6001)
    assert chip is not None
    assert chip.is_kernel_driver_active(0)
    with pytest.raises(USBError, match="Resource busy") as caught:
        usb.util.claim_interface(chip, 0)
    assert (caught.value.errno, caught.value.backend_error_code) == (errno.EBUSY, -6)
    chip.detach_kernel_driver(0)
    usb.util.claim_interface(chip, 0)
    with pytest.raises(USBError, match="Resource busy"):
        chip.attach_kernel_driver(0)
    usb.util.release_interface(chip, 0)
    chip.attach_kernel_driver(0)
    assert chip.is_kernel_driver_active(0)


def test_second_program_finds_the_interface_busy(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT4232H, "A"), 1)
    ftdi = Ftdi.create_from_url("ftdi://::A/2")
    ftdi.write_data(b"x")
    other = find(idProduct=0x6011)
    assert other is not None
    with pytest.raises(USBError) as caught:
        usb.util.claim_interface(other, 1)
    assert caught.value.errno == errno.EBUSY
    ftdi.close()


def test_timeout_counts_simulated_time(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT232R, "B"), 3)
    chip = find(idProduct=0x6001)
    assert chip is not None
    chip.detach_kernel_driver(0)
    chip.ctrl_transfer(0x40, 9, 255, 1)
    chip.read(0x81, 64, 1000)
    begin = world.now
    with pytest.raises(USBTimeoutError) as caught:
        chip.read(0x81, 64, 100)
    assert (caught.value.errno, caught.value.backend_error_code) == (errno.ETIMEDOUT, -7)
    assert world.now - begin == 100 * MS


def test_stall_is_a_pipe_error(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT232R, "B"), 3)
    chip = find(idProduct=0x6001)
    assert chip is not None
    with pytest.raises(USBError, match="Pipe error") as caught:
        chip.ctrl_transfer(0xC0, 0x77, 0, 1, 4)
    assert (caught.value.errno, caught.value.backend_error_code) == (errno.EPIPE, -9)


def test_unplugged_in_the_middle_of_a_transfer(world: World, bus: UsbBus) -> None:
    port = bus.plug(FtdiChip(world, FT232R, "B"), 3)
    chip = find(idProduct=0x6001)
    assert chip is not None
    chip.detach_kernel_driver(0)
    chip.ctrl_transfer(0x40, 9, 255, 1)
    chip.read(0x81, 64, 1000)
    begin = world.now
    world.at(begin + 5 * MS, port.unplug)
    with pytest.raises(USBError, match="No such device") as caught:
        chip.read(0x81, 64, 1000)
    assert (caught.value.errno, caught.value.backend_error_code) == (errno.ENODEV, -4)
    assert world.now - begin == 5 * MS
    with pytest.raises(USBError, match="No such device"):
        chip.ctrl_transfer(0xC0, 5, 0, 1, 2)


def test_plugged_again_it_is_another_device(world: World, bus: UsbBus) -> None:
    chip = FtdiChip(world, FT232R, "B")
    port = bus.plug(chip, 3)
    first = find(idProduct=0x6001)
    world.sleep_until(MS)
    port.unplug()
    assert find(idProduct=0x6001) is None
    port.plug(chip)
    assert find(idProduct=0x6001) is None
    world.sleep_until(world.now + ENUMERATION_NS)
    again = find(idProduct=0x6001)
    assert first is not None
    assert again is not None
    assert again.address != first.address


def test_pyftdi_sees_a_new_device_after_flushing_its_cache(world: World, bus: UsbBus) -> None:
    assert Ftdi.list_devices() == []
    bus.plug(FtdiChip(world, FT232R, "B"), 3)
    assert Ftdi.list_devices() == []
    UsbTools.flush_cache()
    assert len(Ftdi.list_devices()) == 1


def test_transfer_times(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT4232H, "A"), 1)
    bus.plug(FtdiChip(world, FT232R, "B"), 2)
    for product, frame in ((0x6011, 125_000), (0x6001, 1_000_000)):
        device = find(idProduct=product)
        assert device is not None
        device.detach_kernel_driver(0)
        world.sleep_until(world.now + -world.now % MS)
        begin = world.now
        device.ctrl_transfer(0xC0, 5, 0, 1, 2)
        assert world.now - begin == frame
        device.write(0x02, b"x", 100)
        assert world.now - begin == 2 * frame


def test_uninstall_gives_pyftdi_its_backends_back(world: World) -> None:
    before = UsbTools.BACKENDS
    module.install(UsbBus(world))
    assert before != UsbTools.BACKENDS
    module.uninstall()
    assert before == UsbTools.BACKENDS
    assert module.get_backend() is None


def test_read_takes_what_fits_or_overflows(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT232R, "B"), 3)
    chip = find(idProduct=0x6001)
    assert chip is not None
    chip.detach_kernel_driver(0)
    assert chip.read(0x81, 64, 1000) == array("B", b"\x01\x60")
    with pytest.raises(USBError, match="Overflow"):
        chip.read(0x81, 1, 1000)
