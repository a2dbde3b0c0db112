from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
from pyftdi.i2c import I2cController, I2cNackError
from pyftdi.spi import SpiController
from pyftdi.usbtools import UsbTools
from usb.core import find

from benchctl.errors import RigError, UserError
from benchctl.rig.loader import find_rig, load_rig
from benchctl.twin.bench import VirtualBench
from benchctl.twin.build import open_virtual
from benchctl.twin.usb.hub import PortFeature
from benchctl.twin.wires.timeline import Drive

RIGS = ["imp001", "imp002", "imp003", "imp004m", "imp005", "imp006", "impC001"]
Open = Callable[..., VirtualBench]


@pytest.fixture
def opened() -> Iterator[Open]:
    benches: list[VirtualBench] = []

    def open_rig(rig: str = "virtual-imp005", **options: object) -> VirtualBench:
        benches.append(open_virtual(load_rig(rig), **options))  # type: ignore[arg-type]
        return benches[-1]

    yield open_rig
    for bench in benches:
        bench.close()


def variant(folder: Path, *changes: tuple[str, str]) -> str:
    """The imp005's virtual rig with some text replaced."""
    shipped = find_rig("virtual-imp005")
    text = shipped.read_text().replace("boards/", f"{shipped.resolve().parent}/boards/")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    rig = folder / "rig.yaml"
    rig.write_text(text)
    return str(rig)


def wait(bench: VirtualBench, seconds: float) -> None:
    bench.world.sleep_until(bench.world.now + round(seconds * 1e9))


def logged(bench: VirtualBench) -> list[str]:
    lines = []
    while entry := bench.cloud.read_log(0.001):
        lines += [entry.text] if entry.kind.startswith("server.") else []
    return lines


@pytest.mark.parametrize("module", RIGS)
def test_every_virtual_rig_opens_and_runs_a_program(opened: Open, module: str) -> None:
    bench = opened(f"virtual-{module}")
    bench.cloud.deploy('server.log("hello")', "hello.nut")
    wait(bench, 5)
    assert logged(bench) == ["hello"]
    assert bench.cloud.idle()
    rig = load_rig(f"virtual-{module}")
    serials = {device.serial_number for device in find(find_all=True, backend=bench.host.usb_backend)}
    assert serials == {adapter.serial for adapter in rig.adapters.values()}


def test_pyftdi_reads_the_flash_while_the_imp_is_in_reset(opened: Open) -> None:
    bench = opened()
    bench.nets["reset"].driver("test").set(Drive.LOW)
    wait(bench, 0.001)
    spi = SpiController()
    spi.configure("ftdi://ftdi:4232h:BCQUAD01/1")
    port = spi.get_port(cs=0, freq=10e6, mode=0)
    assert bytes(port.exchange([0x9F], 3)) == b"\xef\x40\x18"
    assert port.exchange([0x5A, 0, 0, 0, 0], 4) == b"SFDP"
    bench.parts["flash"].memory.cells[0x10000:0x10004] = list(b"user")
    assert port.exchange([0x03, 1, 0, 0], 4) == b"user"
    spi.close()


def test_pyftdi_writes_and_reads_the_eeprom(opened: Open) -> None:
    bench = opened()
    wait(bench, 0.001)
    i2c = I2cController()
    i2c.configure("ftdi://ftdi:4232h:BCQUAD02/1")
    port = i2c.get_port(0x51)
    port.write(b"\x00\x10hello")
    wait(bench, 0.005)
    assert port.exchange(b"\x00\x10", 5) == b"hello"
    assert not i2c.poll(0x50)
    i2c.close()


def test_hub_port_powers_the_imp_and_plugs_the_devices(opened: Open) -> None:
    bench = opened()
    hub = find(backend=bench.host.usb_backend, idVendor=0x2001)

    def power(port: int, on: bool) -> None:
        hub.ctrl_transfer(0x23, 3 if on else 1, PortFeature.POWER, port)

    socket = bench.imp._chip.usb_port
    assert socket.device is bench.parts["usbdev"]
    power(2, False)
    assert socket.device is bench.parts["usbdev2"]
    power(3, False)
    power(4, False)
    assert socket.device is None
    power(2, True)
    assert socket.device is bench.parts["usbdev"]
    bench.cloud.deploy('server.log("boot")', "boot.nut")
    wait(bench, 5)
    power(1, False)
    wait(bench, 1)
    power(1, True)
    wait(bench, 5)
    assert logged(bench) == ["boot", "boot"]
    UsbTools.release_all_devices()


