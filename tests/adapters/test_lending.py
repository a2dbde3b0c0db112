"""A bench UART lent as a pty: over an FTDI channel of a virtual bench, and over a tty in wall time."""

import os
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serial

from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.adapters.lending import LentUart
from benchctl.adapters.monotonic import MonotonicClock
from benchctl.adapters.tty import TtyUart
from benchctl.buses.host import Host
from benchctl.buses.pty import open_pty, pty_settings
from benchctl.buses.uart import Parity, UartFormat
from benchctl.errors import AdapterGoneError, UserError

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench

EVEN = UartFormat(115_200, parity=Parity.EVEN)


class Lent:
    """A lent UART, the UART at the other end of its wires, and what it remarked."""

    def __init__(self, bench: "Bench", chip: FtdiChip) -> None:
        self.remarks: list[str] = []
        self.clock = bench.host.clock
        self.own, self.far = FtdiUart(chip, "A"), FtdiUart(chip, "B")
        self.far.configure(EVEN)
        self.lent = LentUart(self.own, self.clock, EVEN, self.remarks.append)

    def close(self) -> None:
        self.lent.close()
        self.own.close()
        self.far.close()


@pytest.fixture
def lent(bench: "Bench", crossed: Callable[[], FtdiChip]) -> Iterator[Lent]:
    made = Lent(bench, crossed())
    yield made
    made.close()


def test_bytes_both_ways_with_the_parity_of_the_wire(lent: Lent) -> None:
    with serial.Serial(lent.lent.path, 115_200, timeout=0) as port:
        port.write(b"there")
        assert lent.far.read(5) == b"there"
        lent.far.write(b"and back")
        lent.clock.sleep(0.05)
        assert port.read(8) == b"and back"
    assert lent.remarks == []


def test_rate_and_stop_bits_follow_the_program(lent: Lent) -> None:
    with Path(lent.lent.path).open("rb", buffering=0) as port:
        assert pty_settings(port.fileno()).baud == 115_200
    lent.far.configure(UartFormat(9600, parity=Parity.EVEN, stop=2))
    with serial.Serial(lent.lent.path, 9600, stopbits=2, timeout=0) as port:
        lent.clock.sleep(0.1)  # a program that only listens is followed as well
        lent.far.write(b"slow")
        lent.clock.sleep(0.1)
        assert port.read(4) == b"slow"
    assert lent.own.format == UartFormat(9600, parity=Parity.EVEN, stop=2)
    assert lent.remarks == ["the program set 9600 baud, 2 stop"]


def test_what_cannot_be_followed_is_told(lent: Lent) -> None:
    with serial.Serial(lent.lent.path, 115_200, timeout=0, rtscts=True) as port:
        lent.clock.sleep(0.1)
        assert lent.remarks.pop() == "the program wants RTS/CTS flow control, which does not cross a pty"
        port.rtscts = False
        port.baudrate = 20_000_000
        lent.clock.sleep(0.1)
        assert "the wire stays at 115200 baud" in lent.remarks.pop()
        port.write(b"still")
        assert lent.far.read(5) == b"still"
        port.baudrate = 115_200
        lent.far.configure(UartFormat(115_200, parity=Parity.ODD))
        lent.far.write(b"xyz")
        lent.clock.sleep(0.05)
        assert lent.remarks == ["on the wire: parity; a pty cannot show that"]


def test_hanging_up_leaves_the_rate(lent: Lent) -> None:
    with serial.Serial(lent.lent.path, 57_600, timeout=0) as port:
        lent.clock.sleep(0.1)
        settings = termios.tcgetattr(port.fileno())
        settings[4] = settings[5] = termios.B0
        termios.tcsetattr(port.fileno(), termios.TCSANOW, settings)
        lent.clock.sleep(0.1)
    assert lent.own.format.baud == 57_600


def test_nobody_reading_stops_nothing(lent: Lent) -> None:
    lent.far.write(bytes(10_000))
    lent.clock.sleep(1.0)
    with serial.Serial(lent.lent.path, 115_200, timeout=0) as port:
        port.write(b"x")
        assert lent.far.read(1) == b"x"


def test_unplugged_it_ends_and_says_so(bench: "Bench", crossed: Callable[[], FtdiChip]) -> None:
    chip = crossed()
    made = Lent(bench, chip)
    bench.bus.root[0].unplug()
    assert made.lent.wait(1.0)
    with pytest.raises(AdapterGoneError, match="quad A has gone"):
        made.lent.close()
    for uart in (made.own, made.far):
        with suppress(AdapterGoneError):
            uart.close()
    with suppress(AdapterGoneError):
        chip.close()
    bench.forget(chip)


def test_a_format_the_adapter_cannot_do(bench: "Bench", crossed: Callable[[], FtdiChip]) -> None:
    uart = FtdiUart(crossed(), "A")
    with pytest.raises(UserError, match="no 9-bit frames"):
        LentUart(uart, bench.host.clock, UartFormat(9600, bits=9), lambda _: None)
    uart.close()


def test_a_real_bench_lends_in_wall_time() -> None:
    clock = MonotonicClock()
    wire, own = open_pty()
    path = os.ttyname(own)
    os.close(own)
    uart = TtyUart(Host(clock), path)
    lent = LentUart(uart, clock, UartFormat(115_200), lambda _: None)
    with serial.Serial(lent.path, 230_400, timeout=5) as port:
        port.write(b"there")
        assert clock.wait_readable(wire, 5.0)
        assert os.read(wire, 5) == b"there"
        assert pty_settings(wire).baud == 230_400
        os.write(wire, b"back")
        assert port.read(4) == b"back"
        assert not lent.wait(0.0)
    lent.stop()
    assert lent.wait(0.0)
    lent.close()
    uart.close()
    os.close(wire)
