import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.data import load_data
from benchctl.errors import NotEquippedError, UserError
from benchctl.flash.parameters import Parameters
from benchctl.flash.sfdp import AddressBytes, FourByteEntry, Sfdp, SfdpError
from benchctl.flash.timing import Duration
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.nor.sfdp import sfdp as virtual_sfdp

# The nine double words that the first JESD216 has, of a 256 Mbit chip.
BASIC = [
    0xFFFB20E5, 0x0FFFFFFF, 0x6B08EB44, 0xBB043B08, 0xFFFFFFFE,
    0xFF00FFFF, 0xEB44FFFF, 0x520F200C, 0xFF00D810,
]  # fmt: skip


def image(
    basic: list[int],
    four_byte: list[int] | None = None,
    revision: tuple[int, int] = (1, 6),
    map_: bool = False,
) -> bytes:
    tables = (
        [(0xFF00, basic)] + ([(0xFF84, four_byte)] if four_byte else []) + ([(0xFF81, [0])] if map_ else [])
    )
    major, minor = revision
    raw = b"SFDP" + bytes([minor, major, len(tables) - 1, 0xFF])
    content, at = b"", 8 + 8 * len(tables)
    for number, words in tables:
        raw += (
            bytes([number & 0xFF, minor, major, len(words)]) + at.to_bytes(3, "little") + bytes([number >> 8])
        )
        content += struct.pack(f"<{len(words)}I", *words)
        at += 4 * len(words)
    return raw + content


def read(raw: bytes) -> Sfdp | None:
    return Sfdp.read(lambda address, count: raw[address : address + count])


def must_read(raw: bytes) -> Sfdp:
    found = read(raw)
    assert found is not None
    return found


def test_first_revision_tells_no_times() -> None:
    sfdp = must_read(image(BASIC, revision=(1, 0)))
    assert sfdp.size == 32 << 20
    assert sfdp.address_bytes is AddressBytes.THREE_OR_FOUR
    assert [(e.size, e.opcode, e.time) for e in sfdp.erase_types] == [
        (0x1000, 0x20, None), (0x8000, 0x52, None), (0x10000, 0xD8, None),
    ]  # fmt: skip
    assert sfdp.page is None
    assert sfdp.chip_erase is None
    assert sfdp.fast_reads["1-4-4"].opcode == 0xEB
    assert (sfdp.fast_reads["1-4-4"].dummy_clocks, sfdp.fast_reads["1-4-4"].mode_clocks) == (4, 2)
    assert "2-2-2" not in sfdp.fast_reads
    assert sfdp.fast_reads["4-4-4"].opcode == 0xEB


def later_words(
    *, times: int = 0, program: int = 0x80, power: int = 0x4, quad: int = 0, reset: int = 0
) -> list[int]:
    """Double words 10 to 16, as JESD216A adds them."""
    return [times, program, 0x80000000, 0xFFFFFFFF, power, quad << 20, reset]


def test_times_of_revision_a() -> None:
    times = 5 | (7 | 1 << 5) << 4 | 22 << 11 | (13 | 2 << 5) << 18
    program = 1 | 9 << 4 | 26 << 8 | 1 << 13 | (11 | 1 << 5) << 24
    sfdp = must_read(image([*BASIC, *later_words(times=times, program=program)]))
    multiplier = 2 * (5 + 1)
    expected = [8 * 0.016, 23 * 0.001, 14 * 0.128]
    assert [e.time for e in sfdp.erase_types] == [
        Duration(pytest.approx(typical), pytest.approx(multiplier * typical)) for typical in expected
    ]
    assert sfdp.page == 512
    assert sfdp.page_program == Duration(pytest.approx(27 * 64e-6), pytest.approx(4 * 27 * 64e-6))
    assert sfdp.chip_erase == Duration(pytest.approx(12 * 0.256), pytest.approx(4 * 12 * 0.256))


