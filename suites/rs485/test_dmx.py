"""DMX512 from a device program: break, mark after break, start code and 512 slots at 250 kBd, 8N2.

Limits: the claim asks for a break of 88 µs or more. The others are of ANSI E1.11: a mark after break of 8 µs
or more, as receivers must accept it, both below 1 s, and a bit of 3.92 to 4.08 µs.
"""

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture.interval import Ratio, between_edges
from fixtures.serial import characters, imp_format, measured_rate

pytestmark = pytest.mark.claim("r30-bus-changes-enable-dmx-rs485")

DMX = UartFormat(250_000, stop=2)
SLOTS = bytes([0]) + bytes(n * 7 & 0xFF for n in range(512))  # start code 0, then the slots
CAPTURE_HZ = 4e6
BREAK_US, MARK_US = 150, 20


def judge_dmx(judge, wave, net):
    """One packet on the line, its break and its mark after break within limits."""
    found = characters(wave, net, DMX)
    breaks = found.where("break")
    judge.equal("breaks", len(breaks), 1)
    if not len(breaks):
        return
    packet = found.where("data")
    packet = packet.take((packet.start > breaks.start[0]).nonzero()[0])
    judge.equal("start code and slots", packet.data(), SLOTS)
    judge.equal("characters with an error", len(packet) - len(packet.where("data", error="")), 0)
    rose = breaks.end[:1]
    for name, interval, least in (
        ("break", between_edges(wave, breaks.start[:1], rose)[0], 88),
        ("mark after break", between_edges(wave, rose, packet.start[:1])[0], 8),
    ):
        judge.duration(name, interval, "µs", low=least, high=1e6)
    rate = measured_rate(wave, net, DMX)
    bit = Ratio(1e6 / rate.value, 1e6 / rate.value**2 * rate.uncertainty)
    judge.ratio("bit time", bit, "µs", low=3.92, high=4.08)
    judge.attach_waveform(wave, "DMX packet")


@pytest.fixture
def dmx_uart(bench, imp, txactive):
    """A UART that comes near enough to 250 kBd."""
    rate = txactive.imp.configure(*imp_format(DMX), imp.NO_CTSRTS)
    if abs(rate / DMX.baud - 1) > 0.02:
        pytest.skip(f"{txactive.name} makes {rate} instead of {DMX.baud} baud")
    return txactive


def test_break_from_a_slow_zero(bench, imp, judge, dmx_uart):
    """Break by changing the rate, for UARTs with pins of their own: a zero at 45 kBd is low for 200 µs."""
    slow = imp_format(UartFormat(45_000))
    fast = imp_format(DMX)
    uart = dmx_uart.imp
    steps = [
        (uart.configure, (*slow, imp.NO_CTSRTS)),
        (uart.write, (0,)),
        (uart.flush, ()),
        (uart.configure, (*fast, imp.NO_CTSRTS)),
        (imp.sleep, (MARK_US / 1e6,)),
        (uart.write, (SLOTS,)),
        (uart.flush, ()),
    ]
    with bench.capture([dmx_uart.tx_net], CAPTURE_HZ) as recording:
        imp.run_detached(steps, delay_s=0.005)
    judge_dmx(judge, recording.waveform, dmx_uart.tx_net)


@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp006", "impC001")
def test_break_from_the_pin(bench, imp, judge, dmx_uart):
    """UART-CFG-07: TX as DIGITAL_OUT makes the break, configure() takes it back, with no other edge."""
    pin = imp.hardware[f"pin{bench.rig.module.uart(dmx_uart.name).tx}"]
    uart, fast = dmx_uart.imp, imp_format(DMX)
    steps = [
        (pin.configure, (imp.DIGITAL_OUT, 0)),
        (imp.sleep, (BREAK_US / 1e6,)),
        (uart.configure, (*fast, imp.NO_CTSRTS)),
        (imp.sleep, (MARK_US / 1e6,)),
        (uart.write, (SLOTS,)),
        (uart.flush, ()),
    ]
    with bench.capture([dmx_uart.tx_net], CAPTURE_HZ) as recording:
        imp.run_detached(steps, delay_s=0.005)
    judge_dmx(judge, recording.waveform, dmx_uart.tx_net)
