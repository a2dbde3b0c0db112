"""The pins of a module: GPIO pins, and those that only a bus, the flash, reset or the supply uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from benchctl.dut.modules.buses import Bus
from benchctl.dut.modules.facts import Flag, or_none

Direction = Literal["in", "out", "open-drain", "either", "passive"]

# The facts do not name the pins of the imp's flash bus. These labels are this project's own, as are RESET
# (the reset input), VCC (the supply) and USB (the data port of the USB host).
FLASH_PINS: Mapping[str, Direction] = MappingProxyType(
    {"FLASH_SCLK": "out", "FLASH_COPI": "out", "FLASH_CIPO": "in", "FLASH_CS": "out"}
)
RESET, VCC, USB = "RESET", "VCC", "USB"

_ROLE_DIRECTIONS: Mapping[str, Direction] = MappingProxyType(
    {
        "tx": "out", "rx": "in", "rts": "out", "cts": "in",
        "copi": "out", "cipo": "in", "sclk": "out", "cs": "out",
        "scl": "open-drain", "sda": "open-drain",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Pin:
    """A pin of the module. Flags are True, False or None (not documented).

    `buses` maps a bus object to the role of this pin on it (TX, SCL, COPI, ...). `direction` is what the
    pin can be electrically: a GPIO is "either", a dedicated bus pin is what its role makes it.
    """

    name: str
    gpio: bool
    direction: Direction
    buses: Mapping[str, str]
    adc: Flag = False
    dac: Flag = False
    pwm: Flag = False
    pulse_counter: Flag = False
    wake: Flag = False
    state_change: Flag = False
    ptpg_trigger_for: tuple[str, ...] | None = ()
    default_state: str | None = None
    confidence: str = "documented"
    note: str = ""


def read_gpio(name: str, row: Mapping[str, Any]) -> Pin:
    """A row of `pins.table`."""
    triggers = or_none(row["ptpg_trigger_for"])
    return Pin(
        name=name,
        gpio=True,
        direction="either",
        buses=MappingProxyType(row["buses"]),
        adc=or_none(row["adc"]),
        dac=or_none(row["dac"]),
        pwm=or_none(row["pwm"]),
        pulse_counter=or_none(row["pulse_counter"]),
        wake=or_none(row["wake"]),
        state_change=or_none(row["state_change"]),
        ptpg_trigger_for=None if triggers is None else tuple(triggers),
        default_state=or_none(row["default_state"]),
        confidence=row["confidence"],
        note=row["note"],
    )


def bus_pins(bus: Bus) -> dict[str, Pin]:
    """The pins of a bus that has pins of its own."""
    return {
        pin: Pin(pin, False, _ROLE_DIRECTIONS[role], {bus.name: role.upper()}, confidence=bus.pins_confidence)
        for role, pin in bus.pins.items()
    }


def flash_pins() -> dict[str, Pin]:
    """The pins of the imp's flash bus."""
    return {pin: Pin(pin, False, way, {"spiflash": pin[6:]}) for pin, way in FLASH_PINS.items()}
