"""Frame formats, both ways: data bits, parity, stop bits (module facts: 7 or 8, none/even/odd, 1 or 2)."""

from itertools import product

import pytest

from benchctl.buses.uart import Parity, UartFormat
from benchctl.capture.interval import between_edges
from fixtures.serial import characters

BAUD = 9600
CAPTURE_HZ = 1e6
ERRORS = {"NOISE_ERROR", "FRAME_ERROR", "PARITY_ERROR", "OVERRUN_ERROR"}
# Of each pair of neighbours the parity differs, and both levels come before the stop bit.
TEXT = bytes([0x00, 0x01, 0x7F, 0x55, 0x2A, 0x40])

FORMATS = [
    pytest.param(UartFormat(BAUD, bits, parity, stop), id=f"{bits}{parity.value}{stop}")
    for bits, parity, stop in product((7, 8), (Parity.NONE, Parity.EVEN, Parity.ODD), (1, 2))
]


def text_of(fmt):
    return TEXT if fmt.bits == 7 else TEXT + bytes(value | 0x80 for value in TEXT)


@pytest.mark.parametrize("fmt", FORMATS)
def test_sends_format(bench, judge, each_uart, fmt):
    """UART-CFG-01. The second stop bit shows in the distance of frames that follow each other at once."""
    text, fmt = text_of(fmt), each_uart.configure(fmt)
    with bench.capture([each_uart.tx_net], CAPTURE_HZ) as recording:
        each_uart.imp.write(text)
        received = each_uart.bench.read(len(text))
    wave = recording.waveform
    frames = characters(wave, each_uart.tx_net, fmt)
    judge.equal("characters on TX", frames.data(), text)
    judge.equal("errors on TX", len(frames) - len(frames.where("data", error="")), 0)
    judge.equal("read by the bench", received, text)
    distances = between_edges(wave, frames.start[:-1], frames.start[1:])
    frame = distances.shortest
    judge.measure(
        "start to start in bits",
        frame.value_ns * fmt.baud / 1e9,
        unit="bit",
        uncertainty=frame.uncertainty_ns * fmt.baud / 1e9,
        low=fmt.frame_bits - 0.1,
        high=fmt.frame_bits + 0.1,
        source="logic capture",
    )
    judge.intervals("start to start", distances.values_ns)
    judge.attach_waveform(wave, f"{each_uart.name} sends {text.hex(' ')}")


@pytest.mark.parametrize("fmt", FORMATS)
def test_receives_format(bench, judge, each_uart, named, fmt):
    """UART-READ-01, UART-FLAG-01: every byte arrives as sent and no error flag is raised."""
    text, fmt = text_of(fmt), each_uart.configure(fmt)
    each_uart.bench.write(text)
    each_uart.bench.drain()
    bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    judge.equal("read by the imp", each_uart.imp.read.until(-1), list(text))
    judge.equal("error flags", named(each_uart.imp.flags()) & ERRORS, set())
