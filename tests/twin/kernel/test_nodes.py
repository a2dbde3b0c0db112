import shutil
import sys
import textwrap
from collections.abc import Iterator

import pytest

from benchctl.errors import UserError
from benchctl.twin.kernel.calls import I2cDev, Spidev
from benchctl.twin.kernel.controllers import I2cController, SpiController
from benchctl.twin.kernel.nodes import KernelNodes
from benchctl.twin.parts.eeprom24 import Eeprom24
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

pytestmark = pytest.mark.debian("umockdev")


@pytest.fixture
def nodes() -> Iterator[KernelNodes]:
    try:
        made = KernelNodes()
    except UserError as error:
        pytest.skip(str(error))
    if shutil.which("umockdev-wrapper") is None:
        pytest.skip("umockdev-wrapper is not installed")
    yield made
    made.close()


def run(nodes: KernelNodes, program: str) -> str:
    done = nodes.run([sys.executable, "-c", textwrap.dedent(program)])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_unmodified_spidev_reads_a_flash(nodes: KernelNodes) -> None:
    world = World()
    sclk, copi, cipo, cs = ClockNet(world, "sclk"), *(Net(world, n) for n in ("copi", "cipo", "cs"))
    flash = SpiNor("flash", Chip.named("W25Q32JV"), sclk, copi, cipo, cs)
    flash.memory.cells[:4096] = 0x5A
    nodes.add("/dev/spidev0.0", "spidev", Spidev(SpiController("pi", sclk, copi, cipo, cs)))
    output = run(
        nodes,
        """
        from benchctl.adapters.monotonic import MonotonicClock
        from benchctl.adapters.spidev import SpidevSpi
        from benchctl.buses.host import Host
        from benchctl.buses.spi import SpiFormat
        spi = SpidevSpi(Host(MonotonicClock()), "/dev/spidev0.0")
        for mode in (0, 3):
            print(spi.configure(SpiFormat(4e6, mode)), spi.exchange(b"\\x9f", 3).hex())
        print(spi.exchange(b"\\x03\\0\\0\\0", 4000) == b"\\x5a" * 4000)
        spi.close()
        """,
    )
    assert output.split() == ["4000000.0", "ef4016"] * 2 + ["True"]
    assert world.now >= 4_004 * 8 * 250


def test_unmodified_smbus2_uses_an_eeprom(nodes: KernelNodes) -> None:
    world = World()
    scl, sda = ClockNet(world, "scl"), Net(world, "sda")
    for net in (scl, sda):
        net.pull("r", high=True)
    eeprom = Eeprom24("e", scl, sda, size=32768, address=0x50, page=64, write_cycle_ns=0)
    nodes.add("/dev/i2c-1", "i2c-dev", I2cDev(I2cController("pi", scl, sda)))
    output = run(
        nodes,
        """
        from benchctl.adapters.monotonic import MonotonicClock
        from benchctl.adapters.smbus import SmbusI2c
        from benchctl.buses.host import Host
        from benchctl.buses.i2c import I2cNackError
        i2c = SmbusI2c(Host(MonotonicClock()), "/dev/i2c-1")
        i2c.write(0x50, b"\\0\\0hello")
        print(i2c.write_read(0x50, b"\\0\\0", 5).decode(), i2c.scan())
        try:
            i2c.write(0x51, b"x")
        except I2cNackError:
            print("refused")
        """,
    )
    assert output.splitlines() == ["hello [80]", "refused"]
    assert bytes(eeprom.cells[:5]) == b"hello"
    sda.driver("stuck").set(Drive.LOW)
    output = run(
        nodes,
        """
        import errno, smbus2
        try:
            smbus2.SMBus(1).i2c_rdwr(smbus2.i2c_msg.read(0x50, 1))
        except OSError as error:
            print(errno.errorcode[error.errno])
        """,
    )
    assert output == "ETIMEDOUT"
