"""Patterns on a UART's TXD: what the other side and a capture see of them."""

from collections.abc import Callable

import numpy as np
import pytest
from pyftdi.ftdi import Ftdi

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import Parity, UartFormat
from benchctl.capture.items import Items
from benchctl.capture.waveform import Waveform
from benchctl.errors import NotEquippedError

Crossed = Callable[[], FtdiChip]
Decode = Callable[[Waveform, str, UartFormat], Items]


@pytest.mark.parametrize("baud", [1200, 9600, 115_200, 460_800])
def test_gapped_bytes_arrive(crossed: Crossed, baud: int) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    for uart in (a, b):
        uart.configure(UartFormat(baud, 8, Parity.EVEN))
    a.write_gapped(b"gap", [100.0, 2500.0, 0.0])
    a.write(b"after")
    assert b.read(8) == b"gapafter"


def test_gaps_are_on_the_wire(crossed: Crossed, decode_uart: Decode) -> None:
    chip = crossed()
    fmt = UartFormat(9600)
    a = FtdiUart(chip, "A")
    a.configure(fmt)
    capture = FtdiCapture(chip, "C", {"a_to_b": 0, "b_to_a": 1})
    capture.start()
    a.write_gapped(b"abc", [1000.0, 1750.0, 0.0])
    items = decode_uart(capture.stop(), "a_to_b", fmt)
    assert bytes(items.value.tolist()) == b"abc"
    starts = items.start_ns
    assert np.diff(starts) == pytest.approx([10e9 / 9600 + 1e6, 10e9 / 9600 + 1.75e6], abs=3000)


def test_receives_right_after_a_pattern(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    a.write_gapped(b"?", 0.0)
    b.write(b"!")
    assert a.read(1) == b"!"
    assert b.read(1) == b"?"


def test_modem_lines_keep_still_during_a_pattern(crossed: Crossed) -> None:
    chip = crossed()
    a = FtdiUart(chip, "A")
    capture = FtdiCapture(chip, "C", {"a_to_b": 0, "a_rts": 2})
    for asserted in (True, False):
        a.set_rts(asserted)
        capture.start()
        a.write_gapped(b"xyz", 500.0)
        waveform = capture.stop()
        assert len(waveform.edges("a_to_b"))
        assert waveform.initial_level("a_rts") is not asserted
        assert not len(waveform.edges("a_rts"))


def test_deliberate_errors_reach_the_other_side(crossed: Crossed) -> None:
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    fmt = UartFormat(19_200, 8, Parity.ODD)
    for uart in (a, b):
        uart.configure(fmt)
    a.write_pattern(Pattern().frame(0x41, fmt, parity_error=True).idle(5000))
    chunk = b.read_chunk()
    assert chunk is not None
    assert (chunk.data, chunk.errors) == (b"A", {"parity"})
    a.write_pattern(Pattern().line_break(3000).idle(5000))
    chunk = b.read_chunk()
    assert chunk is not None
    assert "break" in chunk.errors


def test_pattern_too_fast_for_the_clock_is_refused(crossed: Crossed) -> None:
    a = FtdiUart(crossed(), "A")
    a.configure(UartFormat(3_000_000))
    with pytest.raises(NotEquippedError, match="pattern clock for 3000000 baud"):
        a.write_gapped(b"x", 1.0)


def test_a_chip_that_is_never_busy_in_bit_bang_mode_plays_to_the_end(
    crossed: Crossed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a chip says in this mode that its buffer is empty is not documented."""
    chip = crossed()
    a, b = FtdiUart(chip, "A"), FtdiUart(chip, "B")
    for uart in (a, b):
        uart.configure(UartFormat(9600))
    monkeypatch.setattr(Ftdi, "poll_modem_status", lambda self: Ftdi.MODEM_TEMT)
    a.write_gapped(b"to the end", 1000.0)
    assert b.read(10) == b"to the end"
