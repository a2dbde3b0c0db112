"""Without the clock line, and with one data line only (NO_SCLK, SIMPLEX_TX, SIMPLEX_RX; impOS 30)."""

import pytest

from benchctl.capture.interval import between_edges
from fixtures.spi import bits_after, mode_flags, words

CAPTURE_HZ = 12e6
ASKED_KHZ = 250
# Starts with a one, so that its first edge shows where it begins; short, for some modules pause after a byte.
TEXT = bytes([0xA6, 0x55])
TOLERANCE = 0.05  # as in test_rate.py


def recorded(bench, port, act):
    with bench.capture([port.sclk_net, port.copi_net], CAPTURE_HZ) as recording:
        act()
    return recording.waveform


@pytest.mark.claim("r30-spi-no-sclk")
@pytest.mark.parametrize("simplex", [False, True], ids=["duplex", "simplex"])
def test_no_sclk_sends_bits_without_a_clock(bench, judge, each_spi, simplex):
    """NO_SCLK: bits of one clock period each on COPI, none of them clocked."""
    flags = mode_flags(0, "NO_SCLK", *(["SIMPLEX_TX"] if simplex else []))
    khz = each_spi.imp.configure(flags, ASKED_KHZ)
    each_spi.imp.write(b"\x00")
    wave = recorded(bench, each_spi, lambda: each_spi.imp.write(TEXT))
    edges = wave.edges(each_spi.copi_net)
    judge.equal("edges on SCLK", len(wave.edges(each_spi.sclk_net)), 0)
    judge.equal("on COPI", bits_after(wave, each_spi.copi_net, edges[0], 1e6 / khz, len(TEXT)), TEXT)
    bit = between_edges(wave, edges[:1], edges[1:2])[0]
    low, high = 1e6 / (khz + 1) * (1 - TOLERANCE), 1e6 / khz * (1 + TOLERANCE)
    judge.duration("first bit", bit, "ns", low=low, high=high)
    judge.attach_waveform(wave, f"{each_spi.name} without SCLK")


@pytest.mark.claim("r30-spi-no-sclk")
def test_no_sclk_leaves_the_pin_to_others(bench, imp, judge, each_spi):
    """The SCLK pin can be driven as a GPIO while the bus sends."""
    if each_spi.sclk_pin is None:
        pytest.skip(f"SCLK of {each_spi.name} has a pin of its own, which is no GPIO")
    khz = each_spi.imp.configure(mode_flags(0, "NO_SCLK"), ASKED_KHZ)
    each_spi.sclk_pin.configure(imp.DIGITAL_OUT, 0)

    def act():
        each_spi.sclk_pin.write(1)
        each_spi.imp.write(TEXT)
        each_spi.sclk_pin.write(0)

    wave = recorded(bench, each_spi, act)
    up_and_down = wave.edges(each_spi.sclk_net)
    data = wave.edges(each_spi.copi_net)
    judge.equal("edges on the pin", len(up_and_down), 2)
    judge.equal("bits go out while it is high", up_and_down[0] < data[0] < data[-1] < up_and_down[-1], True)
    judge.equal("on COPI", bits_after(wave, each_spi.copi_net, data[0], 1e6 / khz, len(TEXT)), TEXT)
    judge.attach_waveform(wave, f"{each_spi.name}: the pin of SCLK as a GPIO")


def test_simplex_transmit_keeps_the_clock(bench, judge, each_spi):
    """SIMPLEX_TX: one wire to send, clock still present unless NO_SCLK."""
    each_spi.imp.configure(mode_flags(0, "SIMPLEX_TX"), ASKED_KHZ)
    wave = recorded(bench, each_spi, lambda: each_spi.imp.write(TEXT))
    judge.equal("on COPI", words(wave, each_spi).data(channel="mosi"), TEXT)


@pytest.mark.parametrize("clocked", [True, False], ids=["SCLK", "NO_SCLK"])
def test_simplex_receive(bench, judge, each_spi, clocked):
    """SIMPLEX_RX: one wire to receive, clock still present unless NO_SCLK. Which wire is not documented."""
    each_spi.imp.configure(mode_flags(0, "SIMPLEX_RX", *([] if clocked else ["NO_SCLK"])), ASKED_KHZ)
    if not each_spi.loopback:
        each_spi.cipo.drive(True)
    got = []
    wave = recorded(bench, each_spi, lambda: got.append(each_spi.imp.readblob(4)))
    judge.equal("clock pulses", len(wave.edges(each_spi.sclk_net)) // 2, 32 if clocked else 0)
    judge.equal("length", len(got[0]), 4)
    judge.observe("read with CIPO high", got[0])
