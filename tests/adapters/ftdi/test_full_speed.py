"""The FT232R: full-speed USB with packets of 64 bytes, and small buffers."""

from typing import TYPE_CHECKING

import pytest

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.uart import UartFormat
from benchctl.measure import Measurement, Verdict, decide

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench


def test_nothing_is_lost(bench: "Bench") -> None:
    a = FtdiUart(bench.chip("ft232r", "RA", {"D0": "x", "D1": "y"}), "A")
    b = FtdiUart(bench.chip("ft232r", "RB", {"D0": "y", "D1": "x"}), "A")
    for uart in (a, b):
        uart.configure(UartFormat(57_600))
    text = bytes(range(256)) * 20
    a.write(text)
    a.drain()
    assert b.read(len(text)) == text
    a.write_gapped(b"gapped", [1000.0, 0, 0, 1750.0, 0, 0])
    assert b.read(6) == b"gapped"
    assert a.stamp_uncertainty_ns > 2_000_000


def test_capture(bench: "Bench") -> None:
    uart = FtdiUart(bench.chip("ft4232h", "Q", {"AD0": "x"}), "A")
    capture = FtdiCapture(bench.chip("ft232r", "RA", {"D4": "x"}), "A", {"x": 4})
    capture.configure(200_000)
    capture.start()
    uart.set_break(True)
    bench.host.clock.sleep(0.1)
    uart.set_break(False)
    waveform = capture.stop()
    down, up = waveform.edges("x")
    assert 0.1 <= (up - down) / 200_000 < 0.11


@pytest.mark.parametrize("gap_us", [0, 500, 1000, 1900])
def test_stamps_decide_no_gap_below_the_latency_timer(bench: "Bench", gap_us: float) -> None:
    a = FtdiUart(bench.chip("ft232r", "RA", {"D0": "x", "D1": "y"}), "A")
    b = FtdiUart(bench.chip("ft232r", "RB", {"D0": "y", "D1": "x"}), "A")
    for uart in (a, b):
        uart.configure(UartFormat(57_600))
    a.write_gapped(b"ab", gap_us)
    stamps: list[int] = []
    while len(stamps) < 2:
        chunk = b.read_chunk()
        assert chunk is not None
        stamps += [chunk.t_ns] * len(chunk.data)
    gap = Measurement(
        "gap",
        (stamps[1] - stamps[0]) / 1e3,
        "µs",
        2 * b.stamp_uncertainty_ns / 1e3,
        high=2000,
        source="stamps",
    )
    assert decide(gap)[0] is Verdict.INCONCLUSIVE
