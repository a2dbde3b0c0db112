"""What one has to know to read, program and erase a chip: from its SFDP, or from parts.yaml without one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from benchctl.errors import NotEquippedError, UserError
from benchctl.flash.jedec import JedecId
from benchctl.flash.sfdp import AddressBytes, FourByteEntry, Sfdp
from benchctl.flash.timing import Duration

_PAGE = 256
_THREE_BYTE_LIMIT = 1 << 24
_FAST_READ, _FAST_READ_4BYTE, _PROGRAM, _PROGRAM_4BYTE = 0x0B, 0x0C, 0x02, 0x12
_DEDICATED_ERASES = {0x1000: 0x21, 0x10000: 0xDC}
_TABLE_FAST_READ, _TABLE_PROGRAM = 1 << 1, 1 << 6  # bits of the first double word of FF84h
_WRITE_ENABLE, _B7, _E9 = b"\x06", b"\xb7", b"\xe9"
_EXIT_WRITE_ENABLE_E9 = 1 << 1

# JESD216 before revision A gives no times: these are longer than what chips of its day take, the erase for
# blocks up to 64 KiB.
_SLOW_PROGRAM = Duration(1e-3, 10e-3)
_SLOW_ERASE = Duration(1.0, 6.0)


@dataclass(frozen=True)
class Erase:
    """An instruction that erases an aligned block of `size` bytes; the whole chip without an address."""

    size: int
    opcode: int
    time: Duration
    whole_chip: bool = False


@dataclass(frozen=True)
class Addressing:
    """How addresses are sent. `enter` and `leave` are commands around all that uses them."""

    width: int = 3
    fast_read: int = _FAST_READ
    program: int = _PROGRAM
    enter: tuple[bytes, ...] = ()
    leave: tuple[bytes, ...] = ()


_DEDICATED = Addressing(4, _FAST_READ_4BYTE, _PROGRAM_4BYTE)


@dataclass(frozen=True)
class Parameters:
    """Everything the driver needs.

    Attributes:
        name: the part, "" where only SFDP is known.
        source: where this comes from, for people.
        size: bytes.
        page: bytes of a page program.
        erases: smallest first, the whole chip last. Empty where sectors differ in size.
        program: time of a page program.
        soft_reset: 66h then 99h resets the chip.
    """

    name: str
    source: str
    size: int
    page: int
    erases: tuple[Erase, ...]
    program: Duration
    addressing: Addressing
    soft_reset: bool = False

    @property
    def sector(self) -> int:
        """The smallest block that can be erased, in bytes.

        Raises:
            UserError: the sectors differ in size.
        """
        if not self.erases:
            raise UserError(
                "the sectors of this flash differ in size, which benchctl cannot erase or write",
                "use flashrom through `benchctl serve serprog`",
            )
        return self.erases[0].size

    @staticmethod
    def from_sfdp(sfdp: Sfdp) -> "Parameters":
        """What the tables say.

        Raises:
            NotEquippedError: the chip needs a way of addressing or polling that this driver does not have.
        """
        if not sfdp.status_polling:
            raise NotEquippedError(
                "way to see when this flash is busy: it tells by its flag status register only (70h)",
                "use flashrom through `benchctl serve serprog`",
            )
        addressing, opcodes = _addressing(sfdp)
        slow = _scaled(_SLOW_ERASE, max(sfdp.size / 0x10000, 1))
        erases = [
            Erase(erase.size, opcodes[erase.size], erase.time or _SLOW_ERASE)
            for erase in sfdp.erase_types
            if erase.size in opcodes and erase.size < sfdp.size
        ]
        return Parameters(
            name="",
            source=f"SFDP {sfdp.revision[0]}.{sfdp.revision[1]}",
            size=sfdp.size,
            page=sfdp.page or _PAGE,
            erases=() if sfdp.sector_map else (*erases, _whole(sfdp.size, sfdp.chip_erase or slow)),
            program=sfdp.page_program or _SLOW_PROGRAM,
            addressing=addressing,
            soft_reset=sfdp.soft_reset,
        )

    @staticmethod
    def of_part(identity: JedecId) -> "Parameters":
        """What parts.yaml says.

        Raises:
            NotEquippedError: it does not have this part.
        """
        row = _parts().get(f"{identity.number:06X}")
        if row is None or identity.bank:
            raise NotEquippedError(
                f"description of the {identity.maker} flash {identity}, which has no SFDP",
                "add the part to benchctl/flash/parts.yaml from its data sheet",
            )
        erases = [Erase(size, erase["opcode"], _ms(erase["ms"])) for size, erase in row["erase"].items()]
        whole = _whole(row["bytes"], Duration(*row["chip_erase_s"]))
        return Parameters(
            row["name"],
            "parts.yaml",
            row["bytes"],
            _PAGE,
            (*erases, whole),
            _ms(row["page_ms"]),
            Addressing(),
        )


def _addressing(sfdp: Sfdp) -> tuple[Addressing, Mapping[int, int]]:
    """How to address, and the erase opcodes that go with it by block size."""
    usual = {erase.size: erase.opcode for erase in sfdp.erase_types}
    if sfdp.size <= _THREE_BYTE_LIMIT and sfdp.address_bytes is not AddressBytes.FOUR:
        return Addressing(), usual
    if sfdp.address_bytes is AddressBytes.FOUR or FourByteEntry.ALWAYS in sfdp.entries:
        return Addressing(4), usual
    bits = sfdp.four_byte_reads
    if bits is not None and bits & _TABLE_FAST_READ and bits & _TABLE_PROGRAM:
        listed = {e.size: e.opcode_4byte for e in sfdp.erase_types if e.opcode_4byte is not None}
        return _DEDICATED, listed
    if FourByteEntry.DEDICATED_INSTRUCTIONS in sfdp.entries:
        return _DEDICATED, {size: _DEDICATED_ERASES[size] for size in usual if size in _DEDICATED_ERASES}
    leave = (_WRITE_ENABLE, _E9) if sfdp.exits & _EXIT_WRITE_ENABLE_E9 else (_E9,)
    if FourByteEntry.B7 in sfdp.entries:
        return Addressing(4, enter=(_B7,), leave=leave), usual
    if FourByteEntry.WRITE_ENABLE_B7 in sfdp.entries:
        return Addressing(4, enter=(_WRITE_ENABLE, _B7), leave=leave), usual
    raise NotEquippedError(
        f"4-byte addressing for this {sfdp.size >> 20} MiB flash that benchctl knows",
        "read its first 16 MiB through `benchctl serve serprog`",
    )


def _whole(size: int, time: Duration) -> Erase:
    return Erase(size, 0xC7, time, whole_chip=True)


def _scaled(time: Duration, factor: float) -> Duration:
    return Duration(time.typical_s * factor, time.maximum_s * factor)


def _ms(span: list[float]) -> Duration:
    return Duration(span[0] * 1e-3, span[1] * 1e-3)


@cache
def _parts() -> Mapping[str, Any]:
    text = (files("benchctl.flash") / "parts.yaml").read_text(encoding="utf-8")
    parts: Mapping[str, Any] = yaml.safe_load(text)
    return parts
