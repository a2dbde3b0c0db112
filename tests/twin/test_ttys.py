import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from benchctl.twin.clock import VirtualClock
from benchctl.twin.ttys import VirtualTty
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineFormat, UartReceiver, UartTransmitter
from benchctl.twin.world import World


class Bench:
    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.clock = VirtualClock(self.world)
        self.txd, self.rxd = Net(self.world, "txd"), Net(self.world, "rxd")
        self.node = folder / "dev/serial/by-id/usb-port"
        self.tty = VirtualTty(self.node, self.txd, self.rxd, self.clock.outside)
        self.far = self.rxd.driver("far")
        self.far.set(Drive.HIGH)


def read_all(port: serial.Serial) -> bytes:
    """The kernel hands over what is ready and looks for more only when that was nothing."""
    data = bytearray()
    while piece := port.read(100):
        data += piece
    return bytes(data)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.tty.close()


@pytest.mark.parametrize(
    ("settings", "fmt"),
    [
        ({"baudrate": 9600}, LineFormat(round(10**15 / 9600))),
        ({"baudrate": 250_000, "stopbits": 2}, LineFormat(4 * 10**9, half_stops=4)),
        ({"baudrate": 115_200}, LineFormat(round(10**15 / 115_200))),
    ],
)
def test_bytes_cross_in_the_format_set(bench: Bench, settings: dict[str, object], fmt: LineFormat) -> None:
    with serial.Serial(str(bench.node), timeout=0, **settings) as port:
        hears = UartReceiver(bench.txd, fmt, lambda: None)
        bench.clock.sleep(0.001)
        port.write(b"Hello")
        bench.clock.sleep(0.1)
        frames = hears.take(bench.world.now)
        assert bytes(frame.value for frame in frames) == b"Hello"
        assert not any(frame.error for frame in frames)
        began = bench.world.now
        UartTransmitter(bench.far, fmt).send(b"World")
        assert bench.clock.wait_readable(port.fileno(), 1.0)
        assert bench.world.now - began >= 0.9 * fmt.frame_ns
        bench.clock.sleep(0.1)
        assert read_all(port) == b"World"


def test_wrong_rate_is_not_understood(bench: Bench) -> None:
    with serial.Serial(str(bench.node), 9600, timeout=0) as port:
        UartTransmitter(bench.far, LineFormat(round(10**15 / 115200))).send(b"World" * 4)
        bench.clock.sleep(0.1)
        assert b"World" not in read_all(port)


def test_a_port_nobody_has_open_does_not_stop_time(bench: Bench) -> None:
    serial.Serial(str(bench.node)).close()
    UartTransmitter(bench.far, LineFormat(10**10)).send(b"World")
    bench.clock.sleep(100)
    with serial.Serial(str(bench.node), 100_000, timeout=0) as port:
        port.write(b"x")
        bench.clock.sleep(0.01)
        assert bench.txd.level() == 1


def test_time_is_wall_time_while_a_program_has_the_port_open(bench: Bench) -> None:
    with serial.Serial(str(bench.node), timeout=0):
        began = time.monotonic()
        bench.clock.sleep(0.05)
        assert time.monotonic() - began >= 0.05
    bench.clock.sleep(10_000)  # the test would never end


def test_closing_unplugs_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.tty.close()
    bench.rxd.pull("r", high=True)
    assert bench.txd.drivers[0].drive == Drive.Z
    with pytest.raises(serial.SerialException):
        serial.Serial(str(bench.node))
