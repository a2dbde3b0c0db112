from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.gpio import FtdiPort
from benchctl.errors import NotEquippedError, UserError

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench


@pytest.mark.parametrize(
    ("kind", "letter", "pin", "bit", "bits"),
    [
        ("ft4232h", "D", "DD3", 3, (3,)),
        ("ft232r", "A", "D5", 5, (5,)),
        ("ft232h", "A", "AD0", 0, (0,)),
        ("ft232h", "A", "AC1", 9, (0, 9)),
        ("ft232h", "A", "AD4", 4, (4, 8)),
    ],
)
def test_line_drives_releases_and_reads(
    bench: "Bench", kind: str, letter: str, pin: str, bit: int, bits: tuple[int, ...]
) -> None:
    net = bench.net("line")
    port = FtdiPort(bench.chip(kind, "IO", {pin: "line"}), letter, bits)
    line = port.line(bit)
    pull = net.pull("r", high=False)
    assert not bench.driven("line")
    for level in (True, False, True):
        line.drive(level)
        bench.host.clock.sleep(10e-6)
        assert net.level() == level
        assert line.read() is level
    line.release()
    assert not bench.driven("line")
    pull.net.driver("other").set(pull.net.drivers[0].drive)
    line.drive(False)
    line.close()
    line.close()
    assert not bench.driven("line")
    port.close()


def test_lines_do_not_disturb_each_other(bench: "Bench") -> None:
    pins = {f"CD{bit}": f"n{bit}" for bit in range(3)} | {f"DD{bit}": f"n{bit}" for bit in range(3)}
    chip = bench.chip("ft4232h", "IO", pins)
    port, capture = FtdiPort(chip, "C", (0, 1, 2)), FtdiCapture(chip, "D", {"n0": 0, "n1": 1, "n2": 2})
    lines = [port.line(bit) for bit in range(3)]
    lines[0].drive(False)
    lines[1].drive(True)
    bench.host.clock.sleep(0.001)
    capture.start()
    for level in (True, False, True):
        lines[2].drive(level)
    lines[2].release()
    waveform = capture.stop()
    assert len(waveform.edges("n2")) >= 2
    assert not len(waveform.edges("n0"))
    assert not len(waveform.edges("n1"))


@pytest.mark.parametrize("level", [True, False])
def test_pulses_are_exact(bench: "Bench", level: bool) -> None:
    pins = {"CD0": "out", "CD1": "held", "DD0": "out", "DD1": "held"}
    chip = bench.chip("ft4232h", "IO", pins)
    port, capture = FtdiPort(chip, "C", (0, 1)), FtdiCapture(chip, "D", {"out": 0, "held": 1})
    line = port.line(0)
    port.line(1).drive(False)
    line.drive(not level)
    capture.start()
    line.pulse(level, 123.0, count=5, period_us=1000.0)
    waveform = capture.stop()
    edges = waveform.edges("out")[-10:]
    assert waveform.level_at("out", edges[0]) == level
    assert np.diff(edges[::2]) == pytest.approx([1000] * 4, abs=1)
    assert edges[1::2] - edges[::2] == pytest.approx([123] * 5, abs=1)
    assert not waveform.level_at("held", edges).any()


def test_what_cannot_be_is_refused(bench: "Bench") -> None:
    chip = bench.chip("ft232h", "IO", {})
    port = FtdiPort(chip, "A", (0, 8))
    with pytest.raises(NotEquippedError, match="exact pulses on quad A"):
        port.line(8).pulse(True, 10.0)
    with pytest.raises(UserError, match="cannot be"):
        port.line(0).pulse(True, 10.0, count=2, period_us=10.0)
    with pytest.raises(NotEquippedError, match="line on pin 10 of quad A"):
        FtdiPort(bench.chip("ft232r", "R", {}), "A", (10,))
