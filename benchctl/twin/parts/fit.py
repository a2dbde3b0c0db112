"""Fitting the parts of a rig file to the bench's nets."""

from collections.abc import Callable, Mapping
from typing import Any

from benchctl.rig import parts as spec
from benchctl.twin.parts.eeprom24 import Eeprom24
from benchctl.twin.parts.i2c_trouble import I2cTrouble
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.passive import AnalogSource, Resistor
from benchctl.twin.parts.rs485 import Rs485, add_bias
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World

CLOCK_INPUTS = frozenset({"SCLK", "SCL"})
_FASTEST = 0.7  # choice: of the data sheet's maximum delay


class Pins:
    """The nets of one part's pins; a pin on no net gets one of its own where a part cannot do without."""

    def __init__(self, world: World, part: str, nets: Mapping[str, Net]) -> None:
        self._world, self._part, self._nets = world, part, nets

    def optional(self, pin: str) -> Net | None:
        """The pin's net, or None."""
        return self._nets.get(pin)

    def net(self, pin: str) -> Net:
        """The pin's net."""
        return self._nets.get(pin) or Net(self._world, f"{self._part}.{pin}")

    def clock(self, pin: str) -> ClockNet:
        """The net of a clock input."""
        found = self._nets.get(pin) or ClockNet(self._world, f"{self._part}.{pin}")
        assert isinstance(found, ClockNet)  # whoever makes the nets looks at CLOCK_INPUTS
        return found


def fit(world: World, name: str, what: spec.PartSpec, nets: Mapping[str, Net], supply_volts: float) -> Any:
    """The part that a rig file describes, on its nets (by pin).

    Its unit-to-unit differences derive from the world's seed.
    """
    return _FITTERS[type(what)](world, name, what, Pins(world, name, nets), supply_volts)


def _eeprom24(world: World, name: str, what: spec.Eeprom24, pins: Pins, _volts: float) -> Eeprom24:
    return Eeprom24(
        name,
        pins.clock("SCL"),
        pins.net("SDA"),
        size=what.size,
        address=what.address,
        page=what.page,
        write_cycle_ns=round(what.write_cycle_ms * 1e6),
        wp=pins.optional("WP"),
        vcc=pins.optional("VCC"),
    )


def _i2c_trouble(world: World, name: str, what: spec.I2cTrouble, pins: Pins, _volts: float) -> I2cTrouble:
    return I2cTrouble(
        name,
        pins.clock("SCL"),
        pins.net("SDA"),
        address=what.address,
        nack_at=what.nack_at,
        nack=pins.optional("NACK"),
        hold_sda=pins.optional("HOLD_SDA"),
        hold_scl=pins.optional("HOLD_SCL"),
        stretch=pins.optional("STRETCH"),
        stretch_ns=round(what.stretch_us * 1e3),
        vcc=pins.optional("VCC"),
    )


def _spinor(world: World, name: str, what: spec.SpiNor, pins: Pins, _volts: float) -> SpiNor:
    return SpiNor(
        name,
        Chip.named(what.part),
        pins.clock("SCLK"),
        pins.net("COPI"),
        pins.net("CIPO"),
        pins.net("CS"),
        wp=pins.optional("WP"),
        hold=pins.optional("HOLD"),
        vcc=pins.optional("VCC"),
    )


def _rs485(world: World, name: str, what: spec.Rs485, pins: Pins, _volts: float) -> Rs485:
    random = world.random(f"{name}/unit")
    enable, disable, propagation = (
        round(maximum * random.uniform(_FASTEST, 1))
        for maximum in (what.enable_ns, what.disable_ns, what.propagation_ns)
    )
    bus = pins.net("BUS")
    add_bias(bus)
    return Rs485(
        name,
        bus,
        di=pins.optional("DI"),
        de=pins.optional("DE"),
        re=pins.optional("RE"),
        ro=pins.optional("RO"),
        vcc=pins.optional("VCC"),
        enable_ns=enable,
        disable_ns=disable,
        propagation_ns=propagation,
    )


def _resistor(world: World, name: str, _what: spec.Resistor, pins: Pins, _volts: float) -> Resistor:
    return Resistor(name, pins.net("1"), pins.net("2"))


def _analog(world: World, name: str, what: spec.AnalogSource, pins: Pins, volts: float) -> AnalogSource:
    return AnalogSource(name, pins.net("OUT"), what.volts, volts)


_FITTERS: Mapping[type[spec.PartSpec], Callable[..., Any]] = {
    spec.Eeprom24: _eeprom24,
    spec.I2cTrouble: _i2c_trouble,
    spec.SpiNor: _spinor,
    spec.Rs485: _rs485,
    spec.Resistor: _resistor,
    spec.AnalogSource: _analog,
}
