"""read(), readblob() and readstring()."""

import pytest

from benchctl.buses.uart import UartFormat

PLAIN = UartFormat(19_200)
EVERY_BYTE = bytes(range(256))
FIFO = 80  # default_rx_fifo, api/uart.yaml

TEXTS = {
    "plain": b"plain text",
    "zero first": b"\x00after",
    "zero last": b"before\x00",
    "zeros": bytes(5),
    "ones": b"\xff" * 5,
    "both": b"\x00\xff\x00\xff\x80\x7f\x00",
    "lines": b"one\r\ntwo\n\x1a\x04",
    "full": bytes(range(0xB0, 0x100)),
}
texts = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def receive(bench, port, text):
    """Have the imp receive `text` into its FIFO."""
    port.configure(PLAIN)
    port.bench.write(text)
    port.bench.drain()
    bench.clock.sleep(2 * PLAIN.frame_ns / 1e9)


@texts
@pytest.mark.claim("r30-uart-readblob-readstring")
def test_readblob_returns_all_that_waits(bench, judge, uart, text):
    receive(bench, uart, text)
    judge.equal("readblob()", uart.imp.readblob(), text)
    judge.equal("readblob() again", uart.imp.readblob(), b"")


@texts
@pytest.mark.claim("r30-uart-readblob-readstring")
def test_readstring_returns_all_that_waits(bench, judge, uart, text):
    receive(bench, uart, text)
    judge.equal("readstring()", uart.imp.readstring().encode("latin-1"), text)
    judge.equal("readstring() again", uart.imp.readstring(), "")


@texts
def test_read_returns_byte_by_byte_then_minus_one(bench, judge, uart, text):
    """UART-READ-01."""
    receive(bench, uart, text)
    judge.equal("read()", [uart.imp.read() for _ in text], list(text))
    judge.equal("read() when empty", uart.imp.read(), -1)


@pytest.mark.claim("r30-uart-readblob-readstring")
@pytest.mark.parametrize("method", ["readblob", "readstring"])
def test_reads_at_most_what_is_asked_for(bench, judge, uart, method):
    """Shorter when fewer bytes wait; the rest stays."""
    receive(bench, uart, b"0123456789")

    def read(count):
        got = uart.imp[method](count)
        return got if isinstance(got, bytes) else got.encode("latin-1")

    judge.equal("first four", read(4), b"0123")
    judge.equal("next one", read(1), b"4")
    judge.equal("twenty, of five", read(20), b"56789")
    judge.equal("when empty", read(20), b"")


@pytest.mark.claim("r30-uart-readblob-readstring")
def test_three_ways_of_reading_share_one_fifo(bench, judge, uart):
    receive(bench, uart, b"\x00abc\xff")
    judge.equal("read()", uart.imp.read(), 0)
    judge.equal("readstring(2)", uart.imp.readstring(2), "ab")
    judge.equal("readblob()", uart.imp.readblob(), b"c\xff")


@pytest.mark.claim("r30-uart-readblob-readstring")
def test_every_byte_value_arrives(bench, judge, each_uart):
    each_uart.configure(PLAIN)
    got = b""
    for at in range(0, 256, FIFO // 2):
        each_uart.bench.write(EVERY_BYTE[at : at + FIFO // 2])
        each_uart.bench.drain()
        bench.clock.sleep(2 * PLAIN.frame_ns / 1e9)
        got += each_uart.imp.readblob()
    judge.equal("read by the imp", got, EVERY_BYTE)


WRITABLE = {
    "integer": 0x5A,
    "integer 0": 0,
    "integer 255": 255,
    "string": "text",
    "string with zero": "nul\x00in\xfftext",
    "blob": b"blob\x00\xff",
}


@pytest.mark.parametrize("data", WRITABLE.values(), ids=WRITABLE)
def test_write_takes_integer_string_and_blob(judge, uart, data):
    """An integer sends one byte."""
    uart.configure(PLAIN)
    uart.imp.write(data)
    sent = (
        bytes([data])
        if isinstance(data, int)
        else data
        if isinstance(data, bytes)
        else data.encode("latin-1")
    )
    judge.equal("read by the bench", uart.bench.read(len(sent)), sent)
