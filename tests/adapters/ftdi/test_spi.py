from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.spi import FtdiSpi
from benchctl.buses.spi import SpiFormat
from benchctl.errors import UserError
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.spinor import SpiNor

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench

PINS = {"AD0": "sclk", "AD1": "copi", "AD2": "cipo", "AD3": "cs"}
PROBES = {"CD0": "sclk", "CD1": "copi", "CD2": "cipo", "CD3": "cs"}
JEDEC_ID = b"\xef\x40\x18"


def flash_on(bench: "Bench") -> SpiNor:
    sclk, copi, cipo, cs = (bench.net(name) for name in ("sclk", "copi", "cipo", "cs"))
    cs.pull("r", high=True)
    return SpiNor("flash", Chip.named("W25Q128JV"), sclk, copi, cipo, cs)


@pytest.fixture
def looped(bench: "Bench") -> FtdiSpi:
    """A controller whose COPI and CIPO are joined."""
    return FtdiSpi(bench.chip("ft2232h", "LOOP", PINS | {"AD2": "copi"}), "A")


@pytest.mark.parametrize("kind", ["ft232h", "ft2232h", "ft4232h"])
@pytest.mark.parametrize("mode", [0, 3])
def test_flash_answers(bench: "Bench", kind: str, mode: int) -> None:
    flash_on(bench)
    spi = FtdiSpi(bench.chip(kind, "SPI1", PINS), "A")
    assert spi.configure(SpiFormat(10e6, mode)) == 10e6
    assert spi.exchange(b"\x9f", 3) == JEDEC_ID
    assert spi.exchange_many([(b"\x9f", 3), (b"\x05", 1), (b"", 0), (b"\x9f", 2)]) == [
        JEDEC_ID,
        b"\0",
        b"",
        JEDEC_ID[:2],
    ]


def test_what_is_programmed_is_read_back(bench: "Bench") -> None:
    flash_on(bench)
    spi = FtdiSpi(bench.chip("ft232h", "SPI1", PINS), "A")
    page = bytes(range(256))
    spi.exchange_many([(b"\x06", 0), (b"\x02\0\0\0" + page, 0)])
    bench.host.clock.sleep(0.01)
    assert spi.exchange(b"\x03\0\0\0", 256) == page


def test_deep_read_takes_little_more_than_its_bits(bench: "Bench") -> None:
    flash = flash_on(bench)
    spi = FtdiSpi(bench.chip("ft4232h", "SPI1", PINS), "A")
    spi.configure(SpiFormat(30e6))
    start = bench.world.now
    data = spi.exchange(b"\x03\0\0\0", 1 << 20)
    assert len(data) == 1 << 20
    assert data == b"\xff" * len(data)
    assert (bench.world.now - start) / 1e9 < 1.05 * (1 << 23) / 30e6 + 0.001
    assert not flash.busy


def test_many_short_transactions_share_round_trips(bench: "Bench") -> None:
    flash_on(bench)
    spi = FtdiSpi(bench.chip("ft4232h", "SPI1", PINS), "A")
    spi.configure(SpiFormat(10e6))
    start = bench.world.now
    assert spi.exchange_many([(b"\x9f", 3)] * 1000) == [JEDEC_ID] * 1000
    assert (bench.world.now - start) / 1e9 < 0.010  # a round trip each would take 0.25 s or more


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mode=st.integers(0, 3),
    lsb_first=st.booleans(),
    write=st.binary(max_size=9000),
    read_count=st.integers(0, 5000),
)
def test_duplex_returns_what_was_written(
    looped: FtdiSpi, mode: int, lsb_first: bool, write: bytes, read_count: int
) -> None:
    looped.configure(SpiFormat(30e6, mode, lsb_first))
    assert looped.exchange(write, read_count, duplex=True) == write + bytes(read_count)
    assert len(looped.exchange(write, read_count)) == read_count


def test_large_writes_and_reads_between_each_other_do_not_stall(looped: FtdiSpi) -> None:
    looped.configure(SpiFormat(30e6))
    big = bytes(100_000)
    answers = looped.exchange_many([(b"", 70_000), (big, 0), (b"\x55", 5000), (big, 70_000)])
    assert [len(answer) for answer in answers] == [70_000, 0, 5000, 70_000]


@pytest.mark.parametrize("mode", range(4))
def test_clock_and_select_on_the_wire(bench: "Bench", mode: int) -> None:
    chip = bench.chip("ft4232h", "SPI1", PINS | PROBES)
    spi, capture = FtdiSpi(chip, "A"), FtdiCapture(chip, "C", {"sclk": 0, "copi": 1, "cipo": 2, "cs": 3})
    spi.configure(SpiFormat(50e3, mode))
    capture.start()
    spi.exchange(b"\xa5")
    waveform = capture.stop()
    low, high = waveform.edges("cs")
    edges = waveform.edges("sclk")
    edges = edges[(edges > low) & (edges < high)]
    idle_high, trailing = bool(mode & 2), mode & 1
    assert waveform.level_at("sclk", low) == idle_high
    assert waveform.level_at("sclk", waveform.end - 1) == idle_high
    sampling = edges[trailing::2][:8]
    levels = waveform.level_at("copi", sampling - 1)
    assert np.packbits(levels).tobytes() == b"\xa5"
    assert np.diff(sampling) == pytest.approx(np.full(7, 20), abs=1)


def test_rate_is_never_above_the_wanted_one(looped: FtdiSpi) -> None:
    for hz in (100.0, 457.0, 1000.0, 400e3, 7e6, 14.9e6, 29e6, 60e6):
        assert 0.45 * min(hz, 30e6) < looped.configure(SpiFormat(hz)) <= hz
    with pytest.raises(UserError, match="ask for 92 Hz or more"):
        looped.configure(SpiFormat(50))


def test_close_releases_the_lines(bench: "Bench", looped: FtdiSpi) -> None:
    assert bench.net("cs").level() == 1
    assert bench.driven("cs")
    looped.close()
    looped.close()
    assert not any(bench.driven(net) for net in ("sclk", "copi", "cs"))


@pytest.mark.parametrize("hz", [100.0, 20e3])
def test_slow_clocks_outlast_no_patience(looped: FtdiSpi, hz: float) -> None:
    """What the chip has in its buffer may take longer than a USB transfer, and gives no answer meanwhile."""
    looped.configure(SpiFormat(hz))
    six_seconds = bytes(int(6 * hz / 8))
    assert len(looped.exchange(six_seconds, 2)) == 2
