"""Serial Flash Discoverable Parameters (JESD216 to JESD216D): what a chip says about itself to 5Ah.

Understood are the basic flash parameter table of every revision, the 4-byte address instruction table, and
the presence of a sector map. Numbers of double words in comments are those of the standard, from 1.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from benchctl.errors import BenchError
from benchctl.flash.timing import Duration

Fetch = Callable[[int, int], bytes]
"""Reads (address, count) of the SFDP space; may return less at its end."""

_BASIC, _FOUR_BYTE, _SECTOR_MAP = 0xFF00, 0xFF84, 0xFF81
_BASIC_WORDS_MIN = 9
_WORDS_MAX = 64
_MS, _US = 1e-3, 1e-6


class SfdpError(BenchError):
    """The SFDP of a chip contradicts the standard."""


class AddressBytes(Enum):
    """How many address bytes the chip takes (double word 1, bits 18:17)."""

    THREE = 0
    THREE_OR_FOUR = 1
    FOUR = 2


class FourByteEntry(Enum):
    """Ways into 4-byte addressing (double word 16, bits 31:24), by bit number there."""

    B7 = 0
    WRITE_ENABLE_B7 = 1
    EXTENDED_ADDRESS_REGISTER = 2
    BANK_REGISTER = 3
    CONFIGURATION_REGISTER = 4
    DEDICATED_INSTRUCTIONS = 5
    ALWAYS = 6


@dataclass(frozen=True)
class FastRead:
    """One fast read instruction: dummy clocks and mode clocks after the address."""

    opcode: int
    dummy_clocks: int
    mode_clocks: int


@dataclass(frozen=True)
class EraseType:
    """One erase instruction: `size` in bytes. Times are None before JESD216A, `opcode_4byte` without one."""

    number: int
    size: int
    opcode: int
    time: Duration | None = None
    opcode_4byte: int | None = None


@dataclass(frozen=True)
class Sfdp:
    """What the tables say; a None is something this revision of the standard does not tell.

    Attributes:
        revision: of the basic table, (major, minor).
        size: bytes.
        page: bytes of a page program.
        erase_types: by size, smallest first.
        chip_erase, page_program: their times.
        fast_reads: by JESD216 name, such as "1-4-4".
        four_byte_reads: the 4-byte instructions for plain reads, as bits of FF84h; None without that table.
        entries, exits: ways into and out of 4-byte addressing; exits are the raw bits 23:14.
        quad_enable: where the quad enable bit is (bits 22:20 of double word 15).
        soft_reset: 66h then 99h resets.
        status_polling: bit 0 of status register 1 tells that the chip is busy.
        sector_map: sectors differ in size over the chip.
    """

    revision: tuple[int, int]
    size: int
    page: int | None
    address_bytes: AddressBytes
    erase_types: tuple[EraseType, ...]
    chip_erase: Duration | None
    page_program: Duration | None
    fast_reads: Mapping[str, FastRead]
    four_byte_reads: int | None
    entries: frozenset[FourByteEntry]
    exits: int
    quad_enable: int | None
    soft_reset: bool
    status_polling: bool
    sector_map: bool

    @staticmethod
    def read(fetch: Fetch) -> "Sfdp | None":
        """Read and parse; None when the chip has no SFDP.

        Raises:
            SfdpError: there is one and it is damaged.
        """
        header = fetch(0, 8)
        if header[:4] != b"SFDP" or len(header) < 8:
            return None
        tables = _tables(fetch, header[6] + 1)
        basic = tables.get(_BASIC)
        if basic is None:
            raise SfdpError("the SFDP has no basic flash parameter table", "treat the chip as one without")
        return _parse(basic, tables.get(_FOUR_BYTE), _SECTOR_MAP in tables)


@dataclass(frozen=True)
class _Table:
    revision: tuple[int, int]
    words: tuple[int, ...]

    def word(self, number: int) -> int | None:
        """Double word by the standard's number; None when the table ends before it."""
        return self.words[number - 1] if number <= len(self.words) else None


def _tables(fetch: Fetch, count: int) -> Mapping[int, _Table]:
    """Tables by id; of several with one id the newest revision counts."""
    found: dict[int, _Table] = {}
    raw = fetch(8, 8 * count)
    for at in range(0, len(raw) - 7, 8):
        low, minor, major, words = raw[at : at + 4]
        pointer, high = int.from_bytes(raw[at + 4 : at + 7], "little"), raw[at + 7]
        number, revision = high << 8 | low, (major, minor)
        if number not in (_BASIC, _FOUR_BYTE, _SECTOR_MAP):
            continue
        if number in found and found[number].revision >= revision:
            continue
        content = fetch(pointer, 4 * min(words, _WORDS_MAX))
        whole = len(content) // 4
        found[number] = _Table(revision, struct.unpack(f"<{whole}I", content[: 4 * whole]))
    return found


