"""Hardware flow control: RTS towards a fast sender, CTS towards the imp."""

import numpy as np
import pytest

from benchctl.buses.uart import UartFormat
from fixtures.serial import characters, line_format

PLAIN = UartFormat(9600)
FIFO = 80  # default_rx_fifo, api/uart.yaml
SPARE = 16  # rts_deassert: RTS goes inactive when this many places or fewer are free
CAPTURE_HZ = 200e3


@pytest.fixture
def port(imp, flow_uart):
    """A UART with flow control on: no control flag set."""
    flow_uart.fmt = flow_uart.configure(PLAIN, flags=0)
    return flow_uart


def received_by(wave, net, fmt, tick):
    """How many characters a receiver on `net` has at a tick: those whose stop bit has been looked at."""
    found = characters(wave, net, fmt).where("data")
    looked = found.start + round((line_format(fmt).stop_bit + 0.5) / fmt.baud * float(wave.rate))
    return int(np.count_nonzero(looked <= tick + 2))  # either edge may be seen a sample late


@pytest.mark.claim("r30-uart-rts-deassert-at-16-free")
@pytest.mark.parametrize("size", [FIFO, pytest.param(200, marks=pytest.mark.impos("32"))])
def test_rts_falls_when_sixteen_places_are_free(bench, imp, judge, flow_uart, size):
    """Nobody reads and the sender takes no notice of RTS: the captured edge says how much was let in."""
    if size != FIFO:
        flow_uart.imp.setrxfifosize(size)
    try:
        fmt = flow_uart.configure(PLAIN, flags=0)
        with bench.capture([flow_uart.rx_net, flow_uart.rts_net], CAPTURE_HZ) as recording:
            flow_uart.bench.write(bytes(range(size)))
            flow_uart.bench.drain()
            bench.clock.sleep(2 * fmt.frame_ns / 1e9)
        wave = recording.waveform
        edges = wave.edges(flow_uart.rts_net)
        judge.equal("changes of RTS", len(edges), 1)
        if len(edges):
            accepted = received_by(wave, flow_uart.rx_net, fmt, edges[0])
            # One character later at most: RTS is worked while the next one is already on the line.
            judge.measure(
                "places free at the edge", size - accepted, unit="", uncertainty=0, low=SPARE - 1, high=SPARE,
                source="logic capture",
            )  # fmt: skip
        judge.observe("RTS before", int(wave.initial_level(flow_uart.rts_net)))
        judge.attach_waveform(wave, f"{size} bytes into {flow_uart.name}, which nobody reads")
    finally:
        flow_uart.imp.disable()
        if size != FIFO:
            flow_uart.imp.setrxfifosize(FIFO)


@pytest.mark.claim("r30-uart-flow-control-slow-senders")
@pytest.mark.parametrize("more", [0, 1, 4, SPARE])
def test_nothing_is_lost_from_a_sender_slow_to_stop(bench, judge, port, named, more):
    """The sender sends up to 16 more after it could see RTS inactive."""
    text = bytes(range(FIFO - SPARE + more))
    port.bench.write(text)
    port.bench.drain()
    bench.clock.sleep(2 * port.fmt.frame_ns / 1e9)
    judge.equal("RTS inactive", port.bench.cts(), False)
    judge.equal("read by the imp", port.imp.readblob(), text)
    judge.equal("overrun", "OVERRUN_ERROR" in named(port.imp.flags()), False)


@pytest.mark.claim("r30-uart-flow-control-slow-senders")
def test_rts_comes_back_when_the_fifo_is_read(bench, judge, port):
    """The level at which it does is not documented: judged with the FIFO empty."""
    port.bench.write(bytes(FIFO - SPARE))
    port.bench.drain()
    bench.clock.sleep(2 * port.fmt.frame_ns / 1e9)
    judge.equal("inactive with 16 places free", port.bench.cts(), False)
    port.imp.readblob()
    bench.clock.sleep(0.002)
    judge.equal("active with the FIFO empty", port.bench.cts(), True)


