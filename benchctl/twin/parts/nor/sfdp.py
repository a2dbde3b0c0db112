"""SFDP of a chip: the JESD216 header and basic flash parameter table, made from the chip's description."""

import struct

from benchctl.twin.parts.nor.chip import Chip, Span

_TABLE_AT = 0x80
_REVISION = (1, 5)  # JESD216A: 16 double words
_WORDS = 16
_NS_PER_MS = 1_000_000


def sfdp(chip: Chip) -> bytes:
    """256 bytes as 5Ah reads them."""
    minor, major = _REVISION[1], _REVISION[0]
    header = b"SFDP" + bytes([minor, major, 0, 0xFF])
    parameter = bytes([0, minor, major, _WORDS]) + struct.pack("<I", _TABLE_AT)[:3] + b"\xff"
    table = struct.pack(f"<{_WORDS}I", *_basic_table(chip))
    return ((header + parameter).ljust(_TABLE_AT, b"\xff") + table).ljust(256, b"\xff")


def _basic_table(chip: Chip) -> list[int]:
    reads = chip.fast_reads
    four_byte = chip.size > 1 << 24
    present = [name in reads for name in ("1-1-2", "1-2-2", "1-4-4", "1-1-4")]
    first = (
        0b11100101  # 4 KiB erase, 64-byte or larger writes, non-volatile status bits
        | chip.opcodes["erase-4k"] << 8
        | present[0] << 16
        | four_byte << 17
        | present[1] << 20
        | present[2] << 21
        | present[3] << 22
        | 0xFF800000
    )
    return [
        first,
        chip.size * 8 - 1,
        _read(chip, "1-4-4") | _read(chip, "1-1-4") << 16,
        _read(chip, "1-1-2") | _read(chip, "1-2-2") << 16,
        0xFFFFFFEE,  # no 2-2-2, no 4-4-4
        0x0000FFFF,
        0x0000FFFF,
        _erase_type(12, chip.opcodes["erase-4k"]) | _erase_type(15, chip.opcodes["erase-32k"]) << 16,
        _erase_type(16, chip.opcodes["erase-64k"]),
        _erase_times(chip),
        _program_times(chip),
        0x80000000,  # suspend and resume are not supported
        0xFFFFFFFF,
        _power_down(chip),
        0xFF000000 | chip.quad_enable << 20,
        _resets(four_byte),
    ]


def _read(chip: Chip, name: str) -> int:
    if name not in chip.fast_reads:
        return 0
    opcode, dummy, mode = chip.fast_reads[name]
    return dummy | mode << 5 | opcode << 8


def _erase_type(exponent: int, opcode: int) -> int:
    return exponent | opcode << 8


def _count_and_unit(value: float, units: tuple[int, ...], bits: int) -> tuple[int, int]:
    """`value` as (count, unit index) with value <= (count + 1) * unit, in the smallest unit it fits."""
    for index, unit in enumerate(units):
        count = max(-(-int(value) // unit) - 1, 0)
        if count < 1 << bits:
            return count, index
    return (1 << bits) - 1, len(units) - 1


def _multiplier(*spans: Span) -> int:
    """The n with maximum <= 2 * (n + 1) * typical, for the worst of the spans."""
    return min(max(-(-maximum // (2 * typical)) - 1 for typical, maximum in spans), 15)


def _erase_times(chip: Chip) -> int:
    times = chip.times
    word = _multiplier(times.erase_4k, times.erase_32k, times.erase_64k)
    for shift, span in ((4, times.erase_4k), (11, times.erase_32k), (18, times.erase_64k)):
        units = (_NS_PER_MS, 16 * _NS_PER_MS, 128 * _NS_PER_MS, 1000 * _NS_PER_MS)
        count, unit = _count_and_unit(span[0], units, 5)
        word |= (count | unit << 5) << shift
    return word


def _program_times(chip: Chip) -> int:
    times = chip.times
    page, page_unit = _count_and_unit(times.page[0], (8_000, 64_000), 5)
    first, first_unit = _count_and_unit(times.first_byte[0], (1_000, 8_000), 4)
    after, after_unit = _count_and_unit(times.next_byte[0], (1_000, 8_000), 4)
    erase_units = tuple(n * _NS_PER_MS for n in (16, 256, 4_000, 64_000))
    erase, erase_unit = _count_and_unit(times.erase_chip[0], erase_units, 5)
    return (
        _multiplier(times.page)
        | 8 << 4  # pages of 2**8 bytes
        | page << 8
        | page_unit << 13
        | first << 14
        | first_unit << 18
        | after << 19
        | after_unit << 23
        | erase << 24
        | erase_unit << 29
        | 1 << 31
    )


def _power_down(chip: Chip) -> int:
    count, unit = _count_and_unit(chip.times.release[1], (128, 1_000, 8_000, 64_000), 5)
    busy_by_status = 1 << 2
    return (
        0b11
        | busy_by_status
        | count << 8
        | unit << 13
        | chip.opcodes["release-power-down"] << 15
        | chip.opcodes["power-down"] << 23
    )


def _resets(four_byte: bool) -> int:
    soft_reset = 1 << 4 << 8  # 66h then 99h
    enter = exit_ = 0
    if four_byte:
        enter = 0b0100001  # B7h; dedicated 4-byte opcodes
        exit_ = 0b0001  # E9h
    return 0b0000001 | soft_reset | exit_ << 14 | enter << 24
