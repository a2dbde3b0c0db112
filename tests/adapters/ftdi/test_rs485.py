from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.gpio import FtdiPort
from benchctl.adapters.ftdi.rs485 import FtdiRs485
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.uart import UartFormat
from benchctl.errors import NotEquippedError
from benchctl.twin.parts.rs485 import Rs485
from benchctl.twin.wires.timeline import Drive

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench

DELAYS = {"enable_ns": 70, "disable_ns": 70, "propagation_ns": 25}


@pytest.fixture
def bus(bench: "Bench") -> Callable[[], FtdiChip]:
    """Channels A (driver enabled by AD7) and B of a FT4232H on one RS485 bus; C probes it."""
    pair = bench.net("bus")
    pair.pull("bias", high=True)
    for name in "ab":
        net = {pin: bench.net(f"{name}_{pin}") for pin in ("di", "de", "ro")}
        net["de"].pull("r", high=False)
        Rs485(name, pair, di=net["di"], de=net["de"], ro=net["ro"], **DELAYS)
    pins = {
        f"{letter}D{bit}": f"{letter.lower()}_{pin}"
        for letter in "AB"
        for bit, pin in ((0, "di"), (1, "ro"), (7, "de"))
    }
    probes = {"CD0": "bus", "CD1": "a_de"}
    wired = pins | {"BD7": "unused", "DD0": "b_de"} | probes
    return lambda: bench.chip("ft4232h", "RS485", wired, txden={"A": "AD7"})


def test_pattern_drives_the_bus_and_nothing_else_does(bus: Callable[[], FtdiChip]) -> None:
    chip = bus()
    fmt = UartFormat(19_200)
    a, capture = FtdiRs485(chip, "A", txden_bit=7), FtdiCapture(chip, "C", {"bus": 0, "de": 1})
    a.configure(fmt)
    capture.start()
    a.write_gapped(b"ab", 1000.0)
    waveform = capture.stop()
    up, down = waveform.edges("de")
    on_bus = waveform.edges("bus")
    assert up <= on_bus[0]
    assert on_bus[-1] < down
    assert down - up == pytest.approx((20 * 1e6 / 19_200 + 2000), abs=3)


def test_the_chips_own_enable_frames_what_is_written(bus: Callable[[], FtdiChip]) -> None:
    chip = bus()
    a, capture = FtdiRs485(chip, "A", txden_bit=7), FtdiCapture(chip, "C", {"bus": 0, "de": 1})
    capture.start()
    a.write(b"hello")
    a.drain()
    chip.host.clock.sleep(0.001)
    waveform = capture.stop()
    up, down = waveform.edges("de")
    assert up < waveform.edges("bus")[0] < waveform.edges("bus")[-1] < down
    assert a.read_chunk(0.05) is None


def test_de_line_frames_what_is_written(bench: "Bench", bus: Callable[[], FtdiChip]) -> None:
    chip = bus()
    de = FtdiPort(chip, "D", (0,)).line(0)
    b = FtdiRs485(chip, "B", de=de)
    b.write(b"hello")
    assert not bench.net("b_de").level()
    assert b.read_chunk(0.05) is None  # its own echo is taken out
    b.close()
    assert not bench.driven("b_de")


def test_answers_are_told_from_the_echo(bench: "Bench", bus: Callable[[], FtdiChip]) -> None:
    chip = bus()
    de = FtdiPort(chip, "D", (0,)).line(0)
    b, a = FtdiRs485(chip, "B", de=de), FtdiRs485(chip, "A", txden_bit=7)
    b.write(b"question")
    assert a.read(8) == b"question"
    a.write_gapped(b"answer", 0.0)
    assert b.read(6) == b"answer"


def test_collision_is_reported(bench: "Bench", bus: Callable[[], FtdiChip]) -> None:
    chip = bus()
    de = FtdiPort(chip, "D", (0,)).line(0)
    b = FtdiRs485(chip, "B", de=de)
    culprit = bench.net("bus").driver("culprit")
    now = bench.world.now
    culprit.play(np.array([now, now + 10**9]), np.array([Drive.LOW, Drive.Z], np.uint8))
    b.write(b"\xff\xff")
    bench.host.clock.sleep(1.0)
    chunk = b.read_chunk()
    assert chunk is not None
    assert "collision" in chunk.errors


def test_gaps_need_a_pin_that_can_play(bus: Callable[[], FtdiChip], bench: "Bench") -> None:
    wide = bench.chip("ft2232h", "WIDE", {})
    with pytest.raises(NotEquippedError, match="RS485 channel that can time gaps"):
        FtdiRs485(wide, "A", txden_bit=8).write_gapped(b"x", 1.0)
    FtdiUart(wide, "B").write_gapped(b"x", 1.0)
