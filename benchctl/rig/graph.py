"""The nets of a rig as a graph: what is joined to what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from benchctl.errors import NotEquippedError, UserError
from benchctl.nearest import nearest
from benchctl.rig.kinds import Function
from benchctl.rig.model import IMP, Channel, Net, Part, PinRef, Rig


@dataclass(frozen=True)
class Attachment:
    """A pin of a bench channel on a net, and what it does there."""

    channel: Channel
    pin: PinRef
    function: Function


class Nets:
    """The nets of a rig, and what is on each."""

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
