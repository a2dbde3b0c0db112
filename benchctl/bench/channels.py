"""Who uses which adapter channel: opened when first asked for, one driver a net at a time."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Protocol, TypeVar

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.gpio import FtdiPort
from benchctl.adapters.ftdi.i2c import FtdiI2c
from benchctl.adapters.ftdi.rs485 import FtdiRs485
from benchctl.adapters.ftdi.spi import FtdiSpi
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.host import Host
from benchctl.errors import NotEquippedError
from benchctl.rig.kinds import Direction, Role
from benchctl.rig.locks import AdapterLock
from benchctl.rig.model import Adapter, Channel, Net, Rig
from benchctl.rig.nets import Attachment, Wiring


class Closable(Protocol):
    """Anything that is open until closed."""

    def close(self) -> None:
        """Let go."""


C = TypeVar("C", bound=Closable)


class Channels:
    """The bench's channels. A channel with outputs displaces others that drive the same nets.

    Args:
        rig: the resolved rig.
        host: the machine the adapters are plugged into.
    """

    def __init__(self, rig: Rig, host: Host) -> None:
        rig.require_identities()
        self._rig, self._host = rig, host
        self._wiring = Wiring(rig)
        self._chips: dict[str, FtdiChip] = {}
        self._open: dict[Channel, Closable] = {}
        self._locks: list[AdapterLock] = []
        try:
            for adapter in rig.adapters.values():
                self._locks.append(AdapterLock(adapter, host.lock_folder))
            for adapter in rig.adapters.values():
                if adapter.kind.usb_id and adapter.channels:
                    self._chips[adapter.name] = FtdiChip(host, adapter)
        except BaseException:
            self.close()
            raise

    def uart(self, channel: Channel, *, event_char: int | None = None) -> FtdiUart:
        """The UART (or RS485 port) on a channel."""
        if channel.role is Role.RS485:
            return self._opened(channel, FtdiUart, lambda: self._rs485(channel))
        return self._opened(
            channel, FtdiUart, lambda: FtdiUart(self._chip(channel), channel.name, event_char=event_char)
        )

    def spi(self, channel: Channel, cs_bit: int) -> FtdiSpi:
        """The SPI controller on a channel."""
        return self._opened(
            channel, FtdiSpi, lambda: FtdiSpi(self._chip(channel), channel.name, cs_bit=cs_bit)
        )

    def i2c(self, channel: Channel) -> FtdiI2c:
        """The I²C controller on a channel."""
        return self._opened(channel, FtdiI2c, lambda: FtdiI2c(self._chip(channel), channel.name))

    def gpio(self, channel: Channel) -> FtdiPort:
        """The gpio port on a channel; its lines drive nothing until told to."""
        bits = tuple(attachment.function.bit for attachment in self._pins(channel))
        return self._opened(channel, FtdiPort, lambda: FtdiPort(self._chip(channel), channel.name, bits))

    def capture(self, channel: Channel, nets: Mapping[str, int]) -> FtdiCapture:
        """A capture of some nets of a channel; the caller closes it."""
        return FtdiCapture(self._chip(channel), channel.name, nets)

    def release(self, channel: Channel) -> None:
        """Close what is open on a channel: it is in high impedance afterwards."""
        user = self._open.pop(channel, None)
        if user is not None:
            user.close()

    def release_all(self, keep: Mapping[Channel, int]) -> None:
        """Close what is open, but on some channels; of a gpio port kept, only the lines of its mask stay."""
        for channel, user in list(self._open.items()):
            if channel not in keep:
                self.release(channel)
            elif isinstance(user, FtdiPort):
                for attachment in self._pins(channel):
                    if not keep[channel] >> attachment.function.bit & 1:
                        user.release(attachment.function.bit)

    def close(self) -> None:
        """Close everything and let others have the adapters; outputs are released whatever fails."""
        with ExitStack() as stack:
            for lock in self._locks:
                stack.callback(lock.release)
            users, self._open = list(self._open.values()), {}
            chips, self._chips = list(self._chips.values()), {}
            close_all([user.close for user in users] + [chip.close for chip in chips])

    def _opened(self, channel: Channel, kind: type[C], make: Callable[[], C]) -> C:
        user = self._open.get(channel)
        if user is None:
            for other in sorted(self._rivals(channel), key=str):
                self.release(other)
            user = self._open[channel] = make()
        assert isinstance(user, kind)
        return user

    def _pins(self, channel: Channel) -> list[Attachment]:
        """The wired pins of a channel."""
        nets = self._rig.nets.values()
        return [a for net in nets for a in self._wiring.bench_channels_on(net) if a.channel == channel]

    def driven_nets(self, channel: Channel) -> list[Net]:
        """Nets that a channel drives while it is open."""
        nets = [self._wiring.net_of(a.pin) for a in self._pins(channel) if _drives(a.function.direction)]
        return [net for net in nets if net is not None]

    def _rivals(self, channel: Channel) -> set[Channel]:
        """Open channels that drive a net this one drives."""
        return {
            attachment.channel
            for net in self.driven_nets(channel)
            for attachment in self._wiring.bench_channels_on(net)
            if attachment.channel in self._open.keys() - {channel} and _drives(attachment.function.direction)
        }

    def _rs485(self, channel: Channel) -> FtdiRs485:
        txden = channel.pin("TXDEN")
        function = channel.function(txden.pin) if txden else None
        wired = function is not None and self._wiring.net_of(txden) is not None
        return FtdiRs485(
            self._chip(channel), channel.name, txden_bit=function.bit if wired and function else None
        )

    def _chip(self, channel: Channel) -> FtdiChip:
        chip = self._chips.get(channel.adapter)
        if chip is None:
            adapter: Adapter = self._rig.adapters[channel.adapter]
            raise NotEquippedError(
                f"{channel.role} on adapter {adapter.name}", f"a {adapter.kind.name} cannot do it"
            )
        return chip


def _drives(direction: Direction) -> bool:
    return direction in (Direction.OUTPUT, Direction.OPEN_DRAIN)
