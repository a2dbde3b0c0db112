"""settxactive(): the pin that is active while the UART sends, against TX in one capture."""

import numpy as np
import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture import timing
from fixtures.serial import characters, imp_format, line_format, measured_bit

BAUD = 19_200
TEXT = b"\x00settxactive\xff"
CAPTURE_HZ = 4e6
DEFAULT_US = 2  # settxactive, preDelay and postDelay
LONGEST_POST_US = 5000  # UART-TXA-E1
UNIT_US = 1
# UART-TXA-04 gives it for the imp005, no source a figure for the others: they are given as much.
LATE_US = 40
polarities = pytest.mark.parametrize("polarity", [1, 0], ids=["active high", "active low"])


def send(bench, port, polarity, *delays, text=TEXT, baud=BAUD, bursts=1):
    """Send with the pin set up; returns (waveform, format, characters on TX)."""
    fmt = port.configure(UartFormat(baud))
    port.imp.settxactive(port.de_pin, polarity, *delays)
    with bench.capture([port.tx_net, port.de_net], CAPTURE_HZ) as recording:
        for _ in range(bursts):
            port.imp.write(text)
            port.imp.flush()
            bench.clock.sleep(0.0003 + sum(delays[1:]) / 1e6)
    wave = recording.waveform
    return wave, fmt, characters(wave, port.tx_net, fmt)


def after_last_stop_bit(wave, port, found, fmt, polarity):
    """From the end of each burst to the pin's inactive edge, by the measured bit time."""
    bit = measured_bit(wave, port.tx_net, fmt).bit
    after = timing.stop_to_de(wave, port.de_net, found, line_format(fmt), bit, active_low=not polarity)
    assert len(after), "the pin is not active while characters are sent"
    return after


def before_first_start_bit(wave, port, found, polarity):
    """From the pin's active edge of each burst to its first start bit."""
    before = timing.de_to_start(wave, port.de_net, found, active_low=not polarity)
    assert len(before), "the pin does not become active before characters are sent"
    return before


def look(judge, wave, port, found, caption, *, first=False):
    """Show the capture, and closer the end of its last window, or the beginning of the first."""
    closer, at = None, 0 if first else -1
    if len(found) and len(edges := wave.edges(port.de_net)):
        closer = tuple(sorted((int(found.start[at]), int(edges[at]))))
    judge.attach_waveform(wave, caption, closer=closer)


@polarities
@pytest.mark.claim("r34-uart-settxactive-method", "r34-uart-improvements-all-modules")
def test_pin_is_active_while_sending_and_idle_otherwise(bench, judge, txactive, polarity):
    """UART-TXA-02: one window around all characters, the idle level opposite to the active one."""
    wave, fmt, found = send(bench, txactive, polarity, bursts=3)
    on, off = timing.active_windows(wave, txactive.de_net, active_low=not polarity)
    judge.equal("level before", int(wave.initial_level(txactive.de_net)), 1 - polarity)
    judge.equal("level after", int(wave.level_at(txactive.de_net, wave.end)), 1 - polarity)
    judge.equal("sent", found.data(), TEXT * 3)
    judge.equal("windows", len(on), 3)
    starts = found.where("data").start
    outside = [tick for tick in starts if not np.any((on < tick) & (tick < off))]
    judge.equal("characters outside a window", len(outside), 0)
    for after in after_last_stop_bit(wave, txactive, found, fmt, polarity):
        # A receiver has looked at the stop bit by its middle: what is cut off its end by less is no loss.
        judge.duration("last stop bit to pin inactive", after, "µs", low=-0.05e6 / fmt.baud)
    look(judge, wave, txactive, found, f"settxactive polarity {polarity}")


@polarities
@pytest.mark.parametrize("pre_us", [10, 100, 1000])
@pytest.mark.claim("r34-uart-settxactive-method", "r34-uart-improvements-all-modules")
def test_pre_delay(bench, judge, txactive, polarity, pre_us):
    """UART-TXA-01, -02: to the first start bit. "About" is taken to allow for a bit and an interrupt."""
    wave, fmt, found = send(bench, txactive, polarity, pre_us, DEFAULT_US)
    look(judge, wave, txactive, found, f"preDelay {pre_us} µs", first=True)
    delay = before_first_start_bit(wave, txactive, found, polarity)[0]
    judge.duration(
        "pin active to start bit", delay, "µs", low=pre_us - UNIT_US, high=pre_us + 1e6 / fmt.baud + LATE_US
    )


