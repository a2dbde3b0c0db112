"""Baud rates: what `configure()` returns against the bit time on TX."""

import pytest

from benchctl.buses.uart import UartFormat
from fixtures.serial import at_rate, characters, imp_format, measured_rate

FASTEST_CAPTURE_HZ = 12e6
SLOWEST_CAPTURE_HZ = 4000
SAMPLES_PER_BIT = 64
# The rate comes back as a whole number, which no source says is rounded or cut; the crystals of the imp and
# of the bench are well within a thousandth of each other.
CRYSTALS = 0.001
TEXT = bytes([0x55, 0x00, 0xFF, 0x0F])
REPEATS = ((1000, 1), (100_000, 16))  # up to this rate so many times; above, enough for an exact average
MOST_REPEATS = 64


@pytest.mark.claim("r30-uart-configure-returns-actual-rate")
def test_returned_rate_is_on_the_wire(bench, imp, judge, each_rate):
    """UART-CFG-02: the rate asked for is rounded to one the UART can make, and that one is returned."""
    port, asked = each_rate.port, each_rate.baud
    returned = port.imp.configure(*imp_format(UartFormat(asked)), imp.NO_CTSRTS)
    actual = at_rate(UartFormat(asked), returned)
    text = TEXT * next((times for rate, times in REPEATS if returned < rate), MOST_REPEATS)
    hz = min(max(SAMPLES_PER_BIT * returned, SLOWEST_CAPTURE_HZ), FASTEST_CAPTURE_HZ)
    with bench.capture([port.tx_net], hz) as recording:
        port.imp.write(text)
        port.imp.flush(timeout_s=5.0)
    rate = measured_rate(recording.waveform, port.tx_net, actual)
    low, high = (returned - 0.5) * (1 - CRYSTALS), (returned + 1) * (1 + CRYSTALS)
    judge.ratio("bit rate on TX", rate, "Bd", low=low, high=high)
    judge.equal("sent", characters(recording.waveform, port.tx_net, actual).data(), text)
    judge.observe("returned against asked for", round((returned / asked - 1) * 1e6), "ppm")
    judge.attach_waveform(recording.waveform, f"{port.name} at {asked} baud")


@pytest.mark.parametrize("asked", [9600, 19_200, 38_400])
def test_common_rates_are_near_enough_for_a_link(judge, each_uart, asked):
    """UART-CFG-02: nearest rate. A link of two sides with one stop bit works up to about 2 % on each."""
    if not each_uart.min_baud <= asked <= each_uart.max_baud:
        pytest.skip(f"{each_uart.name} has no {asked} baud")
    fmt = each_uart.configure(UartFormat(asked))
    judge.measure(
        "rate",
        fmt.baud,
        unit="Bd",
        uncertainty=0,
        resolution=1,
        low=asked * 0.98,
        high=asked * 1.02,
        source="imp",
    )
    text = bytes(range(64))
    each_uart.imp.write(text)
    judge.equal("read by the bench", each_uart.bench.read(len(text)), text)
