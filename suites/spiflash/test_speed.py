"""setspeed(): returned against SCLK, and when it takes effect. An imp005 has no such method."""

import pytest

from benchctl.capture.interval import between_edges
from benchctl.errors import SquirrelError
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
    return khz, khz * longest.uncertainty_ns / longest.value_ns


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
    value, uncertainty = mean_khz(wave, flash_nets[1])
    judge.measure(
        "bits over the time of a read",
        value,
        unit="kHz",
        uncertainty=uncertainty,
        low=speed / 2e3 * (1 + TOLERANCE),
        high=speed / 1e3 * (1 + TOLERANCE),
        source="logic capture",
    )
    judge.attach_waveform(wave, f"read at {speed} Hz")


@imp003
def test_default_speed(bench, judge, spiflash, flash_nets, power_cycle):
    """After a cold start, without setspeed(): 4.5 MHz on SCLK."""
    power_cycle()
    spiflash.imp.enable()
    wave = reading(bench, spiflash, flash_nets)
    rate = clock_khz(wave, flash_nets[0])
    judge.measure(
        "SCLK",
        rate.value,
        unit="kHz",
        uncertainty=rate.uncertainty,
        low=DEFAULT / 1e3 * (1 - 2 * TOLERANCE),
        high=DEFAULT / 1e3 * (1 + 2 * TOLERANCE),
        source="logic capture",
    )


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
    for name, (value, uncertainty), low, high in (
        ("still enabled", rates[0], None, DEFAULT / 1e3),
        ("enabled anew", rates[1], DEFAULT / 1e3, SPEEDS[-1] / 1e3),
    ):
        judge.measure(
            name,
            value,
            unit="kHz",
            uncertainty=uncertainty,
            low=None if low is None else low * (1 + TOLERANCE),
            high=high * (1 + TOLERANCE),
            source="logic capture",
        )


@imp003
@pytest.mark.parametrize("asked", [0, 4_499_000, 18_100_000, 100_000_000])
def test_speed_out_of_range_throws(judge, default_speed, asked):
    """SF-SP-E1."""
    judge.equal("throws", bool(default_speed.imp.setspeed.throws(asked)), True)


@pytest.mark.modules("imp005")
def test_clock_of_an_imp005(bench, judge, spiflash, flash_nets):
    """Its speed comes from a page written at manufacture: the mean rate of a read is recorded."""
    spiflash.imp.enable()
    value, uncertainty = mean_khz(reading(bench, spiflash, flash_nets), flash_nets[1])
    judge.observe(
        "bits over the time of a read", value, "kHz", uncertainty=uncertainty, source="logic capture"
    )
    try:
        spiflash.imp.setspeed(4_500_000)
        judge.observe("setspeed()", "returns")
    except SquirrelError as error:
        judge.observe("setspeed()", f"throws {error.thrown}")
