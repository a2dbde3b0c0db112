"""TIMING_ENABLED: the interval that comes with each byte, against the gaps on the wire."""

import numpy as np
import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture.interval import between_edges
from fixtures.serial import characters

BAUD = 19_200
PLAIN = UartFormat(BAUD)
LONGEST_US = 0x7FFFFF  # UART-READ-03
SLOW_CAPTURE_HZ = 60e3  # for long captures: characters are told apart, and no more
# No source states how exact an interval is (UART-READ-09). The vendor's Modbus library takes 4.5 characters
# for a silence of 3.5 (UART-READ-05), so a quarter of a character is what its users can bear.
TOLERANCE_CHARACTERS = 0.25
GAPS_US = {
    "back to back": 0,
    "half a bit": 26,
    "1.5 characters": 781,
    "3.5 characters": 1823,
    "500 us": 500,
    "1 ms": 1000,
    "5 ms": 5000,
    "50 ms": 50_000,
}


def timed(imp, port, fmt=PLAIN):
    """Configure a port for timed reception."""
    return port.configure(fmt, imp.NO_CTSRTS | imp.TIMING_ENABLED)


def split(values):
    """Bytes and intervals in µs of what read() returned (UART-READ-02)."""
    return bytes(value & 0xFF for value in values), [value >> 8 for value in values]


def judge_intervals(judge, wave, net, fmt, intervals, tolerance_us):
    """Intervals of every byte but the first against the distance of the start bits on the wire."""
    found = characters(wave, net, fmt).where("data")
    seen = between_edges(wave, found.start[:-1], found.start[1:])
    judge.equal("characters on RX", len(found), len(intervals))
    if len(found) != len(intervals):
        return
    errors = np.array(intervals[1:]) - seen.values_ns / 1e3
    worst = int(np.argmax(np.abs(errors)))
    judge.measure(
        "interval against the wire, worst", errors[worst], unit="µs",
        uncertainty=seen.uncertainties_ns[worst] / 1e3, low=-tolerance_us, high=tolerance_us,
        source="logic capture", resolution=1,
    )  # fmt: skip
    judge.intervals("distance of start bits", seen.values_ns)
    judge.attach_waveform(
        wave, "the byte whose interval is worst", closer=(found.start[worst], found.start[worst + 1])
    )


@pytest.mark.claim("r34-uart-rx-byte-timing", "r34-uart-improvements-all-modules")
@pytest.mark.parametrize("gap_us", GAPS_US.values(), ids=GAPS_US)
def test_interval_is_the_gap_on_the_wire(bench, imp, judge, uart, gap_us):
    """UART-READ-02, -05: from receipt to receipt, so the received byte itself is in it."""
    timed(imp, uart)
    text = b"\x55\x00\xff\xa5" if gap_us > 2000 else bytes(range(0, 256, 16))
    with bench.capture([uart.rx_net], 1e6) as recording:
        uart.bench.write_gapped(text, gap_us)
    got, intervals = split(uart.imp.read.until(-1))
    judge.equal("bytes", got, text)
    character_us = PLAIN.frame_ns / 1e3
    wave = recording.waveform
    judge_intervals(judge, wave, uart.rx_net, PLAIN, intervals, TOLERANCE_CHARACTERS * character_us)


@pytest.mark.claim("r34-uart-rx-byte-timing", "r34-uart-improvements-all-modules")
@pytest.mark.parametrize("baud", [9600, 38_400, 57_600, 115_200])
def test_intervals_of_mixed_gaps(bench, imp, judge, each_uart, baud):
    """Each byte carries its own interval; at every rate."""
    fmt = timed(imp, each_uart, UartFormat(baud))
    gaps = [0, 3000, 100, 0, 0, 1500, 7000, 20, 700, 0]
    text = bytes(range(len(gaps)))
    with bench.capture([each_uart.rx_net], 2e6) as recording:
        each_uart.bench.write_gapped(text, gaps)
    got, intervals = split(each_uart.imp.read.until(-1))
    judge.equal("bytes", got, text)
    character_us = fmt.frame_ns / 1e3
    wave = recording.waveform
    judge_intervals(judge, wave, each_uart.rx_net, fmt, intervals, TOLERANCE_CHARACTERS * character_us)


@pytest.mark.claim("r34-uart-rx-byte-timing")
@pytest.mark.parametrize("seconds", [0.3, 1.2, 5.0, 8.3])
def test_long_intervals(bench, imp, judge, uart, seconds):
    timed(imp, uart)
    with bench.capture([uart.rx_net], SLOW_CAPTURE_HZ) as recording:
        uart.bench.write(b"a")
        bench.clock.sleep(seconds)
        uart.bench.write(b"b")
        uart.bench.drain()
        bench.clock.sleep(0.002)
    got, intervals = split(uart.imp.read.until(-1))
    judge.equal("bytes", got, b"ab")
    # Beyond some ms the crystals of the imp and the bench tell: a hundredth of a per cent each.
    tolerance_us = TOLERANCE_CHARACTERS * PLAIN.frame_ns / 1e3 + 200 * seconds
    judge_intervals(judge, recording.waveform, uart.rx_net, PLAIN, intervals, tolerance_us)