def test_flags_of_revision_a() -> None:
    reset = 0b0010_0010 << 24 | 0b01 << 14 | 1 << 12
    sfdp = must_read(image([*BASIC, *later_words(quad=4, reset=reset)]))
    assert sfdp.quad_enable == 4
    assert sfdp.soft_reset
    assert sfdp.entries == {FourByteEntry.WRITE_ENABLE_B7, FourByteEntry.DEDICATED_INSTRUCTIONS}
    assert sfdp.exits == 1
    assert sfdp.status_polling
    assert not must_read(image([*BASIC, *later_words(power=0b10 << 2)])).status_polling


def test_four_byte_instructions() -> None:
    # Fast read, page program and erase types 1 and 3.
    table = [1 << 1 | 1 << 6 | 1 << 9 | 1 << 11, 0xFFDCFF21]
    sfdp = must_read(image([*BASIC, *later_words()], table))
    assert [e.opcode_4byte for e in sfdp.erase_types] == [0x21, None, 0xDC]
    parameters = Parameters.from_sfdp(sfdp)
    assert (parameters.addressing.width, parameters.addressing.fast_read) == (4, 0x0C)
    assert [(e.size, e.opcode) for e in parameters.erases] == [
        (0x1000, 0x21), (0x10000, 0xDC), (32 << 20, 0xC7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reset", "enter", "leave"),
    [
        (1 << 24 | 1 << 14, (b"\xb7",), (b"\xe9",)),
        (1 << 25 | 1 << 15, (b"\x06", b"\xb7"), (b"\x06", b"\xe9")),
        (1 << 30, (), ()),
    ],
)
def test_large_chips_without_instructions_of_their_own(
    reset: int, enter: tuple[bytes, ...], leave: tuple[bytes, ...]
) -> None:
    sfdp = must_read(image([*BASIC, *later_words(reset=reset)]))
    addressing = Parameters.from_sfdp(sfdp).addressing
    assert (addressing.width, addressing.fast_read) == (4, 0x0B)
    assert (addressing.enter, addressing.leave) == (enter, leave)


def test_what_the_driver_cannot_do_is_said() -> None:
    only_banks = must_read(image([*BASIC, *later_words(reset=1 << 27)]))
    with pytest.raises(NotEquippedError, match="4-byte addressing for this 32 MiB flash"):
        Parameters.from_sfdp(only_banks)
    flag_status = must_read(image([*BASIC, *later_words(power=0b10 << 2)]))
    with pytest.raises(NotEquippedError, match="flag status register"):
        Parameters.from_sfdp(flag_status)
    uneven = Parameters.from_sfdp(must_read(image([*BASIC, *later_words(reset=1 << 24)], map_=True)))
    with pytest.raises(UserError, match="sectors of this flash differ in size"):
        _ = uneven.sector


def test_density_by_exponent() -> None:
    words = [*BASIC]
    words[1] = 1 << 31 | 35
    assert must_read(image(words)).size == 4 << 30


def test_of_two_basic_tables_the_newer_counts() -> None:
    raw = bytearray(b"SFDP" + bytes([6, 1, 1, 0xFF]))
    old, new = [*BASIC], [*BASIC]
    new[1] = 0x07FFFFFF
    for minor, at in ((6, 24), (0, 60)):
        raw += bytes([0x00, minor, 1, 9]) + at.to_bytes(3, "little") + b"\xff"
    raw += struct.pack("<9I", *new) + struct.pack("<9I", *old)
    assert must_read(bytes(raw)).size == 16 << 20


@pytest.mark.parametrize("name", ["W25Q32JV", "W25Q128JV", "W25Q256JV", "MX25L12835F"])
def test_virtual_chips(name: str) -> None:
    chip = Chip.named(name)
    sfdp = must_read(virtual_sfdp(chip))
    assert sfdp.size == chip.size
    assert sfdp.quad_enable == chip.quad_enable
    spans = (chip.times.erase_4k, chip.times.erase_32k, chip.times.erase_64k)
    for erase, (typical_ns, maximum_ns) in zip(sfdp.erase_types, spans, strict=True):
        assert erase.time is not None
        assert typical_ns / 1e9 <= erase.time.typical_s * (1 + 1e-9)
        assert maximum_ns / 1e9 <= erase.time.maximum_s * (1 + 1e-9)


def test_none_and_damaged() -> None:
    assert read(b"\xff" * 256) is None
    assert read(b"") is None
    with pytest.raises(SfdpError, match="no basic flash parameter table"):
        read(b"SFDP" + bytes([6, 1, 0, 0xFF]) + bytes(16))
    with pytest.raises(SfdpError, match="has 3 double words"):
        read(image(BASIC[:3]))
    with pytest.raises(SfdpError, match="impossible density"):
        read(image([BASIC[0], 0x80000100, *BASIC[2:]]))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    for raw in (content, b"SFDP" + content):
        try:
            sfdp = read(raw)
        except SfdpError:
            continue
        assert sfdp is None or sfdp.size > 0


@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=9, max_size=23),
    st.lists(st.integers(0, 2**32 - 1), max_size=3),
)
def test_any_words_are_refused_or_usable(words: list[int], table: list[int]) -> None:
    try:
        sfdp = must_read(image(words, table))
    except SfdpError:
        return
    assert [e.size for e in sfdp.erase_types] == sorted(e.size for e in sfdp.erase_types)
    with contextlib.suppress(NotEquippedError):
        parameters = Parameters.from_sfdp(sfdp)
        assert all(e.size <= parameters.size for e in parameters.erases)
        assert all(0 <= e.opcode <= 0xFF for e in parameters.erases)


