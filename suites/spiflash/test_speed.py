"""setspeed(): returned against SCLK, and when it takes effect. An imp005 has no such method."""

import pytest

from benchctl.capture.interval import Ratio, between_edges
from fixtures.outcomes import outcome
from fixtures.spi import clock_khz

SPEEDS = (4_500_000, 9_000_000, 18_000_000)  # setspeed, api/spiflash.yaml
DEFAULT = 4_500_000
CAPTURE_HZ = 12e6
TOLERANCE = 0.05
COUNT = 512

imp003 = pytest.mark.modules("imp003")


@pytest.fixture
def flash_nets(bench):
    """Nets of SCLK and CS at the imp's flash pins."""
    return [bench.wiring.net(pin).name for pin in ("FLASH_SCLK", "FLASH_CS")]


@pytest.fixture
def default_speed(spiflash):
    """The flash, put back to its default speed afterwards."""
    yield spiflash
    spiflash.imp.setspeed(DEFAULT)


def reading(bench, port, nets):
    with bench.capture(nets, CAPTURE_HZ) as recording:
        port.imp.read(0, COUNT)
    return recording.waveform


def mean_khz(wave, select):
    """Bits of the longest command over the time that it had the chip selected."""
    edges = wave.edges(select)
    longest = between_edges(wave, edges[0::2], edges[1::2]).longest
    khz = 8 * (COUNT + 4) * 1e6 / longest.value_ns
    return Ratio(khz, khz * longest.uncertainty_ns / longest.value_ns)


@imp003
@pytest.mark.parametrize(
    ("asked", "speed"),
    [
        (4_500_000, 4_500_000),
        (5e6, 4_500_000),
        (9_000_000, 9_000_000),
        (17.9e6, 9_000_000),
        (18_000_000, 18_000_000),
    ],
)
def test_speed_is_rounded_down_and_used(bench, judge, default_speed, flash_nets, asked, speed):
    """A read takes its bits at the returned speed, and what commands need around them."""
    judge.equal("setspeed()", default_speed.imp.setspeed(asked), speed)
    default_speed.imp.enable()
    wave = reading(bench, default_speed, flash_nets)
    low, high = speed / 2e3 * (1 + TOLERANCE), speed / 1e3 * (1 + TOLERANCE)
    judge.ratio("bits over the time of a read", mean_khz(wave, flash_nets[1]), "kHz", low=low, high=high)
    judge.attach_waveform(wave, f"read at {speed} Hz")


@imp003
def test_default_speed(bench, judge, spiflash, flash_nets, power_cycle):
    """After a cold start, without setspeed(): 4.5 MHz on SCLK."""
    power_cycle()
    spiflash.imp.enable()
    wave = reading(bench, spiflash, flash_nets)
    low, high = DEFAULT / 1e3 * (1 - 2 * TOLERANCE), DEFAULT / 1e3 * (1 + 2 * TOLERANCE)
    judge.ratio("SCLK", clock_khz(wave, flash_nets[0]), "kHz", low=low, high=high)


@imp003
def test_speed_changes_at_the_next_enable(bench, judge, default_speed, flash_nets):
    """SF-SP-01: not while enabled."""
    default_speed.imp.setspeed(DEFAULT)
    default_speed.imp.enable()
    default_speed.imp.setspeed(SPEEDS[-1])
    rates = [mean_khz(reading(bench, default_speed, flash_nets), flash_nets[1])]
    default_speed.imp.disable()
    default_speed.imp.enable()
    rates.append(mean_khz(reading(bench, default_speed, flash_nets), flash_nets[1]))
    slow, fast = (speed / 1e3 * (1 + TOLERANCE) for speed in (DEFAULT, SPEEDS[-1]))
    judge.ratio("still enabled", rates[0], "kHz", high=slow)
    judge.ratio("enabled anew", rates[1], "kHz", low=slow, high=fast)


@imp003
@pytest.mark.parametrize("asked", [0, 4_499_000, 18_100_000, 100_000_000])
def test_speed_out_of_range_throws(judge, default_speed, asked):
    """SF-SP-E1."""
    judge.equal("throws", bool(default_speed.imp.setspeed.throws(asked)), True)


@pytest.mark.modules("imp005")
def test_clock_of_an_imp005(bench, judge, spiflash, flash_nets):
    """Its speed comes from a page written at manufacture: the mean rate of a read is recorded."""
    spiflash.imp.enable()
    rate = mean_khz(reading(bench, spiflash, flash_nets), flash_nets[1])
    judge.observe(
        "bits over the time of a read",
        rate.value,
        "kHz",
        uncertainty=rate.uncertainty,
        source="logic capture",
    )
    judge.observe("setspeed()", outcome(spiflash.imp.setspeed, 4_500_000))
