"""What else a module has: the USB host, its flash, and the boards it comes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchctl.dut.modules.facts import Fact, read_fact, sources


@dataclass(frozen=True)
class Usb:
    """The USB host: `object` is its path under `imp` ("hardware.usb"); pins by role."""

    object: str
    pins: Mapping[str, str]
    limits: Mapping[str, Any]


@dataclass(frozen=True)
class SpiFlash:
    """Facts of hardware.spiflash and the chip behind it; bytes and Hz."""

    available: bool
    location: Fact
    min_bytes: Fact
    max_bytes: Fact
    reserved_bytes: Fact
    min_user_bytes: Fact
    sector_bytes: Fact
    speeds_hz: Fact
    default_speed_hz: Fact


@dataclass(frozen=True)
class Board:
    """A development board of the vendor: board role to imp pin or bus object, as its code or page says."""

    name: str
    roles: Mapping[str, Any]
    source: tuple[str, ...]
    confidence: str
    note: str


def read_usb(row: Mapping[str, Any]) -> Usb | None:
    """The section `usb`; None on a module without a USB host."""
    if row["supported"]["value"] is not True:
        return None
    return Usb(row["object"]["value"], row["pins"]["value"], row["limits"]["value"])


def read_spiflash(row: Mapping[str, Any]) -> SpiFlash:
    """The section `spiflash`."""
    sizes = ("location", "min_bytes", "max_bytes", "reserved_bytes", "min_user_bytes", "sector_bytes")
    return SpiFlash(
        available=row["squirrel_access"]["value"] is True,
        **{key: read_fact(row[key]) for key in (*sizes, "speeds_hz", "default_speed_hz")},
    )


def read_board(row: Mapping[str, Any]) -> Board:
    """A row of `dev_boards`."""
    return Board(row["name"], row["pins"], sources(row["source"]), row["confidence"], row["note"])
