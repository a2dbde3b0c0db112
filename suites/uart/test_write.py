"""write() and flush(): when they return, seen on the wire by a GPIO that the device program moves."""

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture.interval import between_edges
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
        bench.clock.sleep(0.001)
    return recording.waveform, fmt


def end_of_sending(wave, port, fmt):
    """From the last start edge to the end of its stop bit, by the measured bit time: (start tick, ns)."""
    last = int(characters(wave, port.tx_net, fmt).where("data").start[-1])
    return last, fmt.frame_bits * measured_bit(wave, port.tx_net, fmt).bit.value_ns


def judge_flush(judge, wave, port, fmt):
    """The marker falls after the last stop bit."""
    start, length_ns = end_of_sending(wave, port, fmt)
    fell = between_edges(wave, [start], [wave.edges(port.marker_net)[1]])[0]
    judge.measure(
        "marker after the last stop bit",
        fell.value_ns / 1e3 - length_ns / 1e3,
        unit="µs",
        uncertainty=(fell.uncertainty_ns + 2 * wave.edge_uncertainty_ns) / 1e3,
        # The end of a stop bit has no edge: a twentieth of a bit covers what reckoning it leaves open.
        low=-0.05e6 / fmt.baud,
        source="logic capture",
    )
    judge.attach_waveform(wave, f"flush at {fmt.baud} baud")


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
    judge.equal("sent", characters(wave, marked_uart.tx_net, fmt).data(), text)
    judge_flush(judge, wave, marked_uart, fmt)


@pytest.mark.parametrize("baud", [9600, 115_200])
def test_flush_waits_for_the_last_stop_bit(bench, imp, judge, marked_uart, baud):
    """UART-FLUSH-01."""
    steps = [(marked_uart.imp.write, (TEXT,)), (marked_uart.imp.flush, ())]
    wave, fmt = record_with_marker(bench, imp, marked_uart, baud, 6e6, steps)
    judge.equal("sent", characters(wave, marked_uart.tx_net, fmt).data(), TEXT)
    judge_flush(judge, wave, marked_uart, fmt)


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
    rose, fell = wave.edges(marked_uart.marker_net)[:2]
    took = between_edges(wave, [rose], [fell])[0]
    judge.measure(
        "write() took", took.value_ns / 1e6, unit="ms", uncertainty=took.uncertainty_ns / 1e6,
        # What two pin writes and a call cost is not documented; two character times are far above it.
        low=0, high=2 * fmt.frame_ns / 1e6, source="logic capture",
    )  # fmt: skip
    judge.equal("read by the bench", marked_uart.bench.read(count), text)
    judge.attach_waveform(wave, f"write of {count} bytes")


@pytest.mark.parametrize("count", [2 * FIFO, 5 * FIFO])
def test_longer_write_blocks_until_the_rest_fits(bench, imp, judge, marked_uart, count):
    """UART-WRITE-01: blocks about (n - FIFO) character times, and not until everything is sent."""
    text = bytes(n & 0xFF for n in range(count))
    wave, fmt = record_with_marker(bench, imp, marked_uart, 9600, 500e3, [(marked_uart.imp.write, (text,))])
    rose, fell = wave.edges(marked_uart.marker_net)[:2]
    took = between_edges(wave, [rose], [fell])[0]
    judge.measure(
        "write() took in characters", took.value_ns / fmt.frame_ns, unit="",
        uncertainty=took.uncertainty_ns / fmt.frame_ns, low=count - FIFO - 3, high=count - FIFO + 3,
        source="logic capture",
    )  # fmt: skip
    judge.equal("read by the bench", marked_uart.bench.read(count), text)
    judge.attach_waveform(wave, f"write of {count} bytes")