def test_access_point_without_power_takes_the_network_away(opened: Open) -> None:
    bench = opened()
    hub = find(backend=bench.host.usb_backend, idVendor=0x2001)
    assert bench.imp._chip.online
    for feature, online in ((1, False), (3, True)):
        hub.ctrl_transfer(0x23, feature, PortFeature.POWER, 7)
        assert bench.imp._chip.online is online
    UsbTools.release_all_devices()


def test_seeds_make_different_benches_and_the_same_seed_the_same(opened: Open) -> None:
    def character(seed: int) -> list[object]:
        bench = opened(seed=seed)
        crystals = [chip.model.crystal for name, chip in bench.adapters.items() if name != "hub"]
        bench.close()
        return crystals

    one = character(1)
    assert one == character(1)
    assert len({*one, *character(2)}) == 2 * len(one)
    assert all(abs(crystal - 1) <= 20e-6 for crystal in one)


def test_closing_gives_the_libraries_back(opened: Open) -> None:
    before = UsbTools.BACKENDS
    bench = opened()
    folder = bench.host.device_root
    assert before != UsbTools.BACKENDS
    bench.close()
    bench.close()
    assert before == UsbTools.BACKENDS
    assert not folder.exists()


def test_kernel_serial_port_of_a_rig_faces_the_imp(opened: Open, tmp_path: Path) -> None:
    rig = variant(
        tmp_path,
        ("\n  hub: {", "\n  port: {kind: tty, path: /dev/serial/by-id/usb-port}\n  hub: {"),
        ("quad.DD1,", "port.RXD,"),
        ("quad.DD0,", "port.TXD,"),
    )
    bench = opened(rig)
    bench.cloud.deploy(
        """local uart = hardware.uart1;
        uart.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS, function() { uart.write(uart.read() + 1); });""",
        "echo.nut",
    )
    wait(bench, 5)
    with serial.Serial(str(bench.host.device_root / "dev/serial/by-id/usb-port"), 9600, timeout=0) as port:
        port.write(b"A")
        assert bench.host.clock.wait_readable(port.fileno(), 1)
        assert port.read() == b"B"


def test_bench_line_makes_a_target_refuse(opened: Open, tmp_path: Path) -> None:
    rig = variant(
        tmp_path,
        ("  eeprom0:", "  refuser: {kind: i2c-trouble, address: 0x30}\n  eeprom0:"),
        ("[imp.I2C0_SCL,", "[imp.I2C0_SCL, refuser.SCL,"),
        ("[imp.I2C0_SDA,", "[imp.I2C0_SDA, refuser.SDA,"),
        ("[imp.XC, ", "[imp.XC, refuser.NACK, "),
    )
    bench = opened(rig)
    line = bench.nets["xc"].driver("bench")
    line.set(Drive.LOW)
    wait(bench, 0.001)
    i2c = I2cController()
    i2c.configure("ftdi://ftdi:4232h:BCQUAD02/1")
    port = i2c.get_port(0x30)
    port.write(b"abc")
    assert port.read(3) == b"abc"
    line.set(Drive.HIGH)
    with pytest.raises(I2cNackError):
        port.write(b"abc")
    i2c.close()


def test_wrong_requests_are_refused_and_leave_nothing_behind(opened: Open, tmp_path: Path) -> None:
    before = UsbTools.BACKENDS
    with pytest.raises(UserError, match="no fault"):
        opened(faults=["nonsense"])
    with pytest.raises(UserError, match="not an impOS version"):
        opened(impos="new")
    rig = tmp_path / "rig.yaml"
    text = Path("rigs/virtual-imp005.yaml").read_text()
    text = text.replace("boards/", f"{Path('rigs/boards').resolve()}/")
    text = text.replace(
        "\n  hub: {", "\n  odd: {kind: sigrok, driver: fx2lafw, channels: {A: capture}}\n  hub: {"
    )
    rig.write_text(text)
    with pytest.raises(RigError, match="no sigrok adapter"):
        opened(rig)
    assert before == UsbTools.BACKENDS
