"""The names a rig file may use: pins, domains, lines and ports, each found or refused with the nearest."""

from collections.abc import Mapping
from typing import Any

from benchctl.dut.module import Module
from benchctl.errors import RigError
from benchctl.nearest import nearest
from benchctl.rig.kinds import Role
from benchctl.rig.model import IMP, Adapter, HubPort, Line, PinRef, Place
from benchctl.rig.parts import PartSpec, UsbHub
from benchctl.rig.source import KeyPath, Source, dotted


class Names:
    """What the text of a rig file can mean. Every method raises RigError for what it does not know.

    Args:
        source: where everything is written.
        module: the imp.
        domains: voltage domains.
        parts: fixture parts.

    Attributes:
        pins: board roles of imp pins.
        buses: board roles of the imp's buses.
        adapters: the adapters resolved so far.
    """

    def __init__(
        self, source: Source, module: Module, domains: Mapping[str, float], parts: Mapping[str, PartSpec]
    ) -> None:
        self._source, self._module, self._domains, self._parts = source, module, domains, parts
        self.pins: dict[str, str] = {}
        self.buses: dict[str, str] = {}
        self.adapters: dict[str, Adapter] = {}

    def place(self, *keys: str | int) -> Place:
        """Where a key is written, or the nearest one above it."""
        mark = self._source.mark(keys)
        return Place(mark.file, mark.line, dotted(keys))

    def error(self, keys: KeyPath, what: str, cure: str) -> RigError:
        """An error about a key."""
        return self.place(*keys).error(what, cure)

    def add_alias(self, alias: str, target: str) -> None:
        """Take in a board role for an imp pin or bus."""
        keys: KeyPath = ("aliases", alias)
        module = self._module
        if alias in module.pins:
            what = f"{alias!r} is already a pin of the {module.name}"
            raise self.error(keys, what, "choose another name for the board role")
        if target in module.pins:
            self.pins[alias] = target
        elif target in module.buses:
            self.buses[alias] = target
        else:
            known = (*module.buses, *module.pins)
            what = f"the {module.name} has no pin or bus {target!r}"
            raise self.error(keys, what, nearest(target, known))

    def require_domain(self, domain: str, keys: KeyPath) -> None:
        """The voltage domain is one of the file's."""
        if domain not in self._domains:
            raise self.error(keys, f"there is no domain {domain!r}", nearest(domain, self._domains))

    def pin(self, text: str, keys: KeyPath) -> PinRef:
        """A pin of the imp, an adapter or a part."""
        device, dot, pin = text.partition(".")
        if not dot:
            raise self.error(keys, f"{text!r} is not a pin", "write it as DEVICE.PIN, such as imp.K")
        if device == IMP:
            return PinRef(IMP, self._imp_pin(pin, keys))
        known: Mapping[str, Any]
        if device in self.adapters:
            kind = self.adapters[device].kind
            known = {name: None for pins in kind.channels.values() for name in pins}
            owner = f"the {kind.name}"
        elif device in self._parts:
            known = self._parts[device].pins
            owner = f"part {device!r}"
        else:
            devices = (IMP, *self.adapters, *self._parts)
            raise self.error(
                keys, f"there is no adapter or part {device!r} in this rig", nearest(device, devices)
            )
        if pin not in known:
            raise self.error(keys, f"{owner} has no pin {pin!r}", nearest(pin, known))
        return PinRef(device, pin)

    def _imp_pin(self, pin: str, keys: KeyPath) -> str:
        module = self._module
        if pin in module.pins:
            return pin
        if pin in self.pins:
            return self.pins[pin]
        bus, dot, role = pin.partition(".")
        if not dot:
            known = (*module.pins, *self.pins)
            raise self.error(keys, f"the {module.name} has no pin {pin!r}", nearest(pin, known))
        bus = self.buses.get(bus, bus)
        if bus not in module.buses:
            known = (*module.buses, *self.buses)
            raise self.error(keys, f"the {module.name} has no bus {bus!r}", nearest(bus, known))
        wired = module.buses[bus].pin(role.lower())
        if wired is None:
            roles = [name.upper() for name in module.buses[bus].pins]
            raise self.error(keys, f"{bus} has no {role} pin that is documented", nearest(role, roles))
        return wired

    def line(self, text: str, active: str, keys: KeyPath) -> Line:
        """A gpio line of the bench; `active` is "high" or "low"."""
        pin = self.pin(text, keys)
        adapter = self.adapters.get(pin.device)
        letter = adapter.kind.channel_of(pin.pin) if adapter else None
        channel = adapter.channels.get(letter) if adapter and letter else None
        if channel is None or channel.role is not Role.GPIO or channel.function(pin.pin) is None:
            what = f"{text} is not a bench gpio line"
            raise self.error(keys, what, "name a pin of an adapter channel whose role is gpio")
        return Line(pin, active == "high")

    def hub_port(self, text: str, keys: KeyPath) -> HubPort:
        """A port of a bench hub, such as "hub.1"."""
        ports = {
            f"{name}.{port}": HubPort(name, port)
            for name, adapter in self.adapters.items()
            for port in range(1, adapter.ports + 1)
        }
        if text in ports:
            return ports[text]
        hub = self.adapters.get(text.partition(".")[0])
        if hub is not None and hub.ports:
            cure = f"its ports are 1 to {hub.ports}; if it has more, say `ports: N` in adapters.{hub.name}"
        else:
            cure = nearest(text, ports)
        raise self.error(keys, f"there is no hub port {text!r} on this bench", cure)

    def require_usb_port(self, name: str, port: str, keys: KeyPath) -> None:
        """The place a USB part is plugged into exists: the imp's own port, or one of a hub part."""
        if port == f"{IMP}.USB":
            if self._module.usb is None:
                raise self.error(keys, f"the {self._module.name} has no USB host", "take the part out")
            return
        hubs = {hub: spec.ports for hub, spec in self._parts.items() if isinstance(spec, UsbHub)}
        known = [f"{IMP}.USB", *(f"{hub}.{n}" for hub, count in hubs.items() for n in range(1, count + 1))]
        if port not in known or port.rpartition(".")[0] == name:
            raise self.error(keys, f"there is no USB port {port!r}", nearest(port, known))
