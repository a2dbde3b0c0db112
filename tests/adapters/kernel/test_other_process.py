"""A Raspberry Pi in another process: ttys, spidev and i2c-dev of the kernel, wired to the virtual bench.

The program knows nothing of the twin: it opens a real rig with unmodified pyserial, spidev and smbus2.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import which
from subprocess import CompletedProcess

import pytest

from benchctl.dut import firmware
from benchctl.errors import UserError
from benchctl.rig.loader import load_rig
from benchctl.twin.bench import VirtualBench
from benchctl.twin.build import open_virtual
from benchctl.twin.kernel.calls import I2cDev, Spidev
from benchctl.twin.kernel.controllers import I2cController, SpiController
from benchctl.twin.kernel.nodes import KernelNodes

HERE = Path(__file__).parent
BOARDS = Path(__file__).parents[3] / "rigs/boards"
PAGES = bytes(range(256)) * 40

pytestmark = [
    pytest.mark.debian("umockdev"),
    pytest.mark.skipif(which("umockdev-wrapper") is None, reason="umockdev is not installed"),
]
Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def twin() -> Iterator[VirtualBench]:
    rig = load_rig(HERE / "virtual.yaml")
    with closing(open_virtual(rig)) as bench:
        link = rig.control.primary
        bench.cloud.deploy(firmware.program(link.uart, link.baud), "benchctl firmware")
        yield bench


@pytest.fixture
def pi(twin: VirtualBench, tmp_path: Path) -> Iterator[Run]:
    """Runs a Python program beside the twin; RIG among its arguments is the Pi's rig file."""
    rig = tmp_path / "raspberry-pi.yaml"
    text = (HERE / "raspberry-pi.yaml").read_text(encoding="utf-8")
    rig.write_text(text.replace("PORTS", str(twin.host.device_root)).replace("BOARDS", str(BOARDS)))
    try:
        nodes = KernelNodes()
    except UserError as error:
        pytest.skip(str(error))
    net = twin.nets
    spi = SpiController("pi", net["sclk"], net["copi"], net["cipo"], net["cs"])
    nodes.add("/dev/spidev5.1", "spidev", Spidev(spi))
    nodes.add("/dev/i2c-5", "i2c-dev", I2cDev(I2cController("pi", net["a"], net["b"])))

    def run(*words: object) -> CompletedProcess[str]:
        command = [sys.executable, *(str(rig if word == "RIG" else word) for word in words)]
        return nodes.run(command, twin.host.clock.wait_readable)

    yield run
    nodes.close()


def test_our_adapters_on_the_kernels_nodes(twin: VirtualBench, pi: Run) -> None:
    done = pi(HERE / "probe.py", "RIG")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {
        "imp": {"type": "imp003", "heard": "from the imp", "imp_heard": "from the bench"},
        "eeprom": {
            "scan": [0x50],
            "busy": True,
            "next_read": "00010203",
            "register_read": True,
            "refused": "address 0x51 was not acknowledged. check the address, the supply and the pull-ups.",
        },
        "nor": {
            "modes": ["ef3013", "ef3013"],
            "duplex": "ef3013",
            "many": ["ef3013", "00"],
            "most": 4096,
            "too_much": "4100 bytes are more than spidev moves at once (4096). "
            "split the transfer, or load the spidev module with a larger bufsiz.",
            "read": True,
        },
    }
    cells = twin.parts["nor"].memory.cells
    assert cells[0x1000 : 0x1000 + len(PAGES)].tobytes() == PAGES
    assert (cells[:0x1000] == 0xFF).all()
    assert bytes(twin.parts["eeprom"].cells[0x1240:0x1280]) == PAGES[:64]


def test_the_command_line_on_the_kernels_nodes(twin: VirtualBench, pi: Run, tmp_path: Path) -> None:
    benchctl = ("-m", "benchctl")
    image, out = tmp_path / "image.bin", tmp_path / "out.bin"
    image.write_bytes(PAGES)
    done = pi(*benchctl, "flash", "write", "RIG", image, "--part", "nor", "--at", "0x2000")
    assert done.returncode == 0, done.stderr
    done = pi(*benchctl, "flash", "dump", "RIG", "-o", out, "--part", "nor", "--count", "0x8000")
    assert done.returncode == 0, done.stderr
    cells = twin.parts["nor"].memory.cells
    assert out.read_bytes() == cells[:0x8000].tobytes()
    assert cells[0x2000 : 0x2000 + len(PAGES)].tobytes() == PAGES
    done = pi(*benchctl, "i2c", "scan", "RIG", "i2cAB", "--json")
    assert json.loads(done.stdout) == {"addresses": [0x50]}, done.stderr
    done = pi(*benchctl, "i2c", "scan", "RIG", "i2cAB", "--hz", "400e3")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no choice of 400000 Hz on /dev/i2c-5: its rate is not known" in done.stderr
