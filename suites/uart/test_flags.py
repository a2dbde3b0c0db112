"""Event flags: each provoked on the wire, and cleared by reading (event_flags, api/uart.yaml)."""

import pytest

from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import Parity, UartFormat

BAUD = 9600
PLAIN = UartFormat(BAUD)
EVEN = UartFormat(BAUD, parity=Parity.EVEN)
BIT_US = 1e6 / BAUD
ERRORS = {"NOISE_ERROR", "FRAME_ERROR", "PARITY_ERROR", "OVERRUN_ERROR"}
# A receiver that samples a bit sixteen times sees this spike in one sample, well before it takes the level.
SPIKE_AT, SPIKE_WIDTH = 0.14, 0.08

FLAWED = {
    "NOISE_ERROR": (PLAIN, Pattern().frame(0x55, PLAIN).spike(SPIKE_AT * BIT_US, SPIKE_WIDTH * BIT_US)),
    "FRAME_ERROR": (PLAIN, Pattern().frame(0x55, PLAIN, framing_error=True).idle(20 * BIT_US)),
    "PARITY_ERROR": (EVEN, Pattern().frame(0x55, EVEN, parity_error=True).idle(20 * BIT_US)),
}
FIFO = 80  # default_rx_fifo, api/uart.yaml


def provoke(bench, port, flag):
    """Do on RX what raises `flag`, then wait two characters."""
    if flag == "OVERRUN_ERROR":
        port.configure(PLAIN)
        port.imp.flags()
        port.bench.write(bytes(FIFO + 8))
        port.bench.drain()
    else:
        fmt, pattern = FLAWED[flag]
        port.configure(fmt)
        port.imp.flags()
        port.bench.write_pattern(pattern)
    bench.clock.sleep(20 * BIT_US / 1e6)


@pytest.mark.claim("r30-uart-flags")
@pytest.mark.parametrize("flag", [*FLAWED, "OVERRUN_ERROR"])
def test_error_raises_its_flag_and_no_other(bench, judge, uart, named, flag):
    provoke(bench, uart, flag)
    judge.equal("error flags", named(uart.imp.flags()) & ERRORS, {flag})


@pytest.mark.claim("r30-uart-flags-clear-on-read")
@pytest.mark.parametrize("flag", [*FLAWED, "OVERRUN_ERROR"])
def test_reading_clears_an_error(bench, judge, uart, named, flag):
    """UART-FLAG-01: a second call at once does not show what the first one showed."""
    provoke(bench, uart, flag)
    first, second = named(uart.imp.flags()), named(uart.imp.flags())
    judge.equal("first call shows it", flag in first, True)
    judge.equal("second call", second & ERRORS, set())


@pytest.mark.claim("r30-uart-flags", "r30-uart-flags-clear-on-read")
def test_good_data_raises_read_ready_and_no_error(bench, judge, uart, named):
    uart.configure(PLAIN)
    judge.equal("before", named(uart.imp.flags()) & (ERRORS | {"READ_READY"}), set())
    uart.bench.write(b"\x55\xaa")
    uart.bench.drain()
    bench.clock.sleep(20 * BIT_US / 1e6)
    first, second = named(uart.imp.flags()), named(uart.imp.flags())
    judge.equal("errors", first & ERRORS, set())
    judge.equal("READ_READY", "READ_READY" in first, True)
    judge.equal("READ_READY again", "READ_READY" in second, False)


@pytest.mark.claim("r30-uart-flags")
def test_write_done_comes_after_the_last_stop_bit(bench, judge, uart, named):
    """WRITE_DONE is the asynchronous counterpart of flush(): not there while characters are on the line."""
    uart.configure(UartFormat(2400))
    uart.imp.flags()
    uart.imp.write(b"0123456789")
    early = named(uart.imp.flags())
    judge.equal("read by the bench", uart.bench.read(10), b"0123456789")
    bench.clock.sleep(0.001)
    late = named(uart.imp.flags())
    judge.equal("WRITE_DONE while sending", "WRITE_DONE" in early, False)
    judge.equal("WRITE_DONE after sending", "WRITE_DONE" in late, True)


@pytest.mark.claim("r30-uart-flags")
def test_line_idle_needs_a_frame_of_ones_before_a_start_bit(bench, judge, uart, named):
    uart.configure(PLAIN)
    uart.bench.write(b"U")
    uart.bench.drain()
    bench.clock.sleep(5 * PLAIN.frame_ns / 1e9)
    uart.imp.flags()
    judge.equal("idle line, nothing new", "LINE_IDLE" in named(uart.imp.flags()), False)
    uart.bench.write_gapped(b"U", 0)
    bench.clock.sleep(2 * PLAIN.frame_ns / 1e9)
    judge.equal("next frame after five frames of ones", "LINE_IDLE" in named(uart.imp.flags()), True)


@pytest.mark.claim("r30-uart-flags")
def test_break_is_a_frame_error_and_still_an_entry(bench, judge, uart, named):
    """UART-READ-08: a byte with a framing error is still delivered."""
    uart.configure(PLAIN)
    uart.imp.flags()
    uart.bench.write_pattern(Pattern().line_break(15 * BIT_US).idle(20 * BIT_US))
    bench.clock.sleep(20 * BIT_US / 1e6)
    judge.equal("FRAME_ERROR", "FRAME_ERROR" in named(uart.imp.flags()), True)
    judge.equal("entries", uart.imp.read.until(-1), [0])


def test_good_data_after_an_error_is_received(bench, judge, uart):
    provoke(bench, uart, "FRAME_ERROR")
    uart.imp.read.until(-1)
    uart.bench.write(b"after")
    uart.bench.drain()
    bench.clock.sleep(20 * BIT_US / 1e6)
    judge.equal("read by the imp", uart.imp.read.until(-1), list(b"after"))


def test_flag_values_match_the_documented_ones(imp, judge, named):
    """The vendor documents these numbers and warns that releases may change them: recorded, not judged."""
    judge.observe("flags by bit", {1 << bit: sorted(named(1 << bit)) for bit in range(8)})
