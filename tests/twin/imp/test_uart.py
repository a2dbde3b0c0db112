from collections.abc import Callable

import pytest

from benchctl.dut.module import Module
from benchctl.twin.imp.uart_clock import uart_clock
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineFormat, UartReceiver, UartTransmitter
from tests.twin.imp.conftest import BOOT_NS, Bench

Make = Callable[..., Bench]
FS = 10**15


def fmt(baud: float, parity: str = "N", half_stops: int = 2) -> LineFormat:
    return LineFormat(round(FS / baud), 8, parity, half_stops)


class Peer:
    """The bench's end of a UART of the imp."""

    def __init__(self, bench: Bench, line: LineFormat, tx: str = "UART2_TX", rx: str = "UART2_RX") -> None:
        self.bench = bench
        self.sender = UartTransmitter(bench.nets[rx].driver("peer"), line)
        self.receiver = UartReceiver(bench.nets[tx], line, lambda: None)

    def got(self) -> bytes:
        return bytes(arrival.value for arrival in self.receiver.take(self.bench.world.now))


ECHO = """
u <- hardware.uart2;
function got() { local b; while ((b = u.read()) >= 0) u.write(b & 0xFF); }
rate <- u.configure(115200, 8, PARITY_NONE, 1, NO_CTSRTS, got);
server.log(rate);
"""


def test_echo(make: Make) -> None:
    bench = make()
    peer = Peer(bench, fmt(115200))
    assert bench.run(ECHO) == ["115432"]
    data = bytes(range(256))
    peer.sender.send(data)
    bench.wait(0.1)
    assert peer.got() == data
    assert not bench.imp.idle


@pytest.mark.parametrize(
    ("module", "name", "asked", "rate"),
    [
        ("imp005", "uart0", 921600, 924855),
        ("imp005", "uart1", 921600, 779166),
        ("imp005", "uart2", 921600, 935000),
        ("imp005", "uart0", 1, 9160),
        ("imp005", "uart0", 10**7, 4000000),
        ("imp005", "uart1", 10**7, 2337500),
        ("imp005", "uart1", 1, 35),
        ("imp003", "uartDM", 10**7, 4500000),
        ("imp003", "uartDM", 1, 550),
        ("imp001", "uart1289", 10**8, 7500000),
        ("imp001", "uart1289", 1, 916),
        ("imp003", "uartFG", 19200, 19200),
    ],
)
def test_rates(module: str, name: str, asked: int, rate: int) -> None:
    clock = uart_clock(module, Module.named(module).uart(name))
    divisor = clock.divisor(asked)
    assert clock.rate(divisor) == rate
    assert FS / clock.bit_fs(divisor) == pytest.approx(rate, rel=1e-4, abs=1)


def timed(make: Make, gaps_us: list[int], **options: object) -> list[str]:
    bench = make(**options)
    peer = Peer(bench, fmt(19200))
    bench.imp.deploy(
        "u <- hardware.uart2; u.configure(19200, 8, PARITY_NONE, 1, NO_CTSRTS | TIMING_ENABLED);"
        "imp.sleep(20); local v;"
        'while ((v = u.read()) >= 0) server.log((v & 0xFF) + " " + (v >> 8));'
    )
    bench.imp.set_power(True)
    bench.world.sleep_until(BOOT_NS + 10**9)
    for i, gap in enumerate(gaps_us):
        peer.sender.send(bytes([i]), peer.sender.idle_ns + gap * 1000)
    return bench.wait(30)


def test_intervals_span_the_byte_and_saturate(make: Make) -> None:
    log = timed(make, [0, 0, 700, 9_000_000])
    assert log[0] == f"0 {0x7FFFFF}"
    assert abs(int(log[1].split()[1]) - 521) <= 1
    assert abs(int(log[2].split()[1]) - 1221) <= 1
    assert log[3] == f"3 {0x7FFFFF}"


def test_interval_faults(make: Make) -> None:
    assert int(timed(make, [0, 700], faults=("uart-interval-without-byte",))[1].split()[1]) < 710
    assert timed(make, [0, 700], faults=("uart-interval-in-milliseconds",))[1] == "1 1000"


def test_write_blocks_until_in_the_fifo_and_flush_until_sent(make: Make) -> None:
    bench = make()
    log = bench.run(
        """
        local u = hardware.uart2, t = hardware.micros;
        u.configure(19200, 8, PARITY_NONE, 1, NO_CTSRTS);
        local a = t(); u.write(blob(80)); local b = t(); u.write(blob(40)); local c = t(); u.flush();
        server.log((b - a) + " " + (c - b) + " " + (t() - a));
        """
    )
    quick, blocked, all_sent = map(int, log[0].split())
    byte_us = 1e7 / 19209  # 37.4 MHz / 1947
    assert quick == 10
    assert blocked == pytest.approx(39 * byte_us, rel=0.01)
    assert all_sent == pytest.approx(120 * byte_us, abs=100)


@pytest.mark.parametrize("polarity", [0, 1])
def test_txactive_surrounds_the_frame(make: Make, polarity: int) -> None:
    bench = make()
    bench.nets["L"].probe(True)
    bench.run(
        f"""
        u <- hardware.uart2;
        u.settxactive(hardware.pinL, {polarity}, 50, 100);
        u.configure(19200, 8, PARITY_NONE, 1, NO_CTSRTS);
        u.write("ab");
        """
    )
    start = bench.nets["UART2_TX"].edges(BOOT_NS + 10_000, bench.world.now)
    active = bench.nets["L"].edges(BOOT_NS + 6_000, bench.world.now)
    first = int(start.times[0])
    assert active.levels.tolist() == [polarity, 1 - polarity]
    assert first - active.times[0] == 50_000
    end = first + 2 * round(1947 * 1e10 / 37.4e6)
    assert 100_000 - 5 <= active.times[1] - end <= 140_000