@polarities
@pytest.mark.parametrize("post_us", [10, 100, 1000, LONGEST_POST_US])
@pytest.mark.claim("r34-uart-settxactive-method", "r34-uart-improvements-all-modules")
def test_post_delay(bench, judge, txactive, polarity, post_us):
    """UART-TXA-02, -04: a minimum, "usually" exceeded by 40 µs at most: the middle one of five is."""
    wave, fmt, found = send(bench, txactive, polarity, DEFAULT_US, post_us, text=b"\x55", bursts=5)
    delays = after_last_stop_bit(wave, txactive, found, fmt, polarity)
    judge.equal("windows that ended", len(delays), 5)
    judge.duration("last stop bit to pin inactive, shortest", delays.shortest, "µs", low=post_us - UNIT_US)
    judge.duration(
        "last stop bit to pin inactive, middle",
        delays.percentile(50),
        "µs",
        low=post_us - UNIT_US,
        high=post_us + LATE_US,
    )
    judge.intervals("last stop bit to pin inactive", delays.values_ns, low_ns=post_us * 1e3)
    look(judge, wave, txactive, found, f"postDelay {post_us} µs")


@polarities
@pytest.mark.claim("r34-uart-settxactive-method")
def test_default_delays(bench, judge, txactive, polarity):
    """Two microseconds each, when not given."""
    wave, fmt, found = send(bench, txactive, polarity, text=b"\x55", bursts=5)
    before = before_first_start_bit(wave, txactive, found, polarity)
    after = after_last_stop_bit(wave, txactive, found, fmt, polarity)
    limits = (DEFAULT_US - UNIT_US, DEFAULT_US + 1e6 / fmt.baud + LATE_US)
    judge.duration("pin active to start bit, shortest", before.shortest, "µs", low=limits[0], high=limits[1])
    judge.duration(
        "last stop bit to pin inactive, middle",
        after.percentile(50),
        "µs",
        low=limits[0],
        high=DEFAULT_US + LATE_US,
    )
    look(judge, wave, txactive, found, "default delays")


@polarities
@pytest.mark.claim("r34-uart-settxactive-method", "r34-uart-improvements-all-modules")
def test_every_uart_moves_a_pin(bench, judge, each_txactive, polarity):
    """UART-TXA-05: works on all UARTs. The window, and both delays, of each."""
    wave, fmt, found = send(bench, each_txactive, polarity, 100, 200)
    windows = timing.active_windows(wave, each_txactive.de_net, active_low=not polarity)
    judge.equal("sent", found.data(), TEXT)
    judge.equal("windows", len(windows[0]), 1)
    look(judge, wave, each_txactive, found, f"settxactive of {each_txactive.name}")
    before = before_first_start_bit(wave, each_txactive, found, polarity)[0]
    after = after_last_stop_bit(wave, each_txactive, found, fmt, polarity)[0]
    judge.duration(
        "pin active to start bit", before, "µs", low=100 - UNIT_US, high=100 + 1e6 / fmt.baud + LATE_US
    )
    judge.duration("last stop bit to pin inactive", after, "µs", low=200 - UNIT_US, high=200 + 2 * LATE_US)


@pytest.mark.parametrize("baud", [9600, 57_600, 115_200])
@pytest.mark.claim("r34-uart-settxactive-method", "r34-uart-improvements-all-modules")
def test_delays_are_microseconds_at_any_rate(bench, judge, txactive, baud):
    """UART-TXA-01: not bit times."""
    wave, fmt, found = send(bench, txactive, 1, 200, 300, baud=baud)
    before = before_first_start_bit(wave, txactive, found, 1)[0]
    after = after_last_stop_bit(wave, txactive, found, fmt, 1)[0]
    judge.duration(
        "pin active to start bit", before, "µs", low=200 - UNIT_US, high=200 + 1e6 / fmt.baud + LATE_US
    )
    judge.duration("last stop bit to pin inactive", after, "µs", low=300 - UNIT_US, high=300 + 2 * LATE_US)
    look(judge, wave, txactive, found, f"settxactive at {baud} baud")


