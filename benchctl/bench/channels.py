"""Who uses which adapter channel: opened when first asked for, one driver a net at a time."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar, cast

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.gpio import FtdiPort
from benchctl.bench.ports import Ports
from benchctl.buses.host import Host
from benchctl.buses.i2c import I2c
from benchctl.buses.logic import LogicCapture
from benchctl.buses.spi import Spi
from benchctl.buses.uart import Uart
from benchctl.rig.kinds import Direction, Role
from benchctl.rig.locks import AdapterLock
from benchctl.rig.model import Channel, Net, Rig
from benchctl.rig.nets import Wiring


class Closable(Protocol):
    """Anything that is open until closed."""

    def close(self) -> None:
        """Let go."""


P = TypeVar("P", bound=Closable)


class Channels:
    """The bench's channels. A channel with outputs displaces others that drive the same nets.

    Args:
        rig: the resolved rig.
        host: the machine the adapters are plugged into.

    Raises:
        RigError: the rig file has a placeholder for the adapter that carries the control link.
        AdapterError: an adapter is absent, or somebody else has it.
    """

    def __init__(self, rig: Rig, host: Host) -> None:
        self._rig, self._wiring = rig, Wiring(rig)
        self._wiring.control_adapter.require_identity()
        self._open: dict[Channel, Closable] = {}
        self._locks: list[AdapterLock] = []
        try:
            for adapter in rig.adapters.values():
                if not adapter.placeholder:
                    self._locks.append(AdapterLock(adapter, host.lock_folder))
            self._ports = Ports(rig, host)
        except BaseException:
            self._unlock()
            raise

    def uart(self, channel: Channel, *, event_char: int | None = None) -> Uart:
        """The UART (or RS485 port) on a channel."""
        if channel.role is Role.RS485:
            return self._opened(channel, lambda: self._rs485(channel))
        return self._opened(channel, lambda: self._ports.uart(channel, event_char))

    def _rs485(self, channel: Channel) -> Uart:
        enable = self._wiring.driver_enable(channel)
        line = enable.line
        de = self.gpio(line.channel).line(line.function.bit) if line else None
        return self._ports.rs485(channel, enable.txden_bit, de, enable.hears_itself)

    def spi(self, channel: Channel, cs_bit: int) -> Spi:
        """The SPI controller on a channel."""
        return self._opened(channel, lambda: self._ports.spi(channel, cs_bit))

    def i2c(self, channel: Channel) -> I2c:
        """The I²C controller on a channel."""
        waits = self._wiring.net_of(channel.pin("SCL_IN")) is not None
        return self._opened(channel, lambda: self._ports.i2c(channel, waits))

    def gpio(self, channel: Channel) -> FtdiPort:
        """The gpio port on a channel; its lines drive nothing until told to."""
        bits = tuple(attachment.function.bit for attachment in self._wiring.pins_of(channel))
        return self._opened(channel, lambda: self._ports.gpio(channel, bits))

    def capture(self, channel: Channel, nets: Mapping[str, int]) -> LogicCapture:
        """A capture of some nets of a channel; the caller closes it."""
        return self._ports.capture(channel, nets)

    def release(self, channel: Channel) -> None:
        """Close what is open on a channel: it is in high impedance afterwards."""
        user = self._open.pop(channel, None)
        if user is not None:
            user.close()

    def clear(self, net: Net) -> None:
        """Close what drives a net, for somebody else who is about to."""
        for attachment in self._wiring.bench_channels_on(net):
            if _drives(attachment.function.direction):
                self.release(attachment.channel)

    def release_all(self, keep: Mapping[Channel, int]) -> None:
        """Close what is open, but on some channels; of a gpio port kept, only the lines of its mask stay."""
        for channel, user in list(self._open.items()):
            if channel not in keep:
                self.release(channel)
            elif isinstance(user, FtdiPort):
                for attachment in self._wiring.pins_of(channel):
                    if not keep[channel] >> attachment.function.bit & 1:
                        user.release(attachment.function.bit)

    def close(self) -> None:
        """Close everything and let others have the adapters; outputs are released whatever fails."""
        users, self._open = list(self._open.values()), {}
        try:
            close_all([*(user.close for user in users), self._ports.close])
        finally:
            self._unlock()

    def _unlock(self) -> None:
        for lock in self._locks:
            lock.release()

    def _opened(self, channel: Channel, make: Callable[[], P]) -> P:
        """The one user of a channel, which the role of the channel gives its type."""
        user = self._open.get(channel)
        if user is None:
            for other in sorted(self._rivals(channel), key=str):
                self.release(other)
            user = self._open[channel] = make()
        return cast("P", user)

    def driven_nets(self, channel: Channel) -> list[Net]:
        """Nets that a channel drives while it is open."""
        nets = [
            self._wiring.net_of(a.pin) for a in self._wiring.pins_of(channel) if _drives(a.function.direction)
        ]
        return [net for net in nets if net is not None]

    def _rivals(self, channel: Channel) -> set[Channel]:
        """Open channels that drive a net this one drives."""
        return {
            attachment.channel
            for net in self.driven_nets(channel)
            for attachment in self._wiring.bench_channels_on(net)
            if attachment.channel in self._open.keys() - {channel} and _drives(attachment.function.direction)
        }


def _drives(direction: Direction) -> bool:
    return direction in (Direction.OUTPUT, Direction.OPEN_DRAIN)
