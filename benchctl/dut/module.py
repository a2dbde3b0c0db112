"""What is known about an imp module: its pins, its buses and their limits, with source and confidence.

The facts are the YAML files in `benchctl/dut/modules/`, one per module, taken from the vendor's pages that
each file names under `sources`; beside them is what a pin, a bus and a fact are. A fact nobody documented is
None here and is never asserted by a suite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from benchctl.data import load_data
from benchctl.dut.modules.buses import Bus, I2c, Spi, Uart, read_i2c, read_spi, read_uart
from benchctl.dut.modules.facts import Fact, Flag, read_fact
from benchctl.dut.modules.parts import Board, SpiFlash, Usb, read_board, read_spiflash, read_usb
from benchctl.dut.modules.pins import RESET, USB, VCC, Pin, bus_pins, flash_pins, read_gpio
from benchctl.errors import NotEquippedError, UserError
from benchctl.nearest import nearest

MODULES = ("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006", "impC001")

B = TypeVar("B", bound=Bus)


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
        return read_fact(node)

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
    uarts = {key: read_uart(key, row) for key, row in facts["uart"]["objects"].items()}
    spis = {key: read_spi(key, row) for key, row in facts["spi"]["objects"].items()}
    i2cs = {key: read_i2c(key, row) for key, row in facts["i2c"]["objects"].items()}
    flash = read_spiflash(facts["spiflash"])
    usb = read_usb(facts["usb"])
    pins = {key: read_gpio(key, row) for key, row in facts["pins"]["table"].items()}
    for bus in (*uarts.values(), *spis.values(), *i2cs.values()):
        if bus.dedicated:
            pins.update(bus_pins(bus))
    if flash.available:
        pins.update(flash_pins())
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
        boards=tuple(read_board(row) for row in facts["dev_boards"]),
        facts=facts,
    )
