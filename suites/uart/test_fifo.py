"""FIFO sizes: setrxfifosize() and settxfifosize() (impOS 32)."""

import pytest

from benchctl.buses.uart import UartFormat
from fixtures.outcomes import outcome

pytestmark = pytest.mark.impos("32")

PLAIN = UartFormat(115_200)
DEFAULT = 80  # default_rx_fifo, default_tx_fifo, api/uart.yaml
MORE_THAN_THE_MEMORY = 64 << 20
METHODS = {"rx": "setrxfifosize", "tx": "settxfifosize"}
both = pytest.mark.parametrize("which", METHODS)


@pytest.fixture
def port(uart):
    """A disabled UART; its FIFOs have their default sizes again afterwards."""
    uart.imp.disable()
    yield uart
    uart.imp.disable()
    for method in METHODS.values():
        uart.imp[method](DEFAULT)


@pytest.mark.parametrize("size", [DEFAULT, 200, 1000, 4096])
def test_rx_fifo_holds_its_size_and_no_more(bench, judge, port, named, size):
    """OVERRUN_ERROR: a character came while the buffer was full. Which one is lost is not documented."""
    port.imp.setrxfifosize(size)
    fmt = port.configure(PLAIN)
    text = bytes(n * 3 & 0xFF for n in range(size))
    port.bench.write(text)
    port.bench.drain()
    bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    judge.equal("overrun with a full FIFO", "OVERRUN_ERROR" in named(port.imp.flags()), False)
    port.bench.write(b"!")
    port.bench.drain()
    bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    judge.equal("overrun with one more", "OVERRUN_ERROR" in named(port.imp.flags()), True)
    got = b""
    while piece := port.imp.readblob(size):
        got += piece
    judge.equal("bytes read", len(got), size)
    judge.observe("the byte that is lost", "newest" if got == text else "other")


@pytest.mark.parametrize("size", [200, 1000])
def test_tx_fifo_takes_its_size_without_blocking(imp, judge, port, size):
    """UART-WRITE-01."""
    port.imp.settxfifosize(size)
    fmt = port.configure(UartFormat(9600))
    text = bytes(n * 5 & 0xFF for n in range(size))
    steps = [(imp.hardware.micros, ()), (port.imp.write, (text,)), (imp.hardware.micros, ())]
    start, _, end = imp.run_detached(steps)
    judge.measure(
        "write() took in characters", (end - start) * 1e3 / fmt.frame_ns, unit="", uncertainty=0.1,
        low=-0.5, high=2, source="imp timer",
    )  # fmt: skip
    judge.equal("read by the bench", port.bench.read(size, timeout_s=2 * size * fmt.frame_ns / 1e9), text)


@both
def test_size_cannot_change_while_configured(judge, port, which):
    """UART-RXF-E1, UART-TXF-E1, UART-DIS-02: throws on a configured port, works once it is disabled."""
    port.configure(PLAIN)
    judge.observe("text thrown", port.imp[METHODS[which]].throws(200))
    port.imp.disable()
    judge.equal("returns when disabled", port.imp[METHODS[which]](200), None)


@both
def test_more_than_the_memory_throws(judge, port, which):
    """UART-RXF-E2, UART-TXF-E2."""
    judge.observe("text thrown", port.imp[METHODS[which]].throws(MORE_THAN_THE_MEMORY))


@both
def test_size_below_the_minimum(judge, port, which):
    """UART-RXF-E3, UART-TXF-E3: whether it throws or is raised to the minimum is not documented."""
    judge.observe("size 1", outcome(port.imp[METHODS[which]], 1))
