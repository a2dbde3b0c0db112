"""What is known about an imp module: its pins, its buses and their limits, with source and confidence.

The facts are the YAML files in `benchctl/dut/modules/`, one per module, taken from the vendor's pages that
each file names under `sources`. A fact nobody documented is None here and is never asserted by a suite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from benchctl.data import load_data
from benchctl.errors import NotEquippedError, UserError
from benchctl.nearest import nearest

MODULES = ("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006", "impC001")

Flag = bool | None
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
class Fact:
    """One fact as the data file states it; `value` is None when it is unknown or does not apply.

    `known` tells the two apart: None with `known` means "does not apply".
    """

    value: Any
    source: tuple[str, ...]
    confidence: str
    note: str = ""
    known: bool = True


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


B = TypeVar("B", bound=Bus)


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


@dataclass(frozen=True)
class Module:
    """One imp module. Build it with `Module.named`."""

    name: str
    pins: Mapping[str, Pin]
    uarts: Mapping[str, Uart]
    spis: Mapping[str, Spi]
    i2cs: Mapping[str, I2c]
    usb: Usb | None
    spiflash: SpiFlash
    boards: tuple[Board, ...]
    facts: Mapping[str, Any]

    @staticmethod
    def named(name: str) -> "Module":
        """The module called `name` (read once, then cached).

        Raises:
            UserError: there is no such module.
        """
        if name not in MODULES:
            raise UserError(f"there is no module {name!r}", nearest(name, MODULES))
        return _read(name)

    @property
    def buses(self) -> Mapping[str, Bus]:
        """Every UART, SPI and I²C object by name."""
        return {**self.uarts, **self.spis, **self.i2cs}

    @property
    def gpio_pins(self) -> tuple[str, ...]:
        """Pins that are under `hardware.pin...`."""
        return tuple(name for name, pin in self.pins.items() if pin.gpio)

    @property
    def wake_pins(self) -> tuple[str, ...]:
        """Pins that wake the module from deep sleep."""
        return tuple(self.fact("sleep.wake_pins").value or ())

    @property
    def deep_sleep(self) -> Flag:
        """Whether the module has deep sleep; None when unknown."""
        value = self.fact("sleep.deep_sleep").value
        return None if value is None else bool(value)

    @property
    def first_impos(self) -> int | None:
        """First impOS release with support; None when unknown."""
        value = self.fact("impos.first_release").value
        return None if value is None else int(value)

    def pin(self, name: str) -> Pin:
        """The pin called `name`. Raises UserError with the nearest name."""
        if name not in self.pins:
            raise UserError(f"the {self.name} has no pin {name!r}", nearest(name, self.pins))
        return self.pins[name]

    def uart(self, name: str) -> Uart:
        """The UART called `name`. Raises UserError with the nearest name."""
        return self._bus(self.uarts, name, "UART")

    def spi(self, name: str) -> Spi:
        """The SPI bus called `name`. Raises UserError with the nearest name."""
        return self._bus(self.spis, name, "SPI bus")

    def i2c(self, name: str) -> I2c:
        """The I²C bus called `name`. Raises UserError with the nearest name."""
        return self._bus(self.i2cs, name, "I²C bus")

    def require_usb(self) -> Usb:
        """The USB host. Raises NotEquippedError on modules without."""
        if self.usb is None:
            raise NotEquippedError(f"USB host on the {self.name}", "use an imp005 or impC001")
        return self.usb

    def fact(self, path: str) -> Fact:
        """A leaf of the data file by its dotted path, such as "analog.adc_bits".

        Raises:
            UserError: the path is not a fact of the file.
        """
        node: Any = self.facts
        for key in path.split("."):
            if not isinstance(node, Mapping) or key not in node:
                known = node if isinstance(node, Mapping) else ()
                raise UserError(f"{path!r} is not a fact of the {self.name}", nearest(key, known))
            node = node[key]
        if not isinstance(node, Mapping) or "value" not in node:
            raise UserError(f"{path!r} is not one fact of the {self.name}", "give the path of a leaf")
        return _fact(node)

    def buses_on(self, pin: str) -> tuple[str, ...]:
        """Bus objects that use a pin: those cannot be used together."""
        return tuple(self.pin(pin).buses)

    def _bus(self, buses: Mapping[str, B], name: str, what: str) -> B:
        if name not in buses:
            raise UserError(f"the {self.name} has no {what} {name!r}", nearest(name, buses))
        return buses[name]


@cache
def _read(name: str) -> Module:
    facts = load_data("benchctl.dut.modules", f"{name}.yaml")
    uarts = {key: _uart(key, row) for key, row in facts["uart"]["objects"].items()}
    spis = {key: _spi(key, row) for key, row in facts["spi"]["objects"].items()}
    i2cs = {key: _i2c(key, row) for key, row in facts["i2c"]["objects"].items()}
    flash = _spiflash(facts["spiflash"])
    usb = _usb(facts["usb"])
    pins = {key: _gpio(key, row) for key, row in facts["pins"]["table"].items()}
    for bus in (*uarts.values(), *spis.values(), *i2cs.values()):
        if bus.dedicated:
            pins.update(_dedicated(bus))
    if flash.available:
        pins.update({pin: Pin(pin, False, way, {"spiflash": pin[6:]}) for pin, way in FLASH_PINS.items()})
    pins[RESET] = Pin(RESET, False, "in", {})
    pins[VCC] = Pin(VCC, False, "passive", {})
    if usb is not None:
        pins[USB] = Pin(USB, False, "passive", {usb.object.removeprefix("hardware."): "DATA"})
    return Module(
        name=name,
        pins=MappingProxyType(pins),
        uarts=MappingProxyType(uarts),
        spis=MappingProxyType(spis),
        i2cs=MappingProxyType(i2cs),
        usb=usb,
        spiflash=flash,
        boards=tuple(_board(row) for row in facts["dev_boards"]),
        facts=facts,
    )


def _sources(row: Any) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else tuple(row)


def _fact(row: Mapping[str, Any]) -> Fact:
    unknown = row["value"] == "unknown"
    return Fact(
        value=None if unknown else row["value"],
        source=_sources(row["source"]),
        confidence=row["confidence"],
        note=row.get("note", ""),
        known=not unknown,
    )


def _or_none(value: Any) -> Any:
    return None if value == "unknown" else value


def _gpio(name: str, row: Mapping[str, Any]) -> Pin:
    triggers = _or_none(row["ptpg_trigger_for"])
    return Pin(
        name=name,
        gpio=True,
        direction="either",
        buses=MappingProxyType(row["buses"]),
        adc=_or_none(row["adc"]),
        dac=_or_none(row["dac"]),
        pwm=_or_none(row["pwm"]),
        pulse_counter=_or_none(row["pulse_counter"]),
        wake=_or_none(row["wake"]),
        state_change=_or_none(row["state_change"]),
        ptpg_trigger_for=None if triggers is None else tuple(triggers),
        default_state=_or_none(row["default_state"]),
        confidence=row["confidence"],
        note=row["note"],
    )


def _dedicated(bus: Bus) -> dict[str, Pin]:
    return {
        pin: Pin(pin, False, _ROLE_DIRECTIONS[role], {bus.name: role.upper()}, confidence=bus.pins_confidence)
        for role, pin in bus.pins.items()
    }


def _wiring(row: Mapping[str, Any], roles: tuple[str, ...]) -> dict[str, Any]:
    return {
        "pins": MappingProxyType({role: row[role] for role in roles if row[role] not in (None, "unknown")}),
        "unknown": frozenset(role for role in roles if row[role] == "unknown"),
        "dedicated": row["dedicated_pins"],
        "pins_confidence": row["pins_confidence"],
        "note": row["note"],
    }


def _uart(name: str, row: Mapping[str, Any]) -> Uart:
    return Uart(
        name,
        **_wiring(row, ("tx", "rx", "rts", "cts")),
        min_baud=_or_none(row["min_baud"]),
        max_baud=_or_none(row["max_baud"]),
        baud_confidence=row["baud_confidence"],
    )


def _spi(name: str, row: Mapping[str, Any]) -> Spi:
    rates = _or_none(row["rates_khz"])
    return Spi(
        name,
        **_wiring(row, ("copi", "cipo", "sclk", "cs")),
        modes=tuple(row["modes"]),
        rates_khz=None if rates is None else tuple(rates),
        min_khz=_or_none(row["min_khz"]),
        max_khz=_or_none(row["max_khz"]),
        rates_confidence=row["rates_confidence"],
        cs_behaviour=row["cs_behaviour"],
    )


def _i2c(name: str, row: Mapping[str, Any]) -> I2c:
    return I2c(
        name,
        **_wiring(row, ("scl", "sda")),
        speeds_hz=tuple(row["speeds_hz"]),
        clock_stretching=_or_none(row["clock_stretching"]),
        internal_pullups=_or_none(row["internal_pullups"]),
    )


def _usb(row: Mapping[str, Any]) -> Usb | None:
    if row["supported"]["value"] is not True:
        return None
    return Usb(row["object"]["value"], row["pins"]["value"], row["limits"]["value"])


def _spiflash(row: Mapping[str, Any]) -> SpiFlash:
    sizes = ("location", "min_bytes", "max_bytes", "reserved_bytes", "min_user_bytes", "sector_bytes")
    return SpiFlash(
        available=row["squirrel_access"]["value"] is True,
        **{key: _fact(row[key]) for key in (*sizes, "speeds_hz", "default_speed_hz")},
    )


def _board(row: Mapping[str, Any]) -> Board:
    return Board(row["name"], row["pins"], _sources(row["source"]), row["confidence"], row["note"])
