"""Descriptions of real serial NOR chips, from chips.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchctl.data import load_data
from benchctl.errors import UserError
from benchctl.nearest import nearest

PAGE = 256
Span = tuple[int, int]


@dataclass(frozen=True)
class Protection:
    """Block protection: number of BP bits, bytes protected by BP = 1, register index and bit number of TB,
    and whether SEC and CMP exist.
    """

    bits: int
    unit: int
    top_bottom: tuple[int, int]
    sec: bool = False
    cmp: bool = False


@dataclass(frozen=True)
class NorTimes:
    """Self-timed operations as (typical, maximum) in ns."""

    first_byte: Span
    next_byte: Span
    page: Span
    erase_4k: Span
    erase_32k: Span
    erase_64k: Span
    erase_chip: Span
    write_status: Span
    power_down: Span
    release: Span
    reset: Span


@dataclass(frozen=True)
class StatusRegister:
    """Bits of a status register that a write changes, and its value when new."""

    writable: int
    factory: int


@dataclass(frozen=True)
class Chip:
    """A serial NOR flash chip.

    Attributes:
        jedec_id: what 9Fh answers.
        device_id: what 90h and ABh answer.
        size: bytes.
        opcodes: command name to opcode.
        status: its status registers in order.
        fast_reads: JESD216 name to (opcode, dummy clocks, mode clocks), for the SFDP.
        quad_enable: JESD216 code of where the quad enable bit is, for the SFDP.
    """

    name: str
    jedec_id: bytes
    device_id: int
    size: int
    opcodes: Mapping[str, int]
    status: tuple[StatusRegister, ...]
    protection: Protection
    times: NorTimes
    fast_reads: Mapping[str, tuple[int, int, int]]
    quad_enable: int

    @staticmethod
    def named(name: str) -> "Chip":
        """The chip with a maker's part number.

        Raises:
            UserError: the virtual bench does not know it; the nearest is named.
        """
        rows = _rows()
        if name not in rows:
            raise UserError(f"the virtual bench has no flash chip {name!r}", nearest(name, rows))
        return _chip(name, rows[name])


@cache
def _rows() -> Mapping[str, Any]:
    rows: Mapping[str, Any] = load_data("benchctl.twin.parts.nor", "chips.yaml")["chips"]
    return rows


_UNITS = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def _times(row: Mapping[str, Any]) -> NorTimes:
    spans: dict[str, Span] = {}
    for key, value in row.items():
        name, _, unit = key.rpartition("_")
        typical, maximum = value if isinstance(value, list) else (value, value)
        spans[name] = round(typical * _UNITS[unit]), round(maximum * _UNITS[unit])
    return NorTimes(**spans)


def _chip(name: str, row: Mapping[str, Any]) -> Chip:
    return Chip(
        name=name,
        jedec_id=bytes(row["jedec_id"]),
        device_id=row["device_id"],
        size=row["bytes"],
        opcodes=row["commands"],
        status=tuple(StatusRegister(**register) for register in row["status"]),
        protection=Protection(**row["protect"]),
        times=_times(row["times"]),
        fast_reads={key: (read[0], read[1], read[2]) for key, read in row.get("fast_reads", {}).items()},
        quad_enable=row.get("quad_enable", 0),
    )