def test_errors(make: Make) -> None:
    log = make().run(
        """
        local u = hardware.uart1;
        function attempt(f) { try { f(); server.log("no error"); } catch (e) { server.log("threw " + e); } }
        attempt(@() u.settxactive(hardware.pinL, 1, 2, 5001));
        attempt(@() u.configure(9600, 9, PARITY_NONE, 1));
        attempt(@() u.configure("9600", 8, PARITY_NONE, 1));
        attempt(@() u.configure(9600));
        attempt(@() u.write(1));
        u.configure(9600, 8, PARITY_NONE, 1);
        attempt(@() u.setrxfifosize(100));
        u.disable();
        attempt(@() u.setrxfifosize(100));
        attempt(@() u.setrxfifosize(100000000));
        """
    )
    assert log[0].startswith("threw postdelay > 5ms")
    assert log[1:] == [
        "threw bad uart configuration",
        "threw parameter 1 has an invalid type 'string' ; expected: 'integer'",
        "threw wrong number of parameters",
        "threw uart not configured",
        "threw uart is configured",
        "no error",
        "threw not enough memory",
    ]


def test_flags_and_their_clearing(make: Make) -> None:
    bench = make()
    wrong = Peer(bench, fmt(9600, "E"))
    bench.run(
        """
        u <- hardware.uart2;
        u.configure(9600, 8, PARITY_ODD, 1, NO_CTSRTS);
        imp.wakeup(1, function() { server.log(u.flags()); server.log(u.flags()); server.log(u.read()); });
        """,
        0.5,
    )
    wrong.sender.send(b"A")
    assert bench.wait(1) == [str(1 | 16 | 64), "0", "65"]


def test_overrun_keeps_the_first_bytes(make: Make) -> None:
    bench = make()
    peer = Peer(bench, fmt(9600))
    bench.run(
        """
        u <- hardware.uart2;
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
        imp.wakeup(1, function() { server.log(u.readblob().len()); server.log(u.flags() & 32); });
        """,
        0.1,
    )
    peer.sender.send(bytes(100))
    assert bench.wait(1) == ["80", "32"]


def test_rts_rises_when_sixteen_places_are_left(make: Make) -> None:
    bench = make("imp003")
    peer = Peer(bench, fmt(9600), "U", "V")
    bench.nets["G"].probe(True)
    bench.run("u <- hardware.uartUVGD; u.configure(9600, 8, PARITY_NONE, 1, 0);", 0.1)
    assert bench.nets["G"].level() == 0
    start = peer.sender.send(bytes(80))
    bench.wait(1)
    edges = bench.nets["G"].edges(start, bench.world.now)
    assert edges.levels.tolist() == [1]
    assert (edges.times[0] - start) / (10 / 9600 * 1e9) == pytest.approx(63.95, abs=0.01)


def test_cts_gates_sending(make: Make) -> None:
    bench = make("imp003")
    peer = Peer(bench, fmt(9600), "U", "V")
    cts = bench.nets["D"].driver("peer cts")
    cts.set(Drive.HIGH)
    bench.run(
        'u <- hardware.uartUVGD; u.configure(9600, 8, PARITY_NONE, 1, 0); u.write("abc"); u.flush();'
        'server.log("done");',
        0.5,
    )
    assert peer.got() == b""
    cts.set(Drive.LOW)
    bench.wait(0.0012)
    cts.set(Drive.HIGH)
    bench.wait(0.1)
    assert peer.got() == b"ab"
    cts.set(Drive.LOW)
    assert bench.wait(0.1) == ["done"]
    assert peer.got() == b"c"


def test_callback_with_flags(make: Make) -> None:
    bench = make()
    log = bench.run(
        """
        u <- hardware.uart2;
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS | CALLBACK_WITH_FLAGS, @(f) server.log(f));
        u.write(blob(60));
        """
    )
    assert log == ["128", "2"]


def test_pin_takes_the_line_without_a_glitch_and_the_uart_takes_it_back(make: Make) -> None:
    bench = make("imp003")
    bench.nets["U"].probe(True)
    bench.run(
        """
        function open() { hardware.uartUVGD.configure(250000, 8, PARITY_NONE, 2, NO_CTSRTS); }
        open(); imp.sleep(0.001);
        hardware.pinU.configure(DIGITAL_OUT, 1); imp.sleep(0.001);
        hardware.pinU.write(0); imp.sleep(0.0001); open();
        """
    )
    edges = bench.nets["U"].edges(BOOT_NS + 100_000, bench.world.now)
    assert edges.levels.tolist() == [0, 1]
    assert edges.times[1] - edges.times[0] == 105_000


def test_receive_pins_drive_low_until_booted(make: Make) -> None:
    bench = make()
    bench.nets["UART1_RX"].pull("up", high=True)
    bench.imp.set_power(True)
    bench.wait(0.2)
    assert bench.nets["UART1_RX"].level() == 0
    bench.wait(0.1)
    assert bench.nets["UART1_RX"].level() == 1
