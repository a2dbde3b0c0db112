"""The bench's SPI and I²C controllers, and what each of them reaches."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchctl.errors import NotEquippedError, UserError
from benchctl.nearest import nearest
from benchctl.rig.graph import Nets
from benchctl.rig.kinds import Role
from benchctl.rig.model import IMP, Channel, Net, Part, PinRef


@dataclass(frozen=True)
class BusFacing:
    """A bench channel on the same SPI or I²C nets as an imp bus or a part; `nets` by signal name."""

    channel: Channel
    nets: Mapping[str, str]


class Controllers(Nets):
    """Controllers of the bench on the wires of the imp's buses and of parts."""

    def i2c_facing(self, i2c: str) -> BusFacing:
        """The bench I²C controller on an imp I²C bus (object name or board role).

        Raises:
            UserError: the module has no such bus.
            NotEquippedError: there is none; names the missing wires.
        """
        bus = self.rig.module.i2c(self.rig.bus_aliases.get(i2c, i2c))
        return self._controller(
            Role.I2C, {role.upper(): PinRef(IMP, pin) for role, pin in bus.pins.items()}, bus.name
        )

    def spi_reaching(self, part: str) -> BusFacing:
        """The bench SPI controller that reaches an SPI part; its CS pin is the one on `nets["CS"]`.

        Raises:
            UserError: the rig has no such part.
            NotEquippedError: none reaches it; names the missing wires.
        """
        if part not in self.rig.parts:
            raise UserError(f"rig {self.rig.name!r} has no part {part!r}", nearest(part, self.rig.parts))
        return self._controller(
            Role.SPI, {signal: PinRef(part, signal) for signal in ("SCLK", "COPI", "CIPO", "CS")}, part
        )

    def parts_on_bus(self, bus: str) -> tuple[Part, ...]:
        """Parts that share the clock (SCLK or SCL) of an imp SPI or I²C bus.

        Raises:
            UserError: the module has no such bus.
        """
        name, module = self.rig.bus_aliases.get(bus, bus), self.rig.module
        if name not in {**module.spis, **module.i2cs}:
            raise UserError(
                f"the {module.name} has no SPI or I²C bus {name!r}",
                nearest(name, (*module.spis, *module.i2cs)),
            )
        clock = "sclk" if name in module.spis else "scl"
        net = self.net_of(PinRef(IMP, module.buses[name].pins[clock]))
        found = self.parts_on(net) if net else ()
        return tuple(part for part, pin in found if pin == clock.upper())

    def _controller(self, role: Role, pins: Mapping[str, PinRef], what: str) -> BusFacing:
        nets = {signal: self.net_of(pin) for signal, pin in pins.items()}
        for channel in self.rig.channels:
            if channel.role is role and all(
                net is not None and self._drives(channel, signal, net) for signal, net in nets.items()
            ):
                return BusFacing(channel, {signal: net.name for signal, net in nets.items() if net})
        wires = ", ".join(f"{pin} to its {signal}" for signal, pin in pins.items())
        raise NotEquippedError(f"bench {role.value.upper()} on {what}", f"wire {wires} of one {role} channel")

    def _drives(self, channel: Channel, signal: str, net: Net) -> bool:
        names = {"CS", "CS1", "CS2", "CS3", "CS4"} if signal == "CS" else {signal}
        return any(
            attachment.channel == channel and attachment.function.signal in names
            for attachment in self.bench_channels_on(net)
        )