@pytest.mark.claim("r30-uart-flow-control-slow-senders")
def test_long_transfer_through_a_small_fifo_is_whole(bench, judge, port):
    """Each piece fills the FIFO up to the edge of RTS, then the reader takes it: every byte in order."""
    text = bytes(n * 7 & 0xFF for n in range(400))
    got = b""
    for at in range(0, len(text), FIFO - SPARE):
        judge.equal("RTS active before a piece", port.bench.cts(), True)
        port.bench.write(text[at : at + FIFO - SPARE])
        port.bench.drain()
        bench.clock.sleep(2 * port.fmt.frame_ns / 1e9)
        got += port.imp.readblob()
    judge.equal("read by the imp", got, text)


def test_cts_holds_transmission_back(bench, judge, port):
    """UART-CFG-05: with CTS high TX stays idle; once it is low everything goes out."""
    text = b"held back until CTS"
    port.bench.set_rts(False)
    with bench.capture([port.tx_net, port.cts_net], CAPTURE_HZ) as recording:
        bench.clock.sleep(0.002)
        port.imp.write(text)
        bench.clock.sleep(10 * port.fmt.frame_ns / 1e9)
        port.bench.set_rts(True)
        received = port.bench.read(len(text))
    wave = recording.waveform
    sent, released = wave.edges(port.tx_net), wave.edges(port.cts_net)
    judge.equal("read by the bench", received, text)
    judge.equal("changes of CTS", len(released), 1)
    judge.equal("edges on TX before CTS", int(np.count_nonzero(sent < released[0])), 0)
    judge.attach_waveform(wave, "write with CTS high")


@pytest.mark.parametrize("after", [1, 10])
def test_cts_stops_a_running_transmission_without_loss(bench, judge, port, after):
    """CTS goes high while characters are on the line: TX pauses, nothing is lost, nothing comes twice."""
    text = bytes(range(40))
    frame_s = port.fmt.frame_ns / 1e9
    with bench.capture([port.tx_net, port.cts_net], CAPTURE_HZ) as recording:
        port.imp.write(text)
        bench.clock.sleep(after * frame_s)
        port.bench.set_rts(False)
        bench.clock.sleep(30 * frame_s)
        port.bench.set_rts(True)
        received = port.bench.read(len(text))
    wave = recording.waveform
    off, on = wave.edges(port.cts_net)[:2]
    begun = characters(wave, port.tx_net, port.fmt).where("data").start
    held = int(np.count_nonzero((begun > off) & (begun < on)))
    judge.equal("read by the bench", received, text)
    # What is in the shift register or a FIFO behind the gate still goes; its depth is not documented.
    judge.observe("characters begun while CTS was high", held)
    judge.equal("TX paused", held < 25, True)


def test_write_waits_while_cts_is_high(bench, imp, judge, port):
    """UART-WRITE-03: with CTS high and the FIFO full, the program stays suspended until CTS lets it go."""
    text = bytes(range(2 * FIFO))
    port.bench.set_rts(False)
    lines = []

    def watch():
        bench.clock.sleep(0.3)
        lines.append(bench.clock.now_ns())
        port.bench.set_rts(True)
        lines.append(port.bench.read(len(text)))

    before = imp.hardware.micros()
    after = imp.run_detached([(port.imp.write, (text,)), (imp.hardware.micros, ())], meanwhile=watch)[-1]
    judge.equal("read by the bench", lines[-1], text)
    judge.measure(
        "write() returned after", (after - before) / 1e6, unit="s", uncertainty=0.001, low=0.3, high=1.0,
        source="imp timer",
    )  # fmt: skip


def test_flow_control_is_off_with_no_ctsrts(judge, flow_uart):
    """NO_CTSRTS: CTS high holds nothing back."""
    flow_uart.configure(PLAIN)
    flow_uart.bench.set_rts(False)
    flow_uart.imp.write(b"at once")
    judge.equal("read by the bench", flow_uart.bench.read(7), b"at once")
