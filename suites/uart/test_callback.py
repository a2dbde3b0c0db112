"""The event callback: without an argument, and with the event flags as its argument."""

import pytest

from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import UartFormat

PLAIN = UartFormat(9600)
FRAME_S = PLAIN.frame_ns / 1e9
FIFO = 80


@pytest.mark.claim("r30-uart-callback-event-parameter")
@pytest.mark.parametrize("text", [b"U", b"hello, imp"], ids=["one byte", "ten bytes"])
def test_callback_without_an_argument(bench, imp, judge, uart, text):
    """UART-CFG-03: no argument unless CALLBACK_WITH_FLAGS is set; what it reads is what was sent."""
    heard = imp.on_event(then=[uart.imp.readstring])
    uart.configure(PLAIN, callback=heard)
    uart.bench.write(text)
    uart.bench.drain()
    bench.clock.sleep(3 * FRAME_S)
    events = imp.events(heard, within_s=0.02)
    judge.equal("arguments", {len(event.args) for event in events}, {0})
    read = "".join(event.then[0] for event in events).encode("latin-1")
    judge.equal("read in callbacks", read, text)


@pytest.mark.claim("r30-uart-callback-event-parameter")
def test_callback_fires_once_data_is_there(bench, imp, judge, uart):
    """UART-CFG-04: already at the first byte, so a whole message cannot be assumed."""
    heard = imp.on_event()
    uart.configure(PLAIN, callback=heard)
    judge.equal("before any data", len(imp.events(heard, within_s=0.02)), 0)
    uart.bench.write(b"U")
    judge.equal("after the first byte", len(imp.events(heard, within_s=0.1, count=1)) >= 1, True)


@pytest.mark.claim("r30-uart-callback-event-parameter")
def test_argument_tells_of_data(bench, imp, judge, uart, named):
    heard = imp.on_event(then=[uart.imp.readstring])
    uart.configure(PLAIN, imp.NO_CTSRTS | imp.CALLBACK_WITH_FLAGS, heard)
    uart.bench.write(b"hello")
    uart.bench.drain()
    bench.clock.sleep(3 * FRAME_S)
    events = imp.events(heard, within_s=0.02)
    judge.equal("arguments", {len(event.args) for event in events}, {1})
    with_data = [event for event in events if event.then[0]]
    judge.equal("READ_READY with data", all("READ_READY" in named(e.args[0]) for e in with_data), True)
    judge.equal("read in callbacks", "".join(event.then[0] for event in events), "hello")


@pytest.mark.claim("r30-uart-callback-event-parameter")
def test_argument_tells_of_an_error(imp, judge, uart, named):
    heard = imp.on_event(then=[uart.imp.readstring])
    uart.configure(PLAIN, imp.NO_CTSRTS | imp.CALLBACK_WITH_FLAGS, heard)
    uart.bench.write_pattern(Pattern().frame(0x55, PLAIN, framing_error=True).idle(2e6 * FRAME_S))
    seen = set().union(*(named(event.args[0]) for event in imp.events(heard, within_s=0.05)))
    judge.equal("FRAME_ERROR", "FRAME_ERROR" in seen, True)


@pytest.mark.claim("r30-uart-callback-event-parameter")
def test_argument_tells_of_line_idle(bench, imp, judge, uart, named):
    heard = imp.on_event(then=[uart.imp.readstring])
    uart.configure(PLAIN, imp.NO_CTSRTS | imp.CALLBACK_WITH_FLAGS, heard)
    for _ in range(2):
        uart.bench.write(b"U")
        uart.bench.drain()
        bench.clock.sleep(5 * FRAME_S)
    seen = set().union(*(named(event.args[0]) for event in imp.events(heard, within_s=0.05)))
    judge.equal("LINE_IDLE", "LINE_IDLE" in seen, True)


@pytest.mark.claim("r30-uart-callback-event-parameter")
def test_argument_tells_of_the_end_of_sending(imp, judge, uart, named):
    """UART-CFG-06: WRITE_DONE, alone or with LINE_IDLE; the bench has every byte by then."""
    heard = imp.on_event()
    uart.configure(PLAIN, imp.NO_CTSRTS | imp.CALLBACK_WITH_FLAGS, heard)
    uart.imp.write(b"hello")
    events = imp.events(heard, within_s=0.05)
    done = [event for event in events if "WRITE_DONE" in named(event.args[0])]
    judge.equal("callbacks with WRITE_DONE", len(done), 1)
    judge.equal("read by the bench", uart.bench.read(5, timeout_s=0), b"hello")


@pytest.mark.impos("32")
def test_half_empty_fifo_calls_back(imp, judge, uart, named):
    """UART-WRITE-02: WRITE_HALF_DONE comes while half the FIFO is still to be sent, so data can follow."""
    heard = imp.on_event()
    fmt = uart.configure(PLAIN, imp.NO_CTSRTS | imp.CALLBACK_WITH_FLAGS, heard)
    uart.imp.write(bytes(FIFO))
    events = imp.events(heard, within_s=(FIFO + 4) * fmt.frame_ns / 1e9)
    half = [event.micros for event in events if "WRITE_HALF_DONE" in named(event.args[0])]
    done = [event.micros for event in events if "WRITE_DONE" in named(event.args[0])]
    judge.equal("callbacks with WRITE_HALF_DONE, WRITE_DONE", (len(half), len(done)), (1, 1))
    character_us = fmt.frame_ns / 1e3
    judge.measure(
        "characters left at WRITE_HALF_DONE",
        (done[0] - half[0]) / character_us,
        unit="",
        uncertainty=0.5,
        low=FIFO / 2 - 2,
        high=FIFO / 2 + 2,
        source="imp timer",
    )