@pytest.mark.impos("34")
def test_delays_stop_the_program(imp, judge, txactive):
    """UART-TXA-03: both are busy waits. The program reads its clock all the time while one byte goes out."""
    pre_us, post_us, byte_us = 3000, LONGEST_POST_US, 87
    txactive.configure(UartFormat(115_200))
    txactive.imp.settxactive(txactive.de_pin, 1, pre_us, post_us)
    clock = imp.hardware.micros
    results = imp.run_detached([(clock, ()), (txactive.imp.write, (b"U",)), *[(clock, ())] * 60])
    pauses = np.diff([results[0], *results[2:]])
    for name, pause, least in (("write()", pauses[0], pre_us), ("a step later", max(pauses[1:]), post_us)):
        judge.measure(
            f"time that {name} takes", pause, unit="µs", uncertainty=1, low=least - UNIT_US - byte_us,
            source="imp timer", resolution=1,
        )  # fmt: skip


@pytest.mark.parametrize("count", [1, 80, 300])
@pytest.mark.claim("r34-uart-settxactive-method")
def test_window_spans_a_burst_of_any_length(bench, judge, txactive, count):
    """Shorter, as long as, and longer than the FIFO: one window, every character in it."""
    text = bytes(n & 0xFF for n in range(count))
    wave, _, found = send(bench, txactive, 1, text=text, baud=115_200)
    on, off = timing.active_windows(wave, txactive.de_net)
    judge.equal("sent", found.data(), text)
    judge.equal("windows", len(on), 1)
    starts = found.where("data").start
    judge.equal("first and last character inside", bool(on[0] < starts[0] and starts[-1] < off[0]), True)
    judge.equal("read by the bench", txactive.bench.read(count), text)


@pytest.mark.claim("r34-uart-settxactive-method")
def test_too_long_a_post_delay_throws(judge, txactive):
    """UART-TXA-E1: the message begins with "postdelay > 5ms" and names the method and its parameters."""
    text = txactive.imp.settxactive.throws(txactive.de_pin, 1, DEFAULT_US, LONGEST_POST_US + 1)
    start = "postdelay > 5ms"
    judge.equal("text thrown, its start", text[: len(start)], start)
    judge.equal("names the method", "settxactive" in text, True)
    judge.equal(
        "at the limit", txactive.imp.settxactive(txactive.de_pin, 1, DEFAULT_US, LONGEST_POST_US), None
    )


@pytest.mark.impos("34")
def test_order_of_settxactive_and_configure(bench, judge, txactive):
    """UART-TXA-07: whether it must come first, and whether it survives configure(), is not documented."""
    txactive.imp.settxactive(txactive.de_pin, 1)
    fmt = txactive.configure(UartFormat(BAUD))
    with bench.capture([txactive.tx_net, txactive.de_net], 1e6) as recording:
        txactive.imp.write(TEXT)
        txactive.imp.flush()
        bench.clock.sleep(0.001)
    found = characters(recording.waveform, txactive.tx_net, fmt)
    judge.equal("sent", found.data(), TEXT)
    judge.observe(
        "pin follows when set before configure()", len(recording.waveform.edges(txactive.de_net)) == 2
    )


@pytest.mark.claim("r34-imp005-settxactive-crash-fix")
@pytest.mark.parametrize("baud", [19_200, 115_200])
def test_settxactive_under_load_does_not_restart_the_imp(bench, imp, judge, txactive, baud):
    """UART-TXA-08: a rare fault, so many transmissions, with reconfiguration in between."""
    boots = imp.hello.boots
    txactive.configure(UartFormat(baud))
    steps = [
        (txactive.imp.configure, (*imp_format(UartFormat(baud)), imp.NO_CTSRTS)),
        (txactive.imp.settxactive, (txactive.de_pin, 1)),
    ]
    for n in range(15):
        steps += [(txactive.imp.write, (TEXT[: n % 3 + 1],)), (txactive.imp.flush, ())]
    sent = b"".join(TEXT[: n % 3 + 1] for n in range(15))
    for _ in range(8):
        imp.run_detached(steps)
        judge.equal("read by the bench", txactive.bench.read(len(sent)), sent)
    judge.equal("boots", imp.session.open().boots, boots)
