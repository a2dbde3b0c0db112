import io

from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.errors import AdapterError
from benchctl.flash.serprog import SerprogServer
from tests.flash.soldered import Setup, soldered

ACK, NAK = b"\x06", b"\x15"


def answer(setup: Setup, request: bytes) -> bytes:
    outgoing = io.BytesIO()
    SerprogServer(setup.spi, setup.clock, 10e6).serve(io.BytesIO(request), outgoing)
    return outgoing.getvalue()


def operation(write: bytes, read: int) -> bytes:
    return b"\x13" + len(write).to_bytes(3, "little") + read.to_bytes(3, "little") + write


def test_queries() -> None:
    setup = soldered()
    assert answer(setup, b"\x00") == ACK
    assert answer(setup, b"\x01") == ACK + b"\x01\x00"
    assert answer(setup, b"\x03") == ACK + b"benchctl\0\0\0\0\0\0\0\0"
    assert answer(setup, b"\x04") == ACK + b"\xff\xff"
    assert answer(setup, b"\x05") == ACK + b"\x08"
    assert answer(setup, b"\x08") == answer(setup, b"\x11") == ACK + b"\x00\x00\x01"
    assert answer(setup, b"\x10") == NAK + ACK
    assert answer(setup, b"\x12\x08\x12\x01") == ACK + NAK
    assert answer(setup, b"\x15\x01") == ACK


def test_the_map_names_exactly_what_is_answered() -> None:
    setup = soldered()
    bitmap = int.from_bytes(answer(setup, b"\x02")[1:], "little")
    arguments = {0x0E: 4, 0x12: 1, 0x13: 6, 0x14: 4, 0x15: 1}
    for opcode in range(256):
        reply = answer(setup, bytes([opcode]) + b"\x08" * arguments.get(opcode, 0))
        known = reply != NAK and opcode != 0x13
        assert (bitmap >> opcode & 1) == known or opcode == 0x13
    assert bitmap >> 0x13 & 1


def test_spi_operations() -> None:
    setup = soldered()
    content = setup.fill()
    assert answer(setup, operation(b"\x9f", 3)) == ACK + b"\xef\x30\x13"
    both = operation(b"\x03\x00\x10\x00", 100) + operation(b"\x06", 0)
    assert answer(setup, both) == ACK + content[0x1000:0x1064] + ACK


def test_the_clock_is_set_and_told() -> None:
    setup = soldered()
    assert answer(setup, b"\x14" + (5_000_000).to_bytes(4, "little")) == ACK + (5_000_000).to_bytes(
        4, "little"
    )
    assert setup.spi.rates[-1] == 5e6
    assert answer(setup, b"\x14" + bytes(4)) == NAK


def test_delays_pass_in_bench_time_when_executed() -> None:
    setup = soldered()
    before = setup.clock.now_ns()
    delay = b"\x0e" + (250_000).to_bytes(4, "little")
    assert answer(setup, b"\x0b" + delay + delay) == ACK * 3
    assert setup.clock.now_ns() == before
    assert answer(setup, b"\x0b" + delay + delay + b"\x0f\x0f") == ACK * 5
    assert setup.clock.now_ns() - before == 500_000_000


def test_a_failing_bench_answers_nak() -> None:
    setup = soldered()

    def fail(_number: int, _data: bytes) -> bytes:
        raise AdapterError("quad A returned 1 of 2 bytes")

    setup.spi.corrupt = fail
    assert answer(setup, operation(b"\x0b\0\0\0\0", 2) + b"\x00") == NAK + ACK


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_answered_or_end_the_session(request: bytes) -> None:
    """Operations only with small counts: what a client asks for is what it gets."""
    setup = soldered()
    small = request.replace(b"\x13", b"\x10")
    reply = answer(setup, small)
    assert len(reply) <= 34 * len(small)
    answer(setup, b"\x13\x02\x00\x00\x01\x00\x00" + request[:1])
