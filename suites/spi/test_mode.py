"""Modes 0 to 3 and bit order, on the wire."""

import pytest

from benchctl.capture.timing import setup_hold
from benchctl.errors import SquirrelError
from fixtures.spi import mode_flags, words

CAPTURE_HZ = 8e6
ASKED_KHZ = 250
TEXT = bytes([0xA5, 0x01, 0x80, 0xFE, 0x33, 0x0F])

modes = pytest.mark.parametrize("mode", range(4), ids=lambda mode: f"mode {mode}")


def record(bench, port, data):
    """Idle, a write, idle again."""
    with bench.capture([port.sclk_net, port.copi_net], CAPTURE_HZ) as recording:
        port.imp.write(data)
    return recording.waveform


def needs(port, mode):
    if mode not in port.modes:
        pytest.skip(f"SPI-CFG-05: {port.name} has no mode {mode}")


@modes
def test_mode(bench, judge, each_spi, mode):
    """CLOCK_IDLE_HIGH is CPOL 1, CLOCK_2ND_EDGE is CPHA 1 (modes, api/spi.yaml).

    COPI is stable around the sampling edge of each pulse for at least a quarter of a bit.
    """
    needs(each_spi, mode)
    khz = each_spi.imp.configure(mode_flags(mode), ASKED_KHZ)
    wave = record(bench, each_spi, TEXT)
    idles_high = mode in (2, 3)
    edges = wave.edges(each_spi.sclk_net)
    judge.equal("SCLK before", bool(wave.initial_level(each_spi.sclk_net)), idles_high)
    judge.equal("clock edges", len(edges), 2 * 8 * len(TEXT))
    judge.equal("on COPI", words(wave, each_spi, mode).data(channel="mosi"), TEXT)
    stable = setup_hold(wave, each_spi.copi_net, each_spi.sclk_net, rising=mode in (0, 3))
    for name, series in (("setup", stable.setup), ("hold", stable.hold)):
        judge.duration(f"shortest {name}", series.shortest, "ns", low=1e6 / khz / 4)
    judge.attach_waveform(wave, f"{each_spi.name}, mode {mode}")


@modes
def test_least_significant_bit_first(bench, judge, each_spi, mode):
    """LSB_FIRST."""
    needs(each_spi, mode)
    if bench.rig.module.name == "imp005":
        pytest.skip("SPI-CFG-07: what an imp005 does with LSB_FIRST is not documented")
    each_spi.imp.configure(mode_flags(mode, "LSB_FIRST"), ASKED_KHZ)
    wave = record(bench, each_spi, TEXT)
    judge.equal("on COPI", words(wave, each_spi, mode, lsb_first=True).data(channel="mosi"), TEXT)
    judge.attach_waveform(wave, f"{each_spi.name}, mode {mode}, LSB first")


@pytest.mark.modules("imp005")
@pytest.mark.parametrize("flag", ["CLOCK_IDLE_HIGH", "CLOCK_2ND_EDGE", "LSB_FIRST"])
def test_flags_an_imp005_may_not_have(bench, imp, judge, each_spi, flag):
    """SPI-CFG-05: SCLK cannot idle high. SPI-CFG-07: whether the flag throws is not documented."""
    try:
        judge.observe("configure() returns", each_spi.imp.configure(imp.constant(flag), ASKED_KHZ), "kHz")
    except SquirrelError as error:
        judge.observe("configure() throws", error.thrown)
        return
    wave = record(bench, each_spi, TEXT)
    judge.equal("SCLK idles high", wave.initial_level(each_spi.sclk_net), False)
    judge.observe("on COPI", words(wave, each_spi).data(channel="mosi"))


def test_mode_and_order_can_be_changed_without_disabling(bench, judge, each_spi):
    """configure() on a configured bus sets the new mode and rate; MSB_FIRST is the default."""
    for mode, named in ((each_spi.modes[-1], ()), (0, ("MSB_FIRST",)), (each_spi.modes[-1], ("MSB_FIRST",))):
        each_spi.imp.configure(mode_flags(mode, *named), ASKED_KHZ)
        wave = record(bench, each_spi, TEXT)
        judge.equal(f"on COPI, mode {mode}", words(wave, each_spi, mode).data(channel="mosi"), TEXT)
