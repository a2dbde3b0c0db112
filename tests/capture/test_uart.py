from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import encode, items, sampling, uart
from benchctl.capture.items import Items
from benchctl.capture.uart import UartDecoder, UartFormat
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

formats = st.builds(
    UartFormat,
    baud=st.sampled_from([300, 9600, 19200, 115200, 1_000_000]),
    bits=st.integers(5, 9),
    parity=st.sampled_from(uart.PARITIES),
    stop=st.sampled_from([1, 1.5, 2]),
    invert=st.booleans(),
    msb_first=st.booleans(),
)


def line(values: Sequence[int], fmt: UartFormat, gaps: Sequence[float] | float = 0.0) -> Waveform:
    bit = 1e9 / fmt.baud
    edges = encode.uart_edges(values, fmt, start=3 * bit, gaps=gaps)
    span = int((edges[1][-1] if len(edges[1]) else 0) + 30 * bit)
    return Waveform.from_edges({"RX": edges}, span)


def levels(pattern: str, ticks_per_bit: int = 10) -> Waveform:
    """A line at 1 bit/`ticks_per_bit` ticks drawn as text: "1" high, "0" low, one character per bit."""
    drawn = np.repeat(np.array([int(c) for c in pattern], dtype=np.uint8), ticks_per_bit)
    return Waveform.from_samples(drawn, ["RX"], 1000)


def described(result: Items) -> list[tuple[str, int | str | None, str | None]]:
    return [(item["kind"], item["value"], item["error"]) for item in result.dicts()]


@given(fmt=formats, data=st.data())
def test_random_traffic_survives_sampling(fmt: UartFormat, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, (1 << fmt.bits) - 1), max_size=20))
    bit = 1e9 / fmt.baud
    gaps = data.draw(st.lists(st.floats(0, 40 * bit), min_size=len(values), max_size=len(values)))
    analog = line(values, fmt, gaps if values else 0.0)
    samples_per_bit = data.draw(st.floats(5, 40))
    rate = round(samples_per_bit * fmt.baud)
    seen = Waveform.from_samples(sampling.sample(analog, rate), ["RX"], rate)
    result = uart.decode(seen, "RX", fmt)
    assert result.value.tolist() == values
    assert not result.error.any()
    starts = np.cumsum(np.concatenate(([3 * bit], fmt.frame_bits * bit + np.array(gaps))))[:-1]
    assert np.all(np.abs(result.start_ns - starts[: len(values)]) <= 1e9 / rate + 1)
    assert np.all(np.abs(result.end_ns - (starts[: len(values)] + fmt.frame_bits * bit)) <= 1.5e9 / rate + 1)


@given(
    fmt=formats, edges=st.lists(st.integers(0, 100_000), max_size=200), cuts=st.lists(st.integers(0, 120_000))
)
def test_noise_decodes_the_same_in_chunks(fmt: UartFormat, edges: list[int], cuts: list[int]) -> None:
    noise = Waveform.from_edges({"RX": (1, sorted(set(edges)))}, 110_000, rate=round(fmt.baud * 97.3))
    whole = uart.decode(noise, "RX", fmt)
    decoder = UartDecoder("RX", fmt)
    bounds = sorted({0, 110_000, *(cut for cut in cuts if cut < 110_000)})
    parts = [decoder.feed(noise.slice(a, b)) for a, b in pairwise(bounds)]
    assert list(items.join([*parts, decoder.finish()]).dicts()) == list(whole.dicts())


def test_blocks_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    values = list(range(256)) * 4
    wave = line(values, UartFormat(115200))
    monkeypatch.setattr(uart, "_BLOCK", 37)
    assert uart.decode(wave, "RX", UartFormat(115200)).value.tolist() == values


@given(fmt=formats, edges=st.lists(st.integers(0, 5000), unique=True, max_size=200))
def test_long_frames_decode_as_those_with_a_table(fmt: UartFormat, edges: list[int]) -> None:
    noise = Waveform.from_edges({"RX": (1, sorted(edges))}, 6000, rate=round(fmt.baud * 9.7))
    tabled = uart.decode(noise, "RX", fmt)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uart, "_LONGEST_TABLE", 0)
        assert list(uart.decode(noise, "RX", fmt).dicts()) == list(tabled.dicts())


def test_framing_error_and_resynchronisation() -> None:
    # 0x55 with a low stop bit, then an idle bit, then 0xA5
    wave = levels("111" + "0101010100" + "11" + "0101001011" + "111")
    assert described(uart.decode(wave, "RX", UartFormat(100))) == [
        ("data", 0x55, "framing"),
        ("data", 0xA5, None),
    ]


def test_break_is_a_null_character_and_a_break() -> None:
    wave = levels("111" + "0" * 15 + "111" + "0101001011" + "111")
    assert described(uart.decode(wave, "RX", UartFormat(100))) == [
        ("data", 0, "framing"),
        ("break", None, "break"),
        ("data", 0xA5, None),
    ]
    found = uart.decode(wave, "RX", UartFormat(100)).where("break")
    assert (found.start.tolist(), found.end.tolist()) == ([30], [180])


def test_break_across_chunks() -> None:
    wave = levels("111" + "0" * 50 + "111")
    decoder = UartDecoder("RX", UartFormat(100))
    found = [decoder.feed(wave.slice(at, at + 100)).where("break") for at in range(0, 600, 100)]
    assert items.join(found).end.tolist() == [530]


def test_parity_error() -> None:
    wave = levels("11" + "0" + "10000000" + "0" + "1" + "11")
    assert described(uart.decode(wave, "RX", UartFormat(100, parity="even"))) == [("data", 1, "parity")]
    assert described(uart.decode(wave, "RX", UartFormat(100, parity="odd"))) == [("data", 1, None)]
    assert described(uart.decode(wave, "RX", UartFormat(100, parity="mark"))) == [("data", 1, "parity")]
    assert described(uart.decode(wave, "RX", UartFormat(100, parity="space"))) == [("data", 1, None)]


def test_short_second_stop_bit() -> None:
    one_stop = line([0x11, 0x22, 0x33], UartFormat(9600, stop=1))
    errors = [item["error"] for item in uart.decode(one_stop, "RX", UartFormat(9600, stop=2)).dicts()]
    assert errors == ["short stop", "short stop", None]


def test_glitch_is_a_false_start() -> None:
    samples = levels("1" * 5 + "0101001011" + "1111")
    wave = Waveform.from_edges(
        {"RX": (1, sorted([*samples.edges("RX").tolist(), 20, 22]))}, samples.span, rate=1000
    )
    assert described(uart.decode(wave, "RX", UartFormat(100))) == [
        ("start", None, "false start"),
        ("data", 0xA5, None),
    ]


def test_a_character_cut_off_at_the_end_is_not_decoded() -> None:
    assert len(uart.decode(levels("11" + "01010010"), "RX", UartFormat(100))) == 0


def test_too_few_samples_per_bit() -> None:
    with pytest.raises(UserError, match="too few"):
        uart.decode(levels("1"), "RX", UartFormat(900))


@pytest.mark.parametrize(
    "options", [{"baud": 0}, {"bits": 4}, {"bits": 10}, {"parity": "strange"}, {"stop": 3}]
)
def test_impossible_formats_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UserError):
        UartFormat(**{"baud": 9600, **options})  # type: ignore[arg-type]


def test_bytes_of_nine_bit_characters() -> None:
    fmt = UartFormat(9600, bits=9)
    assert uart.decode(line([0x1A5, 2], fmt), "RX", fmt).data(width=2) == b"\x01\xa5\x00\x02"
