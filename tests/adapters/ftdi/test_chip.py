"""Owning a chip: high impedance before and after, busy, absent, pulled out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.gpio import FtdiPort
from benchctl.adapters.ftdi.i2c import FtdiI2c
from benchctl.adapters.ftdi.spi import FtdiSpi
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.errors import AdapterBusyError, AdapterError, AdapterGoneError

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench

ALL_PINS = {f"{letter}D{bit}": f"{letter}{bit}" for letter in "ABCD" for bit in range(8)}

Make = Callable[[FtdiChip], Any]

OWNERS: dict[str, Make] = {
    "uart": lambda chip: FtdiUart(chip, "A"),
    "spi": lambda chip: FtdiSpi(chip, "A"),
    "i2c": lambda chip: FtdiI2c(chip, "A"),
    "gpio": lambda chip: FtdiPort(chip, "A", (0,)),
    "capture": lambda chip: FtdiCapture(chip, "A", {"net": 0}),
}
owners = pytest.mark.parametrize("make", OWNERS.values(), ids=OWNERS)

USES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "write": ("uart", lambda uart: uart.write(b"x")),
    "read": ("uart", lambda uart: uart.read(1)),
    "gapped": ("uart", lambda uart: uart.write_gapped(b"x", 1.0)),
    "rts": ("uart", lambda uart: uart.set_rts(True)),
    "exchange": ("spi", lambda spi: spi.exchange(b"x", 1)),
    "scan": ("i2c", lambda i2c: i2c.scan()),
    "drive": ("gpio", lambda port: port.line(0).drive(True)),
    "capture": ("capture", lambda capture: capture.start()),
}


def driven(bench: "Bench") -> list[str]:
    return [net for net in ALL_PINS.values() if bench.driven(net)]


def test_nothing_is_driven_while_only_the_chip_is_open(bench: "Bench") -> None:
    bench.plug("ft4232h", "FT4A", ALL_PINS)
    assert "A0" in driven(bench)  # TXD of a chip nobody has opened
    chip = bench.open("ft4232h", "FT4A")
    assert not driven(bench)
    uart = FtdiUart(chip, "A")
    assert set(driven(bench)) == {"A0", "A2", "A4"}
    uart.close()
    assert not driven(bench)


@owners
def test_a_channel_has_one_owner_at_a_time(bench: "Bench", make: Make) -> None:
    chip = bench.chip("ft4232h", "FT4A", ALL_PINS)
    owner = make(chip)
    with pytest.raises(AdapterBusyError, match="channel A of quad is in use already"):
        chip.channel("A")
    owner.close()
    make(chip).close()
    assert not driven(bench)


@owners
def test_closing_the_chip_releases_what_is_still_open(bench: "Bench", make: Make) -> None:
    chip = bench.chip("ft4232h", "FT4A", ALL_PINS)
    owner = make(chip)
    chip.close()
    chip.close()
    assert not driven(bench)
    owner.close()


def test_the_kernel_gets_its_interfaces_back(bench: "Bench") -> None:
    bench.plug("ft4232h", "FT4A", ALL_PINS)
    (node,) = bench.bus.nodes()
    assert node.bound == {0, 1, 2, 3}
    chip = bench.open("ft4232h", "FT4A")
    FtdiUart(chip, "B").close()
    FtdiUart(chip, "C")
    assert not node.bound  # also a closed channel is the chip's, and no tty
    assert set(node.claims) == {0, 1, 2, 3}
    chip.close()
    assert node.bound == {0, 1, 2, 3}
    assert not node.claims


def test_open_channels_survive_the_opening_of_another(bench: "Bench") -> None:
    chip = bench.chip("ft4232h", "FT4A", ALL_PINS)
    port = FtdiPort(chip, "B", (3,))
    port.line(3).drive(True)
    FtdiUart(chip, "C")
    FtdiSpi(chip, "A").close()
    assert bench.net("B3").level()
    assert bench.driven("B3")


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_pulled_out_while_in_use(bench: "Bench", use: tuple[str, Callable[[Any], object]]) -> None:
    port = bench.plug("ft4232h", "FT4A", ALL_PINS)
    chip = bench.open("ft4232h", "FT4A")
    bench.forget(chip)
    owner = OWNERS[use[0]](chip)
    port.unplug()
    with pytest.raises(AdapterGoneError, match="quad A has gone"):
        use[1](owner)
    with pytest.raises(AdapterGoneError, match="quad"):
        owner.close()
    owner.close()
    with pytest.raises(AdapterGoneError):
        chip.close()
    chip.close()


def test_pulled_out_while_waiting(bench: "Bench") -> None:
    port = bench.plug("ft4232h", "FT4A", ALL_PINS)
    chip = bench.open("ft4232h", "FT4A")
    bench.forget(chip)
    uart = FtdiUart(chip, "A")
    bench.world.after(500_000_000, port.unplug)
    with pytest.raises(AdapterGoneError):
        uart.read(1, 60.0)
    with pytest.raises(AdapterGoneError):
        chip.close()


def test_plugged_in_again_is_found_again(bench: "Bench") -> None:
    port = bench.plug("ft4232h", "FT4A", ALL_PINS)
    bench.open("ft4232h", "FT4A").close()
    device = port.device
    assert device is not None
    port.unplug()
    with pytest.raises(AdapterError, match="there is no ft4232h"):
        bench.open("ft4232h", "FT4A")
    port.plug(device)
    bench.host.clock.sleep(0.2)
    FtdiUart(bench.open("ft4232h", "FT4A"), "A").close()


def test_held_by_somebody_else(bench: "Bench") -> None:
    bench.plug("ft4232h", "FT4A", ALL_PINS)
    bench.open("ft4232h", "FT4A")
    with pytest.raises(AdapterBusyError, match="quad A is in use"):
        bench.open("ft4232h", "FT4A")


def test_wrong_serial_number_names_the_right_one(bench: "Bench") -> None:
    bench.plug("ft4232h", "FT4ABC12", ALL_PINS)
    with pytest.raises(
        AdapterError,
        match=r"there is no ft4232h with serial number FT4ABC13\. "
        r"attached instead: FT4ABC12; perhaps you meant 'FT4ABC12'",
    ):
        bench.open("ft4232h", "FT4ABC13")
