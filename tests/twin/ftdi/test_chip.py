import pytest
from pyftdi.eeprom import FtdiEeprom
from pyftdi.ftdi import Ftdi

from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232R, FT2232H, MODELS
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World


@pytest.mark.parametrize("name", MODELS)
def test_pyftdi_knows_the_chip(world: World, bus: UsbBus, name: str) -> None:
    model = MODELS[name]
    bus.plug(FtdiChip(world, model, "SN7", {}), 1)
    ((descriptor, interfaces),) = Ftdi.list_devices()
    assert (descriptor.sn, descriptor.description, interfaces) == ("SN7", name, len(model.channels))
    ftdi = Ftdi.create_from_url("ftdi://::SN7/1")
    assert ftdi.ic_name == name.lower()
    assert ftdi.is_mpsse_interface(1) == ("A" in model.mpsse)
    assert ftdi._max_packet_size == model.packet


def test_latency_timer_reads_back(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT2232H, "SN7"), 1)
    ftdi = Ftdi.create_from_url("ftdi://::SN7/2")
    ftdi.set_latency_timer(9)
    assert ftdi.get_latency_timer() == 9


@pytest.mark.parametrize("name", MODELS)
def test_eeprom_reads_and_writes(world: World, bus: UsbBus, name: str) -> None:
    bus.plug(FtdiChip(world, MODELS[name], "SN7", product="Bench"), 1)
    ftdi = Ftdi.create_from_url("ftdi://::SN7/1")
    image = ftdi.read_eeprom()
    assert ftdi.calc_eeprom_checksum(image[:-2]) == int.from_bytes(image[-2:], "little")
    ftdi.write_eeprom(0x14, b"\x12\x34", dry_run=False)
    assert ftdi.read_eeprom(0x14, 2) == b"\x12\x34"


def test_eeprom_strings(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT2232H, "SN7", product="Bench"), 1)
    eeprom = FtdiEeprom()
    eeprom.open("ftdi://::SN7/1")
    assert (eeprom.serial, eeprom.product, eeprom.manufacturer) == ("SN7", "Bench", "FTDI")


def test_unknown_pin_is_refused(world: World) -> None:
    with pytest.raises(KeyError, match="no pin AD3"):
        FtdiChip(world, FT232R, "SN7", {"AD3": Net(world, "n")})


def test_unknown_mode_stalls(world: World, bus: UsbBus) -> None:
    bus.plug(FtdiChip(world, FT232R, "SN7"), 1)
    ftdi = Ftdi.create_from_url("ftdi://::SN7/1")
    with pytest.raises(OSError, match="Pipe error"):
        ftdi.set_bitmode(0, Ftdi.BitMode.MPSSE)
