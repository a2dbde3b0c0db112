from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import encode, modbus
from benchctl.capture.modbus import Frame, ModbusDecoder, crc16
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import Waveform

FMT = UartFormat(9600, parity="even")
BIT = 1e9 / 9600
CHARACTER = 11 * BIT


def frame(payload: bytes) -> bytes:
    return payload + crc16(payload).to_bytes(2, "little")


def line(*parts: tuple[bytes, float]) -> Waveform:
    """Each part is sent back to back and followed by that many character times of silence."""
    data = b"".join(part for part, _ in parts)
    gaps = [gap for part, after in parts for gap in [0.0] * (len(part) - 1) + [after * CHARACTER]]
    level, edges = encode.uart_edges(data, FMT, start=5 * CHARACTER, gaps=gaps)
    return Waveform.from_edges({"RX": (level, edges)}, int(edges[-1] + 20 * CHARACTER))


REQUEST = frame(bytes.fromhex("01030000000a"))


def test_crc_of_the_specification() -> None:
    assert REQUEST.hex() == "01030000000ac5cd"


def test_frames_are_split_at_t35() -> None:
    found = modbus.decode(line((REQUEST, 3.6), (REQUEST, 3.4), (b"\x01", 4)), "RX", FMT)
    assert [(f.data, f.error) for f in found] == [(REQUEST, ""), (REQUEST + b"\x01", "crc")]
    assert abs(found[0].end_ns - found[0].start_ns - 8 * CHARACTER) <= 2
    assert (found[0].address, found[0].function) == (1, 3)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ([(REQUEST[:3], 1.4), (REQUEST[3:], 5)], ""),
        ([(REQUEST[:3], 1.6), (REQUEST[3:], 5)], "t1.5"),
        ([(REQUEST[:-1] + b"\0", 5)], "crc"),
        ([(REQUEST[:3], 5)], "short"),
        ([(bytes(257), 5)], "long"),
    ],
)
def test_what_can_be_wrong_with_a_frame(parts: list[tuple[bytes, float]], error: str) -> None:
    assert [f.error for f in modbus.decode(line(*parts), "RX", FMT)] == [error]


def test_parity_error_spoils_a_frame() -> None:
    found = modbus.decode(line((REQUEST, 5)), "RX", UartFormat(9600, parity="odd"))
    assert [f.error for f in found] == ["character"]


def test_silences() -> None:
    assert modbus.silences_ns(19200) == pytest.approx((859_375, 2_005_208), abs=1)
    assert modbus.silences_ns(115200) == (750_000, 1_750_000)


@given(payloads=st.lists(st.binary(min_size=2, max_size=6), max_size=4), cuts=st.lists(st.integers(1, 10**8)))
def test_frames_survive_chunks(payloads: list[bytes], cuts: list[int]) -> None:
    frames = [frame(payload) for payload in payloads]
    wave = line(*((data, 4.0) for data in frames)) if frames else Waveform.from_edges({"RX": (1, [])}, 10)
    bounds = sorted({0, wave.span, *(cut for cut in cuts if cut < wave.span)})
    decoder = ModbusDecoder("RX", FMT)
    found: list[Frame] = [f for a, b in pairwise(bounds) for f in decoder.feed(wave.slice(a, b))]
    found += decoder.finish()
    assert [(f.data, f.error) for f in found] == [(data, "") for data in frames]
    assert found == modbus.decode(wave, "RX", FMT)


def test_item() -> None:
    (found,) = modbus.decode(line((REQUEST, 5)), "RX", FMT)
    item = found.item()
    assert (item["kind"], item["value"], item["error"]) == ("frame", REQUEST.hex(), None)
