from collections.abc import Callable

import pytest

from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.uart import Parity, UartFormat
from benchctl.errors import BusTimeoutError, UserError

Crossed = Callable[[], FtdiChip]


def test_bytes_arrive_as_sent(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    text = bytes(range(256)) * 4
    a.write(text)
    assert b.read(len(text), 2.0) == text


def test_format_is_used_on_both_sides(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    for fmt in (UartFormat(9600, 7, Parity.EVEN, 2), UartFormat(1_000_000, 8, Parity.ODD), UartFormat(300)):
        assert a.configure(fmt) == pytest.approx(fmt.baud, rel=0.001)
        b.configure(fmt)
        a.write(b"hello")
        assert b.read(5, 2.0) == b"hello"


def test_nothing_is_lost_while_nobody_reads(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    for uart in (a, b):
        uart.configure(UartFormat(3_000_000))
    text = bytes(range(256)) * 100
    a.write(text)
    a.drain()
    chip.host.clock.sleep(1.0)
    assert b.read(len(text)) == text


def test_what_came_while_a_read_waited_its_turn_is_read(crossed: Crossed) -> None:
    """The task that keeps the chip empty may be the one to find the last bytes there will be."""
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B", event_char=0)
    for uart in (a, b):
        uart.configure(UartFormat(921_600))
    clock, late = chip.host.clock, 0
    for i in range(400):
        a.write(b"answer\0")
        clock.sleep(i * 7e-6 % 0.002)
        asked = clock.now_ns()
        assert b.read_chunk(1.0) is not None
        late += clock.now_ns() - asked > 5_000_000
    assert late == 0


def test_line_errors_are_reported(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    a.configure(UartFormat(9600, 8, Parity.EVEN))
    b.configure(UartFormat(9600, 8, Parity.ODD))
    a.write(b"x")
    chunk = b.read_chunk()
    assert chunk is not None
    assert chunk.errors == {"parity"}


def test_short_read_says_what_came(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    a.write(b"abc")
    with pytest.raises(BusTimeoutError, match=r"3 of 5 bytes came in 0\.5 s on quad B") as caught:
        b.read(5, 0.5)
    assert caught.value.received == b"abc"


def test_stamp_is_within_its_uncertainty(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    clock = chip.host.clock
    for pause in (0.0, 0.0123, 0.2, 3.0):
        clock.sleep(pause)
        b.discard_input()
        a.write(b"?")
        sent = clock.now_ns()
        chunk = b.read_chunk()
        assert chunk is not None
        on_wire = sent + 87_000
        assert -50_000 < chunk.t_ns - on_wire < b.stamp_uncertainty_ns


def test_long_wait_does_not_poll_every_millisecond(crossed: Crossed) -> None:
    uart = FtdiUart(crossed(), "B")
    start = uart._clock.now_ns()
    assert uart.read_chunk(60.0) is None
    assert 60.0 <= (uart._clock.now_ns() - start) / 1e9 < 60.1


def test_impossible_formats_are_refused(crossed: Crossed) -> None:
    uart = FtdiUart(crossed(), "A")
    with pytest.raises(UserError, match="9-bit"):
        uart.configure(UartFormat(9600, 9))
    with pytest.raises(UserError, match="cannot make 10400000 baud"):
        uart.configure(UartFormat(10_400_000))


def test_modem_lines(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    assert b.cts()
    a.set_rts(False)
    assert not b.cts()
    a.set_rts(True)
    assert b.cts()
