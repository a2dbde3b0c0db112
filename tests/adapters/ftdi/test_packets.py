from hypothesis import given
from hypothesis import strategies as st

from benchctl.adapters.ftdi.packets import line_errors, strip, transfer_size


@given(
    data=st.binary(max_size=2000),
    packet_size=st.sampled_from([64, 512]),
    bad=st.integers(0, 50),
    more=st.booleans(),
)
def test_data_survives_packing(data: bytes, packet_size: int, bad: int, more: bool) -> None:
    room = packet_size - 2
    pieces = [data[at : at + room] for at in range(0, len(data), room)] or [b""]
    if more and len(pieces[-1]) == room:
        pieces.append(b"")
    raw = b"".join(bytes((0x01, 0x0A if i == bad else 0x60)) + piece for i, piece in enumerate(pieces))
    payload = strip(raw, packet_size)
    assert payload.data == data
    assert line_errors(payload.status) == ({"overrun", "framing"} if bad < len(pieces) else frozenset())


def test_less_than_a_status_is_nothing() -> None:
    assert strip(b"", 64).data == strip(b"\x01", 64).data == b""


@given(count=st.integers(0, 100_000), packet_size=st.sampled_from([64, 512]))
def test_transfer_holds_the_data_and_no_packet_more(count: int, packet_size: int) -> None:
    packets, rest = divmod(transfer_size(count, packet_size), packet_size)
    assert rest == 0
    assert (packets - 1) * (packet_size - 2) < max(count, 1) <= packets * (packet_size - 2)
