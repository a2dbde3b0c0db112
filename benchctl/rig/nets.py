"""Questions about the wiring of a rig: what faces what.

Nothing is said twice in a rig file: which bench UART faces the imp's uart1 follows from the nets that
join their pins. A wire that is missing is a NotEquippedError that names it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from benchctl.errors import NotEquippedError, UserError
from benchctl.nearest import nearest
from benchctl.rig.kinds import UART_ROLES, Function, Role
from benchctl.rig.model import IMP, Channel, Net, Part, PinRef, Rig
from benchctl.rig.parts import Resistor, Rs485


@dataclass(frozen=True)
class Attachment:
    """A pin of a bench channel on a net, and what it does there."""

    channel: Channel
    pin: PinRef
    function: Function


@dataclass(frozen=True)
class UartFacing:
    """The bench UART that faces an imp UART.

    Attributes:
        tx_net, rx_net: nets of the imp's TX and RX; None where the UART has no such line.
        rts_cts: both flow control lines are wired.
        transceivers: RS485 transceivers in between, the imp's first; empty for a direct connection.
        de_net: net of the imp-side driver enable, "" for a direct connection.
    """

    uart: str
    channel: Channel
    tx_net: str | None
    rx_net: str | None
    rts_cts: bool
    transceivers: tuple[str, ...] = ()
    de_net: str = ""


@dataclass(frozen=True)
class BusFacing:
    """A bench channel on the same SPI or I²C nets as an imp bus or a part; `nets` by signal name."""

    channel: Channel
    nets: Mapping[str, str]


@dataclass(frozen=True)
class CapturePlan:
    """One capture port that sees every net asked for; `bits` is net name to bit of the port."""

    channel: Channel
    bits: Mapping[str, int]


@dataclass(frozen=True)
class SwitchedPull:
    """A resistor from a net to a bench gpio line: driven it pulls that way, released it is off."""

    line: Attachment
    ohms: float


class Wiring:
    """The nets of a rig as a graph."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    @cached_property
    def _net_of(self) -> Mapping[PinRef, Net]:
        return {pin: net for net in self.rig.nets.values() for pin in net.pins}

    def net_of(self, pin: PinRef | None) -> Net | None:
        """The net a pin is on, or None."""
        return self._net_of.get(pin) if pin else None

    def net(self, name: str) -> Net:
        """A net by its own name, by an imp pin on it ("K", "imp.K") or by a board role.

        Raises:
            UserError: nothing is called that.
            NotEquippedError: the imp pin is on no net.
        """
        if name in self.rig.nets:
            return self.rig.nets[name]
        pin = name.removeprefix(f"{IMP}.")
        if pin in self.rig.module.pins or pin in self.rig.aliases:
            return self.imp_pin_net(pin)
        known = (*self.rig.nets, *self.rig.aliases, *self.rig.module.pins)
        raise UserError(f"rig {self.rig.name!r} has no net {name!r}", nearest(name, known))

    def imp_pin_net(self, pin: str) -> Net:
        """The net of an imp pin, given by name or board role.

        Raises:
            UserError: the module has no such pin.
            NotEquippedError: the pin is on no net.
        """
        name = self.rig.module.pin(self.rig.aliases.get(pin, pin)).name
        net = self.net_of(PinRef(IMP, name))
        if net is None:
            raise NotEquippedError(f"wire to imp.{name}", f"wire imp.{name} and name it in {self.rig.file}")
        return net

    def imp_pins_on(self, net: Net) -> tuple[str, ...]:
        """Imp pins on a net."""
        return tuple(pin.pin for pin in net.pins if pin.device == IMP)

    def parts_on(self, net: Net) -> tuple[tuple[Part, str], ...]:
        """Fixture parts on a net, each with its pin there."""
        return tuple(
            (self.rig.parts[pin.device], pin.pin) for pin in net.pins if pin.device in self.rig.parts
        )

    def bench_channels_on(self, net: Net) -> tuple[Attachment, ...]:
        """Bench channels on a net, in the order of the rig file."""
        return self._attachments[net.name]

    def pins_of(self, channel: Channel) -> tuple[Attachment, ...]:
        """The wired pins of a bench channel, in the order of the rig file's nets."""
        return tuple(a for attached in self._attachments.values() for a in attached if a.channel == channel)

    @cached_property
    def _attachments(self) -> Mapping[str, tuple[Attachment, ...]]:
        return {net.name: tuple(self._attached(net)) for net in self.rig.nets.values()}

    def _attached(self, net: Net) -> Iterator[Attachment]:
        for pin in net.pins:
            channel = self.rig.channel_of(pin)
            function = channel.function(pin.pin) if channel else None
            if channel and function:
                yield Attachment(channel, pin, function)

    def gpio_line(self, net: Net) -> Attachment:
        """The bench gpio line on a net. Raises NotEquippedError."""
        for attachment in self.bench_channels_on(net):
            if attachment.channel.role is Role.GPIO:
                return attachment
        raise NotEquippedError(
            f"gpio line on net {net.name!r}", f"wire a pin of a gpio channel to net {net.name!r}"
        )

    def switched_pulls(self, net: Net) -> tuple[SwitchedPull, ...]:
        """Resistors from a net to bench gpio lines."""
        pulls = []
        for part, pin in self.parts_on(net):
            if not isinstance(part.spec, Resistor):
                continue
            far = self.net_of(PinRef(part.name, "2" if pin == "1" else "1"))
            lines = self.bench_channels_on(far) if far else ()
            pulls += [SwitchedPull(line, part.spec.ohms) for line in lines if line.channel.role is Role.GPIO]
        return tuple(pulls)

    def supply_line(self, part: str) -> Attachment | None:
        """The bench gpio line that supplies a part by its VCC pin; None when it is always on."""
        net = self.net_of(PinRef(part, "VCC"))
        return self.gpio_line(net) if net else None

    def capture_nets(self, channel: Channel) -> Mapping[str, int]:
        """Nets that a capture channel sees, with the bit of its port each is on."""
        return {
            net.name: attachment.function.bit
            for net in self.rig.nets.values()
            for attachment in self.bench_channels_on(net)
            if attachment.channel == channel and channel.role is Role.CAPTURE
        }

    def capture_channels(self, nets: Iterable[Net]) -> CapturePlan:
        """The capture port that records all the nets together, against one sample clock.

        Raises:
            NotEquippedError: no single port sees them all; names the wires that the best one lacks.
        """
        wanted = [net.name for net in nets]
        ports = [channel for channel in self.rig.channels if channel.role is Role.CAPTURE]
        if not ports:
            raise NotEquippedError("capture channel", "add an adapter channel with the role capture")
        best = min(ports, key=lambda port: sum(net not in self.capture_nets(port) for net in wanted))
        seen = self.capture_nets(best)
        missing = [net for net in wanted if net not in seen]
        if missing:
            raise NotEquippedError(
                f"capture port that sees {', '.join(wanted)} together",
                f"wire {', '.join(missing)} to {best} as well",
            )
        return CapturePlan(best, {net: seen[net] for net in wanted})

    def uart_ways(self, uart: str) -> tuple[UartFacing, ...]:
        """The ways from an imp UART (object name or board role) to bench UARTs, straight ones first.

        Raises:
            UserError: the module has no such UART.
        """
        bus = self.rig.module.uart(self.rig.bus_aliases.get(uart, uart))
        tx, rx = (self.net_of(PinRef(IMP, pin)) if pin else None for pin in (bus.tx, bus.rx))
        if (bus.tx and tx is None) or (bus.rx and rx is None):
            return ()
        ways = []
        for channel in self._uart_channels(tx, rx):
            flow = self._joined(bus.rts, channel, "CTS") and self._joined(bus.cts, channel, "RTS")
            ways.append(UartFacing(bus.name, channel, tx.name if tx else None, rx.name if rx else None, flow))
        if tx and rx:
            ways += self._through_rs485(bus.name, tx, rx)
        return tuple(ways)

    def uart_facing(self, uart: str) -> UartFacing:
        """The bench UART facing an imp UART (object name or board role), straight rather than through RS485.

        Raises:
            UserError: the module has no such UART.
            NotEquippedError: none does; names the missing wire.
        """
        for way in self.uart_ways(uart):
            return way
        bus = self.rig.module.uart(self.rig.bus_aliases.get(uart, uart))
        ends = ((bus.tx, "RXD"), (bus.rx, "TXD"))
        wires = [f"imp.{pin} to its {signal}" for pin, signal in ends if pin]
        raise NotEquippedError(
            f"bench UART facing {bus.name}", f"wire {' and '.join(wires)} of one bench UART channel"
        )

    def rs485_facing(self, uart: str) -> UartFacing:
        """The bench UART that an imp UART (object name or board role) reaches through RS485.

        Raises:
            UserError: the module has no such UART.
            NotEquippedError: there is none.
        """
        for way in self.uart_ways(uart):
            if way.transceivers:
                return way
        raise NotEquippedError(
            f"RS485 bus on {uart}", "wire a transceiver to its pins, and one on its bus to a bench UART"
        )

    def uart_of_part(self, part: str) -> Channel:
        """The bench UART that a part with TXD and RXD is wired to, such as a USB serial adapter.

        Raises:
            NotEquippedError: there is none.
        """
        tx, rx = (self.net_of(PinRef(part, pin)) for pin in ("TXD", "RXD"))
        for channel in self._uart_channels(tx, rx) if tx and rx else ():
            return channel
        raise NotEquippedError(
            f"bench UART facing {part}", f"wire {part}.TXD and {part}.RXD to RXD and TXD of one bench UART"
        )

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

    def spi_facing(self, spi: str) -> BusFacing:
        """The bench SPI controller on the wires of an imp SPI bus: both are controllers, so see the arbiter.

        Raises:
            UserError: the module has no such bus.
            NotEquippedError: there is none; names the missing wires.
        """
        bus = self.rig.module.spi(self.rig.bus_aliases.get(spi, spi))
        pins = {role.upper(): PinRef(IMP, pin) for role, pin in bus.pins.items() if role != "cs"}
        return self._controller(Role.SPI, pins, bus.name)

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

    def _uart_channels(self, tx: Net | None, rx: Net | None) -> tuple[Channel, ...]:
        """Bench UARTs that hear `tx` on RXD and drive `rx` by TXD; a net of None is not asked for."""
        return tuple(
            channel
            for channel in self.rig.channels
            if channel.role in UART_ROLES
            and (tx is None or self.net_of(channel.pin("RXD")) is tx)
            and (rx is None or self.net_of(channel.pin("TXD")) is rx)
        )

    def _joined(self, pin: str | None, channel: Channel, signal: str) -> bool:
        net = self.net_of(PinRef(IMP, pin)) if pin else None
        return net is not None and self.net_of(channel.pin(signal)) is net

    def _through_rs485(self, uart: str, tx: Net, rx: Net) -> Iterator[UartFacing]:
        near = [part for part, pin in self.parts_on(tx) if isinstance(part.spec, Rs485) and pin == "DI"]
        for ours in near:
            bus = self.net_of(PinRef(ours.name, "BUS"))
            if self.net_of(PinRef(ours.name, "RO")) is not rx or bus is None:
                continue
            for theirs, _ in self.parts_on(bus):
                hears, drives = (self.net_of(PinRef(theirs.name, pin)) for pin in ("RO", "DI"))
                if theirs is ours or hears is None or drives is None:
                    continue
                for channel in self._uart_channels(hears, drives):
                    de = self.net_of(PinRef(ours.name, "DE"))
                    yield UartFacing(
                        uart,
                        channel,
                        tx.name,
                        rx.name,
                        rts_cts=False,
                        transceivers=(ours.name, theirs.name),
                        de_net=de.name if de else "",
                    )

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
