from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import items, sampling, spi
from benchctl.capture.encode import SpiPattern
from benchctl.capture.items import Items
from benchctl.capture.spi import SpiDecoder, SpiFormat
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

formats = st.builds(
    SpiFormat,
    mode=st.integers(0, 3),
    bits=st.integers(4, 16),
    lsb_first=st.booleans(),
    cs_active_high=st.booleans(),
)


def decode(wave: Waveform, fmt: SpiFormat, *, cs: bool = True) -> Items:
    return spi.decode(wave, "clk", "mosi", "miso", "cs" if cs else None, fmt)


def values(result: Items, channel: str) -> list[int]:
    found: list[int] = result.where("data", channel=channel).value.tolist()
    return found


@given(fmt=formats, data=st.data(), cs=st.booleans())
def test_random_traffic_survives_sampling(fmt: SpiFormat, data: st.DataObject, cs: bool) -> None:
    word = st.integers(0, (1 << fmt.bits) - 1)
    transfers = data.draw(st.lists(st.lists(st.tuples(word, word), max_size=6), max_size=4))
    pattern = SpiPattern(fmt)
    for transfer in transfers:
        pattern.select(True)
        for mosi, miso in transfer:
            pattern.word(mosi, miso)
        pattern.select(False)
    rate = data.draw(st.integers(41, 400)) * 1_000_000  # the clock is 10 MHz
    drawn = pattern.waveform()
    seen = Waveform.from_samples(sampling.sample(drawn, rate), drawn.names, rate)
    result = decode(seen, fmt, cs=cs)
    assert values(result, "mosi") == [mosi for transfer in transfers for mosi, _ in transfer]
    assert values(result, "miso") == [miso for transfer in transfers for _, miso in transfer]
    assert not result.error.any()
    assert len(result.where("select")) == (len(transfers) if cs else 0)


@given(
    fmt=formats,
    edges=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 999)), max_size=300),
    cuts=st.lists(st.integers(1, 999)),
    cs=st.booleans(),
)
def test_noise_decodes_the_same_in_chunks(
    fmt: SpiFormat, edges: list[tuple[int, int]], cuts: list[int], cs: bool
) -> None:
    names = ("clk", "mosi", "miso", "cs")
    channels = {name: (0, sorted({at for n, at in edges if n == bit})) for bit, name in enumerate(names)}
    noise = Waveform.from_edges(channels, 1000)
    decoder = SpiDecoder("clk", "mosi", "miso", "cs" if cs else None, fmt)
    parts = [decoder.feed(noise.slice(a, b)) for a, b in pairwise(sorted({0, 1000, *cuts}))]
    whole = decode(noise, fmt, cs=cs)
    assert list(items.join([*parts, decoder.finish()]).dicts()) == list(whole.dicts())


def test_word_cut_short_by_chip_select() -> None:
    pattern = SpiPattern(SpiFormat())
    pattern.select(True)
    pattern.word(0x9F, 0xC2)
    for _ in range(3):
        pattern.bit(1, 1)
    pattern.select(False)
    pattern.select(True)
    pattern.word(0x05, 0x01)
    pattern.select(False)
    result = decode(pattern.waveform(), SpiFormat())
    kinds = [(i["kind"], i["channel"], i["value"], i["error"]) for i in result.dicts()]
    assert kinds == [
        ("select", "cs", None, None),
        ("data", "mosi", 0x9F, None),
        ("data", "miso", 0xC2, None),
        ("partial", "clk", None, "incomplete word"),
        ("deselect", "cs", None, None),
        ("select", "cs", None, None),
        ("data", "mosi", 0x05, None),
        ("data", "miso", 0x01, None),
        ("deselect", "cs", None, None),
    ]


def test_clocks_while_not_selected_do_not_count() -> None:
    pattern = SpiPattern(SpiFormat())
    pattern.word(0xFF)
    pattern.select(True)
    pattern.word(0x12)
    assert values(decode(pattern.waveform(), SpiFormat()), "mosi") == [0x12]


def test_word_lasts_from_its_first_sampling_edge_to_a_bit_after_its_last() -> None:
    pattern = SpiPattern(SpiFormat(), quarter=10)
    pattern.word(0xA5)
    found = decode(pattern.waveform(), SpiFormat(), cs=False).where("data", channel="mosi")
    assert (found.start.tolist(), found.end.tolist()) == ([100], [100 + 8 * 40])


@pytest.mark.parametrize("options", [{"mode": 4}, {"bits": 3}, {"bits": 17}])
def test_impossible_formats_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UserError):
        SpiFormat(**options)  # type: ignore[arg-type]


def test_a_data_line_is_needed() -> None:
    with pytest.raises(UserError, match="no data line"):
        SpiDecoder("clk", None, None, None)
