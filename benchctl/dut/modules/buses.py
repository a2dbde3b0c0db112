"""The buses of a module: which pins they use, and their limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benchctl.dut.modules.facts import Flag, or_none


@dataclass(frozen=True)
class Bus:
    """What every bus object has. `unknown` holds the roles whose pin is not documented."""

    name: str
    pins: Mapping[str, str]
    unknown: frozenset[str]
    dedicated: bool
    pins_confidence: str
    note: str

    def pin(self, role: str) -> str | None:
        """The imp pin in a role such as "tx", or None when the bus has no such line (or it is unknown)."""
        return self.pins.get(role)


@dataclass(frozen=True)
class Uart(Bus):
    """A UART object; rates in bit/s (uart.configure page), None when unknown."""

    min_baud: int | None
    max_baud: int | None
    baud_confidence: str

    @property
    def tx(self) -> str | None:
        """Transmit pin, None on a receive-only UART."""
        return self.pin("tx")

    @property
    def rx(self) -> str | None:
        """Receive pin, None on a transmit-only UART."""
        return self.pin("rx")

    @property
    def rts(self) -> str | None:
        """RTS pin, None where there is none or it is not documented."""
        return self.pin("rts")

    @property
    def cts(self) -> str | None:
        """CTS pin, None where there is none or it is not documented."""
        return self.pin("cts")


@dataclass(frozen=True)
class Spi(Bus):
    """An SPI object (always the controller); rates in kHz, None when unknown."""

    modes: tuple[int, ...]
    rates_khz: tuple[float, ...] | None
    min_khz: float | None
    max_khz: float | None
    rates_confidence: str
    cs_behaviour: str


@dataclass(frozen=True)
class I2c(Bus):
    """An I²C object (always the controller); speeds in Hz."""

    speeds_hz: tuple[int, ...]
    clock_stretching: Flag
    internal_pullups: Flag


def read_uart(name: str, row: Mapping[str, Any]) -> Uart:
    """A row of `uart.objects`."""
    return Uart(
        name,
        **_wiring(row, ("tx", "rx", "rts", "cts")),
        min_baud=or_none(row["min_baud"]),
        max_baud=or_none(row["max_baud"]),
        baud_confidence=row["baud_confidence"],
    )


def read_spi(name: str, row: Mapping[str, Any]) -> Spi:
    """A row of `spi.objects`."""
    rates = or_none(row["rates_khz"])
    return Spi(
        name,
        **_wiring(row, ("copi", "cipo", "sclk", "cs")),
        modes=tuple(row["modes"]),
        rates_khz=None if rates is None else tuple(rates),
        min_khz=or_none(row["min_khz"]),
        max_khz=or_none(row["max_khz"]),
        rates_confidence=row["rates_confidence"],
        cs_behaviour=row["cs_behaviour"],
    )


def read_i2c(name: str, row: Mapping[str, Any]) -> I2c:
    """A row of `i2c.objects`."""
    return I2c(
        name,
        **_wiring(row, ("scl", "sda")),
        speeds_hz=tuple(row["speeds_hz"]),
        clock_stretching=or_none(row["clock_stretching"]),
        internal_pullups=or_none(row["internal_pullups"]),
    )


def _wiring(row: Mapping[str, Any], roles: tuple[str, ...]) -> dict[str, Any]:
    return {
        "pins": MappingProxyType({role: row[role] for role in roles if row[role] not in (None, "unknown")}),
        "unknown": frozenset(role for role in roles if row[role] == "unknown"),
        "dedicated": row["dedicated_pins"],
        "pins_confidence": row["pins_confidence"],
        "note": row["note"],
    }
