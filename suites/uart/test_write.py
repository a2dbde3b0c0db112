"""write() and flush(): when they return, seen on the wire by a GPIO that the device program moves."""

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture.interval import Interval, between_edges
from fixtures.serial import characters, measured_bit

FIFO = 80  # default_tx_fifo, api/uart.yaml
TEXT = b"0123456789"
SLOW = (300, 600, 1200, 2400)


def record_with_marker(bench, imp, port, baud, hz, steps):
    """Configure, then run steps between a rising and a falling edge of the marker; (waveform, format)."""
    fmt = port.configure(UartFormat(baud))
    marker = port.marker_pin
    marker.configure(imp.DIGITAL_OUT, 0)
    with bench.capture([port.tx_net, port.marker_net], hz) as recording:
        imp.run_detached([(marker.write, (1,)), *steps, (marker.write, (0,))], delay_s=0.005)
        bench.clock.sleep(2 * fmt.frame_ns / 1e9)  # for what is sent after the marker fell, and should not be
    return recording.waveform, fmt


def judge_flush(judge, wave, port, fmt, text):
    """Everything is sent, and the marker falls after the last stop bit, which has no edge to be seen by."""
    found = characters(wave, port.tx_net, fmt).where("data")
    fell = int(wave.edges(port.marker_net)[1])
    judge.equal("sent", found.data(), text)
    begun = int(found.start[-1])
    judge.attach_waveform(wave, f"flush at {fmt.baud} baud", closer=(min(begun, fell), max(begun, fell)))
    last = between_edges(wave, [begun], [fell])[0]
    bit = measured_bit(wave, port.tx_net, fmt).bit
    after = Interval(
        last.value_ns - fmt.frame_bits * bit.value_ns,
        last.uncertainty_ns + fmt.frame_bits * bit.uncertainty_ns,
    )
    # A receiver has looked at the stop bit by its middle: what is cut off its end by less is no loss.
    judge.duration("marker after the last stop bit", after, "µs", low=-0.05e6 / fmt.baud)


def marked_ns(wave, port):
    """How long the marker was high."""
    rose, fell = wave.edges(port.marker_net)[:2]
    return between_edges(wave, [rose], [fell])[0]


@pytest.mark.claim("r30-uart-flush-low-baud")
@pytest.mark.parametrize("baud", SLOW)
@pytest.mark.parametrize("count", [1, 10])
def test_flush_waits_for_the_last_stop_bit_when_slow(bench, imp, judge, marked_uart, baud, count):
    """UART-FLUSH-01, -02."""
    if baud < marked_uart.min_baud:
        pytest.skip(f"{marked_uart.name} has no {baud} baud")
    text = TEXT[:count]
    steps = [(marked_uart.imp.write, (text,)), (marked_uart.imp.flush, ())]
    wave, fmt = record_with_marker(bench, imp, marked_uart, baud, 500e3, steps)
    judge_flush(judge, wave, marked_uart, fmt, text)


@pytest.mark.parametrize("baud", [9600, 115_200])
def test_flush_waits_for_the_last_stop_bit(bench, imp, judge, marked_uart, baud):
    """UART-FLUSH-01."""
    steps = [(marked_uart.imp.write, (TEXT,)), (marked_uart.imp.flush, ())]
    wave, fmt = record_with_marker(bench, imp, marked_uart, baud, 6e6, steps)
    judge_flush(judge, wave, marked_uart, fmt, TEXT)


@pytest.mark.claim("r30-uart-flush-never-hangs")
@pytest.mark.parametrize("baud", [2400, 9600, 115_200])
def test_flush_always_returns(bench, imp, judge, uart, baud):
    """A rare fault: many flushes, of nothing, of one byte and of several."""
    uart.configure(UartFormat(baud))
    texts = [TEXT[: n % 3 + 1] for n in range(15)]
    steps = []
    for text in texts:
        steps += [(uart.imp.write, (text,)), (uart.imp.flush, ()), (uart.imp.flush, ())]
    for _ in range(4):
        results = imp.run_detached(steps, timeout_s=1)
        judge.equal("steps that returned", len(results), len(steps))
        judge.equal("read by the bench", uart.bench.read(len(b"".join(texts))), b"".join(texts))


@pytest.mark.claim("r30-uart-flush-never-hangs")
def test_flush_returns_when_cts_toggles(bench, imp, judge, flow_uart):
    """Flow control stops and starts what is being flushed."""
    fmt = flow_uart.configure(UartFormat(9600), flags=0)
    text = bytes(range(60))
    got = []

    def toggle():
        for _ in range(10):
            flow_uart.bench.set_rts(False)
            bench.clock.sleep(5 * fmt.frame_ns / 1e9)
            flow_uart.bench.set_rts(True)
            bench.clock.sleep(5 * fmt.frame_ns / 1e9)
        got.append(flow_uart.bench.read(len(text)))

    steps = [(flow_uart.imp.write, (text,)), (flow_uart.imp.flush, ())]
    results = imp.run_detached(steps, meanwhile=toggle)
    judge.equal("steps that returned", len(results), 2)
    judge.equal("read by the bench", got[0], text)


@pytest.mark.parametrize("count", [1, FIFO // 2, FIFO])
def test_write_returns_once_all_is_in_the_fifo(bench, imp, judge, marked_uart, count):
    """UART-WRITE-01: what fits the FIFO does not block; the characters go out afterwards."""
    text = bytes(range(count))
    wave, fmt = record_with_marker(bench, imp, marked_uart, 9600, 500e3, [(marked_uart.imp.write, (text,))])
    took = marked_ns(wave, marked_uart)
    # What two pin writes and a call cost is not documented; two character times are far above it.
    judge.duration("write() took", took, "ms", low=0, high=2 * fmt.frame_ns / 1e6)
    judge.equal("read by the bench", marked_uart.bench.read(count), text)
    judge.attach_waveform(wave, f"write of {count} bytes")


@pytest.mark.parametrize("count", [2 * FIFO, 5 * FIFO])
def test_longer_write_blocks_until_the_rest_fits(bench, imp, judge, marked_uart, count):
    """UART-WRITE-01: blocks about (n - FIFO) character times, and not until everything is sent."""
    text = bytes(n & 0xFF for n in range(count))
    wave, fmt = record_with_marker(bench, imp, marked_uart, 9600, 500e3, [(marked_uart.imp.write, (text,))])
    took = marked_ns(wave, marked_uart)
    judge.measure(
        "write() took in characters", took.value_ns / fmt.frame_ns, unit="",
        uncertainty=took.uncertainty_ns / fmt.frame_ns, low=count - FIFO - 3, high=count - FIFO + 3,
        source="logic capture",
    )  # fmt: skip
    judge.equal("read by the bench", marked_uart.bench.read(count), text)
    judge.attach_waveform(wave, f"write of {count} bytes")