# Of a W25Q128, from the commit message of its entry in Linux' drivers/mtd/spi-nor/winbond.c (2023).
SILICON = bytes.fromhex(
    "53464450050100ff00050110800000ff" + "ff" * 112 + "e520f9ffffffff0744eb086b083b42bb"
    "feffffffffff0000ffff40eb0c200f5210d800003602a60082ea14c9e96376337a757a75f7a2d55c19f74dffe930f880"
)


def test_a_table_read_from_silicon() -> None:
    sfdp = Sfdp.read(lambda at, count: SILICON[at : at + count])
    assert (sfdp.size, sfdp.page, sfdp.address_bytes) == (1 << 24, 256, AddressBytes.THREE)
    assert [(e.size, e.opcode, e.time) for e in sfdp.erase_types] == [
        (0x1000, 0x20, Duration(0.064, 0.896)),
        (0x8000, 0x52, Duration(0.128, 1.792)),
        (0x10000, 0xD8, Duration(0.16, 2.24)),
    ]
    assert sfdp.chip_erase == Duration(40, 240)
    assert sfdp.page_program == Duration(704e-6, 4224e-6)
    assert sfdp.soft_reset


def test_the_virtual_chip_is_as_fast_as_the_silicon_says() -> None:
    """Its figures are from elsewhere; those of an SFDP are rounded up to coarse units."""
    sfdp = Sfdp.read(lambda at, count: SILICON[at : at + count])
    times = Chip.named("W25Q128JV").times
    spans = {times.erase_4k: sfdp.erase_types[0].time, times.erase_32k: sfdp.erase_types[1].time}
    spans |= {times.erase_64k: sfdp.erase_types[2].time, times.erase_chip: sfdp.chip_erase}
    spans |= {times.page: sfdp.page_program}
    for (typical, maximum), said in spans.items():
        assert said is not None
        assert said.typical_s / 1.5 <= typical / 1e9 <= said.typical_s
        assert maximum / 1e9 <= said.maximum_s


def test_every_time_of_a_part_without_sfdp_says_where_it_is_from() -> None:
    for row in load_data("benchctl.flash", "parts.yaml").values():
        assert set(row["sources"]) == {"page_ms", "erase", "chip_erase_s"}
        assert set(row["sources"].values()) <= {"x40", "as x40", "micron"}
