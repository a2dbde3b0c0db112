"""What the bench can do to a net: drive it, pull it, supply a part, record it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchctl.errors import NotEquippedError
from benchctl.rig.graph import Attachment, Nets
from benchctl.rig.kinds import Role
from benchctl.rig.model import Channel, Net, PinRef
from benchctl.rig.parts import Resistor


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


class BenchLines(Nets):
    """Gpio lines and capture ports of the bench."""

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
