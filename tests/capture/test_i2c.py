from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import i2c, items, sampling
from benchctl.capture.encode import I2cPattern
from benchctl.capture.i2c import I2cDecoder
from benchctl.capture.items import Items
from benchctl.capture.waveform import Waveform


def decode(wave: Waveform) -> Items:
    return i2c.decode(wave, "scl", "sda")


def described(result: Items) -> list[str]:
    """Each item in short: its kind, value and error."""
    text = []
    for item in result.dicts():
        value = "" if item["value"] is None else f" {item['value']:x}"
        text.append(f"{item['kind']}{value}{' ! ' + item['error'] if item['error'] else ''}")
    return text


transfers = st.lists(
    st.tuples(
        st.integers(0, 0x77),
        st.booleans(),
        st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=5),
        st.booleans(),
    ),
    max_size=5,
)


@given(transfers=transfers, stretch=st.integers(0, 50_000), mhz=st.integers(1, 24))
def test_random_traffic_survives_sampling(
    transfers: list[tuple[int, bool, list[tuple[int, bool]], bool]], stretch: int, mhz: int
) -> None:
    pattern = I2cPattern()
    expected = []
    busy = False
    for address, read, data, stop in transfers:
        pattern.start()
        pattern.byte(address << 1 | read)
        way = "read" if read else "write"
        expected += ["repeated start" if busy else "start", f"address {way} {address:x}", "ack"]
        for value, nack in data:
            pattern.byte(value, nack=nack, stretch=stretch)
            refusal = "nack" if read else "nack ! nack"
            expected += [f"data {way} {value:x}", refusal if nack else "ack"]
        if stop:
            pattern.stop()
            expected.append("stop")
        busy = not stop
    drawn = pattern.waveform()
    rate = mhz * 1_000_000
    seen = Waveform.from_samples(sampling.sample(drawn, rate), drawn.names, rate)
    assert described(decode(seen)) == expected


@given(
    edges=st.lists(st.tuples(st.booleans(), st.integers(0, 999)), max_size=300),
    cuts=st.lists(st.integers(1, 999)),
)
def test_noise_decodes_the_same_in_chunks(edges: list[tuple[bool, int]], cuts: list[int]) -> None:
    channels = {
        name: (1, sorted({at for sda, at in edges if sda == bit})) for bit, name in enumerate(("scl", "sda"))
    }
    noise = Waveform.from_edges(channels, 1000)
    decoder = I2cDecoder("scl", "sda")
    parts = [decoder.feed(noise.slice(a, b)) for a, b in pairwise(sorted({0, 1000, *cuts}))]
    assert list(items.join([*parts, decoder.finish()]).dicts()) == list(decode(noise).dicts())


@given(data=st.binary(max_size=12), read=st.booleans(), cuts=st.lists(st.integers(1, 2000)))
def test_a_transfer_survives_chunks(data: bytes, read: bool, cuts: list[int]) -> None:
    pattern = I2cPattern(quarter=4)
    pattern.start()
    pattern.byte(0x50 << 1 | read)
    for value in data:
        pattern.byte(value)
    pattern.stop()
    wave = pattern.waveform()
    bounds = sorted({0, wave.span, *(cut for cut in cuts if cut < wave.span)})
    decoder = I2cDecoder("scl", "sda")
    parts = [decoder.feed(wave.slice(a, b)) for a, b in pairwise(bounds)]
    result = items.join([*parts, decoder.finish()])
    assert result.data("data read" if read else "data write") == data
    assert list(result.dicts()) == list(decode(wave).dicts())


def test_ten_bit_address() -> None:
    pattern = I2cPattern()
    pattern.start()
    pattern.byte(0b11110_10_0)
    pattern.byte(0xA5)
    pattern.byte(0x11)
    pattern.start()
    pattern.byte(0b11110_10_1)
    pattern.byte(0x22, nack=True)
    pattern.stop()
    assert described(decode(pattern.waveform())) == [
        "start",
        "address write 7a",
        "ack",
        "address low 2a5",
        "ack",
        "data write 11",
        "ack",
        "repeated start",
        "address read 7a",
        "ack",
        "data read 22",
        "nack",
        "stop",
    ]


def test_refused_address() -> None:
    pattern = I2cPattern()
    pattern.start()
    pattern.byte(0x50 << 1, nack=True)
    pattern.stop()
    assert described(decode(pattern.waveform())) == ["start", "address write 50", "nack ! nack", "stop"]


def test_stop_within_a_byte_is_a_bus_error() -> None:
    pattern = I2cPattern()
    pattern.start()
    pattern.byte(0x50 << 1)
    for level in (1, 0, 1):
        pattern.bit(level)
    pattern.stop()
    pattern.start()
    pattern.byte(0x51 << 1)
    pattern.stop()
    assert described(decode(pattern.waveform())) == [
        "start",
        "address write 50",
        "ack",
        "partial ! bus error",
        "stop",
        "start",
        "address write 51",
        "ack",
        "stop",
    ]


def test_start_and_stop_without_a_byte() -> None:
    pattern = I2cPattern()
    pattern.start()
    pattern.stop()
    pattern.start()
    pattern.byte(0xA0)
    pattern.stop()
    assert described(decode(pattern.waveform())) == [
        "start",
        "stop",
        "start",
        "address write 50",
        "ack",
        "stop",
    ]


def test_byte_without_acknowledge_bit_at_the_end() -> None:
    pattern = I2cPattern()
    pattern.start()
    for level in (1, 0, 1, 0, 0, 0, 0, 0):
        pattern.bit(level)
    assert described(decode(pattern.waveform())) == ["start", "address write 50 ! no acknowledge bit"]


def test_clock_before_any_start_is_ignored() -> None:
    pattern = I2cPattern()
    for _ in range(9):
        pattern.bit(1)
    pattern.start()
    pattern.byte(0xA1)
    assert described(decode(pattern.waveform())) == ["start", "address read 50", "ack"]
