"""SPI NOR commands and 24xx EEPROM accesses."""

from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import eeprom, i2c, spi, spi_nor
from benchctl.capture.encode import I2cPattern, SpiPattern
from benchctl.capture.spi import SpiFormat
from benchctl.capture.waveform import Waveform


def nor(*transfers: tuple[str, str]) -> list[spi_nor.Command]:
    """Commands in transfers of (MOSI, MISO) in hexadecimal; MISO starts after what MOSI says."""
    pattern = SpiPattern(SpiFormat())
    for sent, got in transfers:
        mosi = bytes.fromhex(sent) + bytes(len(got) // 2)
        miso = bytes(len(sent) // 2) + bytes.fromhex(got)
        pattern.select(True)
        for out, back in zip(mosi, miso, strict=True):
            pattern.word(out, back)
        pattern.select(False)
    return spi_nor.commands(spi.decode(pattern.waveform(), "clk", "mosi", "miso", "cs"))


def test_nor_commands() -> None:
    found = nor(
        ("9f", "c22018"),
        ("03001000", "deadbeef"),
        ("0b00200000", "11"),
        ("06", ""),
        ("02000100aabb", ""),
        ("05", "0300"),
        ("d8010000", ""),
    )
    assert [(c.name, c.address, c.data.hex(), c.error) for c in found] == [
        ("read JEDEC ID", None, "c22018", ""),
        ("read", 0x1000, "deadbeef", ""),
        ("fast read", 0x2000, "11", ""),
        ("write enable", None, "", ""),
        ("page program", 0x100, "aabb", ""),
        ("read status", None, "0300", ""),
        ("block erase", 0x10000, "", ""),
    ]
    assert found[1].item()["kind"] == "read 0x001000"


def test_nor_four_byte_mode() -> None:
    found = nor(("b7", ""), ("0301000000", "55"), ("5a000000", "00ff"), ("e9", ""), ("03000001", "66"))
    assert [(c.address, c.data.hex()) for c in found] == [
        (None, ""),
        (0x1000000, "55"),
        (0, "ff"),
        (None, ""),
        (1, "66"),
    ]


def test_nor_cut_short_and_unknown() -> None:
    found = nor(("0300", ""), ("", ""), ("77aa", ""), ("ab", ""))
    assert [(c.opcode, c.error) for c in found] == [
        (3, "incomplete"),
        (-1, "incomplete"),
        (0x77, "unknown opcode"),
        (0xAB, ""),
    ]


def test_nor_chunk_by_chunk() -> None:
    pattern = SpiPattern(SpiFormat())
    for sent in (b"\x9f\0\0\0", b"\x06", b"\x02\0\1\0abc"):
        pattern.select(True)
        for out in sent:
            pattern.word(out, out ^ 0xFF)
        pattern.select(False)
    wave = pattern.waveform()
    whole = spi_nor.commands(spi.decode(wave, "clk", "mosi", "miso", "cs"))
    for size in (97, 700, 3000):
        decoder = spi_nor.NorDecoder("clk", "mosi", "miso", "cs")
        pieces = [wave.slice(at, min(at + size, wave.end)) for at in range(0, wave.end, size)]
        assert [c for piece in pieces for c in decoder.feed(piece)] + decoder.finish() == whole


def test_nor_partial_byte() -> None:
    pattern = SpiPattern(SpiFormat())
    pattern.select(True)
    pattern.word(0x06)
    pattern.bit(1, 1)
    pattern.select(False)
    (found,) = spi_nor.commands(spi.decode(pattern.waveform(), "clk", "mosi", "miso", "cs"))
    assert (found.name, found.error) == ("write enable", "partial byte")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2000)), max_size=400))
def test_nor_noise(edges: list[tuple[int, int]]) -> None:
    channels = {
        name: (0, sorted({at for n, at in edges if n == bit}))
        for bit, name in enumerate(("clk", "mosi", "miso", "cs"))
    }
    words = spi.decode(Waveform.from_edges(channels, 2001), "clk", "mosi", "miso", "cs")
    for command in spi_nor.commands(words):
        assert command.end_ns >= command.start_ns


def transfer(pattern: I2cPattern, data: str, *, refused: bool = False) -> None:
    pattern.start()
    octets = bytes.fromhex(data)
    for place, value in enumerate(octets):
        last_read = octets[0] & 1 and place == len(octets) - 1 and place > 0
        pattern.byte(value, nack=bool(last_read) or refused)


def test_eeprom_accesses() -> None:
    pattern = I2cPattern()
    transfer(pattern, "a0012011223344")
    pattern.stop()
    transfer(pattern, "a0", refused=True)
    pattern.stop()
    transfer(pattern, "a00120")
    transfer(pattern, "a11122")
    pattern.stop()
    transfer(pattern, "a133")
    pattern.stop()
    transfer(pattern, "78ff")
    pattern.stop()
    transfer(pattern, "a00040")
    pattern.stop()
    found = eeprom.accesses(i2c.decode(pattern.waveform(), "scl", "sda"))
    assert [(a.device, a.kind, a.address, a.data.hex(), a.error) for a in found] == [
        (0x50, "write", 0x120, "11223344", ""),
        (0x50, "poll", None, "", "nack"),
        (0x50, "read", 0x120, "1122", ""),
        (0x50, "current read", None, "33", ""),
        (0x50, "set address", 0x40, "", ""),
    ]
    assert found[0].item()["kind"] == "write 0x0120"


def test_small_eeprom_has_address_bits_in_its_control_byte() -> None:
    pattern = I2cPattern()
    transfer(pattern, "a620aa")
    pattern.stop()
    (found,) = eeprom.accesses(i2c.decode(pattern.waveform(), "scl", "sda"), address_bytes=1)
    assert (found.address, found.data) == (0x320, b"\xaa")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2000)), max_size=400))
def test_eeprom_noise(edges: list[tuple[bool, int]]) -> None:
    channels = {
        name: (1, sorted({at for sda, at in edges if sda == bit})) for bit, name in enumerate(("scl", "sda"))
    }
    for access in eeprom.accesses(i2c.decode(Waveform.from_edges(channels, 2001), "scl", "sda")):
        assert 0x50 <= access.device <= 0x57