def _parse(basic: _Table, four_byte: _Table | None, sector_map: bool) -> Sfdp:
    if len(basic.words) < _BASIC_WORDS_MIN:
        raise SfdpError(
            f"the basic flash parameter table has {len(basic.words)} double words, and needs "
            f"{_BASIC_WORDS_MIN}",
            "treat the chip as one without SFDP",
        )
    first, program, reset = basic.words[0], basic.word(11), basic.word(16)
    four_byte = four_byte if four_byte and len(four_byte.words) >= 2 else None
    return Sfdp(
        revision=basic.revision,
        size=_size(basic.words[1]),
        page=None if program is None else 1 << (program >> 4 & 0xF),
        address_bytes=_address_bytes(first),
        erase_types=_erase_types(basic, four_byte),
        chip_erase=None if program is None else _chip_erase(program),
        page_program=None if program is None else _page_program(program),
        fast_reads=_fast_reads(basic),
        four_byte_reads=four_byte.words[0] if four_byte else None,
        entries=frozenset(e for e in FourByteEntry if reset is not None and reset >> 24 >> e.value & 1),
        exits=0 if reset is None else reset >> 14 & 0x3FF,
        quad_enable=_bits(basic.word(15), 20, 3),
        soft_reset=reset is not None and bool(reset >> 12 & 1),
        status_polling=_status_polling(basic.word(14)),
        sector_map=sector_map,
    )


def _bits(word: int | None, shift: int, count: int) -> int | None:
    return None if word is None else word >> shift & (1 << count) - 1


def _size(density: int) -> int:
    """Double word 2: bits minus one, or with bit 31 the exponent of the number of bits."""
    if not density >> 31:
        bits = density + 1
    elif density & 0x7FFFFFFF <= 40:
        bits = 1 << (density & 0x7FFFFFFF)
    else:
        bits = 0
    if bits < 8 or bits % 8:
        raise SfdpError(f"the SFDP gives an impossible density ({density:08X}h)", "name the part by hand")
    return bits // 8


def _address_bytes(first: int) -> AddressBytes:
    code = first >> 17 & 3
    return AddressBytes(code) if code < 3 else AddressBytes.THREE


def _erase_types(basic: _Table, four_byte: _Table | None) -> tuple[EraseType, ...]:
    times = basic.word(10)
    found = []
    for number in range(1, 5):
        half = basic.words[7 + (number - 1) // 2] >> 16 * ((number - 1) % 2)
        exponent, opcode = half & 0xFF, half >> 8 & 0xFF
        if not 0 < exponent < 32:
            continue
        extended = None
        if four_byte and four_byte.words[0] >> (8 + number) & 1:
            extended = four_byte.words[1] >> 8 * (number - 1) & 0xFF
        time = None if times is None else _erase_time(times, number)
        found.append(EraseType(number, 1 << exponent, opcode, time, extended))
    return tuple(sorted(found, key=lambda erase: erase.size))


def _erase_time(times: int, number: int) -> Duration:
    field = times >> (4 + 7 * (number - 1))
    unit = (1 * _MS, 16 * _MS, 128 * _MS, 1.0)[field >> 5 & 3]
    return _duration((field & 0x1F) + 1, unit, times & 0xF)


def _chip_erase(program: int) -> Duration:
    unit = (16 * _MS, 256 * _MS, 4.0, 64.0)[program >> 29 & 3]
    return _duration((program >> 24 & 0x1F) + 1, unit, program & 0xF)


def _page_program(program: int) -> Duration:
    unit = 64 * _US if program >> 13 & 1 else 8 * _US
    return _duration((program >> 8 & 0x1F) + 1, unit, program & 0xF)


def _duration(count: int, unit_s: float, multiplier: int) -> Duration:
    typical = count * unit_s
    return Duration(typical, 2 * (multiplier + 1) * typical)


def _fast_reads(basic: _Table) -> Mapping[str, FastRead]:
    first = basic.words[0]
    rows = (
        ("1-4-4", first >> 21, 3, 0), ("1-1-4", first >> 22, 3, 16),
        ("1-1-2", first >> 16, 4, 0), ("1-2-2", first >> 20, 4, 16),
        ("2-2-2", basic.words[4], 6, 16), ("4-4-4", basic.words[4] >> 4, 7, 16),
    )  # fmt: skip
    reads = {}
    for name, present, number, shift in rows:
        field = basic.words[number - 1] >> shift
        if present & 1:
            reads[name] = FastRead(field >> 8 & 0xFF, field & 0x1F, field >> 5 & 7)
    return reads


def _status_polling(power: int | None) -> bool:
    """Double word 14: unless it says that only the flag status register (70h) tells."""
    polling = _bits(power, 2, 6)
    return polling is None or bool(polling & 1) or not polling & 2