@pytest.mark.claim("r34-uart-rx-byte-timing", "r34-uart-timing-via-read-compatible")
@pytest.mark.parametrize("seconds", [9, 20])
def test_interval_saturates(bench, imp, judge, uart, seconds):
    """UART-READ-03: anything longer than 8.388607 s reads as that; the value stays positive."""
    timed(imp, uart)
    uart.bench.write(b"a")
    uart.bench.drain()
    before = bench.clock.now_ns()
    bench.clock.sleep(seconds)
    silence_s = (bench.clock.now_ns() - before) / 1e9
    uart.bench.write(b"\xff")
    uart.bench.drain()
    bench.clock.sleep(0.002)
    # What the adapter takes before and after is a few ms, and would only make it longer.
    judge.measure(
        "silence on RX", silence_s, unit="s", uncertainty=0.05, low=LONGEST_US / 1e6, source="host stamp"
    )
    values = uart.imp.read.until(-1)
    got, intervals = split(values)
    judge.equal("bytes", got, b"a\xff")
    judge.equal("interval in µs", intervals[-1], LONGEST_US)
    judge.equal("negative values", [value for value in values if value < 0], [])


@pytest.mark.impos("34")
def test_interval_of_the_first_byte(bench, imp, judge, uart):
    """UART-READ-06: not documented."""
    timed(imp, uart)
    bench.clock.sleep(0.05)
    uart.bench.write(b"U")
    uart.bench.drain()
    bench.clock.sleep(0.002)
    got, intervals = split(uart.imp.read.until(-1))
    judge.equal("bytes", got, b"U")
    judge.observe("interval of the first byte", intervals[0], "µs")


@pytest.mark.claim("r34-uart-timing-enabled-flag")
@pytest.mark.parametrize("flagged", [True, False], ids=["with the flag", "without"])
def test_only_the_flag_switches_timing_on(imp, judge, uart, flagged):
    text = b"\x00\x55\xff\x80"
    fmt = timed(imp, uart) if flagged else uart.configure(PLAIN)
    uart.bench.write_gapped(text, 1000)
    values = uart.imp.read.until(-1)
    judge.equal("bytes", bytes(value & 0xFF for value in values), text)
    carried = [value >> 8 > 0 for value in values[1:]]
    judge.equal("values that carry an interval", carried, [flagged] * (len(text) - 1))
    judge.equal("at the rate asked for", abs(fmt.baud / BAUD - 1) < 0.02, True)


@pytest.mark.claim("r34-uart-timing-enabled-flag")
def test_timing_ends_when_configured_without_the_flag(imp, judge, uart):
    timed(imp, uart)
    uart.bench.write_gapped(b"timed", 500)
    uart.imp.read.until(-1)
    uart.configure(PLAIN)
    uart.bench.write_gapped(b"plain", 500)
    judge.equal("read()", uart.imp.read.until(-1), list(b"plain"))


@pytest.mark.claim("r34-uart-timing-via-read-compatible")
@pytest.mark.parametrize("gap_us", [0, 130, 1000], ids="{} us".format)
def test_masked_bytes_are_the_bytes_sent(imp, judge, uart, gap_us):
    """UART-READ-02: the interval lies outside bits 7 to 0, and no value but "empty" is negative."""
    timed(imp, uart)
    text = bytes(range(0, 256, 4)) + b"\xff"
    uart.bench.write_gapped(text, gap_us)
    values = uart.imp.read.until(-1)
    judge.equal("bytes", bytes(value & 0xFF for value in values), text)
    judge.equal("negative values", [value for value in values if value < 0], [])
    judge.equal("read() when empty", uart.imp.read(), -1)


@pytest.mark.claim("r34-uart-timing-via-read-compatible")
@pytest.mark.parametrize("method", ["readblob", "readstring"])
def test_timing_leaves_block_reads_alone(imp, judge, uart, method):
    """UART-READ-07: plain bytes."""
    timed(imp, uart)
    text = b"\x00\xff block \x80"
    uart.bench.write_gapped(text, 300)
    got = uart.imp[method]()
    judge.equal(f"{method}()", got if isinstance(got, bytes) else got.encode("latin-1"), text)


@pytest.mark.claim("r34-uart-timing-via-read-compatible")
def test_timing_leaves_callbacks_alone(imp, judge, uart):
    """A read loop in a callback, as programs had before: what it masks is what was sent."""
    heard = imp.on_event(then=[uart.imp.read])
    uart.configure(PLAIN, imp.NO_CTSRTS | imp.TIMING_ENABLED, heard)
    uart.bench.write_gapped(b"one by one", 5000)
    values = [event.then[0] for event in imp.events(heard, within_s=0.05)]
    judge.equal("read in callbacks", bytes(value & 0xFF for value in values if value >= 0), b"one by one")
