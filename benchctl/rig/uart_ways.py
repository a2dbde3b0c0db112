"""The ways from the imp's UARTs to the bench's: straight, or through RS485 transceivers."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchctl.errors import NotEquippedError
from benchctl.rig.graph import Attachment, Nets
from benchctl.rig.kinds import UART_ROLES, Role
from benchctl.rig.model import IMP, Adapter, Channel, Net, Part, PinRef
from benchctl.rig.parts import Rs485


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
class DriverEnable:
    """What enables the driver of the transceiver a bench UART is wired to.

    Attributes:
        txden_bit: bit of the channel's own TXDEN pin, None where it is not wired.
        line: a bench gpio line that does it instead.
        hears_itself: the transceiver's receiver stays on while it drives.
    """

    txden_bit: int | None
    line: Attachment | None
    hears_itself: bool


class UartWays(Nets):
    """UARTs that face each other."""

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

    @property
    def control_adapter(self) -> Adapter:
        """The adapter that carries the control link."""
        return self.rig.adapters[self.uart_facing(self.rig.control.primary.uart).channel.adapter]

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

    def driver_enable(self, channel: Channel) -> DriverEnable:
        """How the bench enables the RS485 driver behind one of its UARTs."""
        txden = channel.pin("TXDEN")
        function = channel.function(txden.pin) if txden else None
        own_net = self.net_of(txden)
        part = self.transceiver(channel)
        de, re = (self.net_of(PinRef(part.name, pin)) if part else None for pin in ("DE", "RE"))
        lines = self.bench_channels_on(de) if de and de is not own_net else ()
        return DriverEnable(
            txden_bit=function.bit if function and own_net else None,
            line=next((line for line in lines if line.channel.role is Role.GPIO), None),
            hears_itself=part is not None and (re is None or re is not de),
        )

    def transceiver(self, channel: Channel) -> Part | None:
        """The RS485 transceiver that a bench UART is wired to, or None."""
        tx, rx = self.net_of(channel.pin("TXD")), self.net_of(channel.pin("RXD"))
        for part, pin in self.parts_on(tx) if tx else ():
            if isinstance(part.spec, Rs485) and pin == "DI" and self.net_of(PinRef(part.name, "RO")) is rx:
                return part
        return None

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
