"""From the text of a rig file to a `Rig`: every name looked up, unknown ones refused with the nearest."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchctl.dut.module import MODULES, Module
from benchctl.errors import RigError, UserError
from benchctl.nearest import nearest
from benchctl.rig.kinds import KINDS, MPSSE_ROLES, Role
from benchctl.rig.model import (
    IMP,
    Adapter,
    Channel,
    Control,
    ControlLink,
    Deploy,
    HubPort,
    Line,
    Manual,
    Net,
    Part,
    PinRef,
    Place,
    Rig,
)
from benchctl.rig.parts import UsbDevice, UsbHub
from benchctl.rig.schema import AdapterSpec, ControlLinkSpec, NetSpec, RigSpec
from benchctl.rig.source import KeyPath, Source, dotted


def resolve(spec: RigSpec, source: Source, file: Path) -> Rig:
    """Build the rig that `spec` describes.

    Args:
        spec: the validated file.
        source: the same file with its line numbers.
        file: the file the user named, for messages about the whole rig.

    Raises:
        RigError: a name is unknown, or an adapter cannot be what it is asked to be.
    """
    return _Resolver(spec, source, file).rig()


class _Resolver:
    def __init__(self, spec: RigSpec, source: Source, file: Path) -> None:
        self.spec, self.source, self.file = spec, source, file
        self.module = self._module()
        self.aliases, self.bus_aliases = self._aliases()
        self._domain(spec.imp_domain, ("imp_domain",))
        self.adapters = {name: self._adapter(name, adapter) for name, adapter in spec.adapters.items()}
        self.parts = {name: self._part(name) for name in spec.parts}
        for name, part in self.parts.items():
            if isinstance(part.spec, UsbDevice):
                self._plug(name, part.spec)

    def rig(self) -> Rig:
        spec = self.spec
        return Rig(
            name=spec.name,
            file=self.file,
            bench=spec.bench,
            module=self.module,
            impos=spec.impos,
            board=spec.board,
            aliases=MappingProxyType(self.aliases),
            bus_aliases=MappingProxyType(self.bus_aliases),
            domains=MappingProxyType(spec.domains),
            imp_domain=spec.imp_domain,
            adapters=MappingProxyType(self.adapters),
            parts=MappingProxyType(self.parts),
            nets=MappingProxyType({name: self._net(name, net) for name, net in spec.nets.items()}),
            power=self._power(),
            reset=self._reset(),
            control=Control(
                self._link(spec.control.primary, ("control", "primary")),
                tuple(
                    self._link(link, ("control", "alternates", index))
                    for index, link in enumerate(spec.control.alternates)
                ),
            ),
            deploy=Deploy(**spec.deploy.model_dump()) if spec.deploy else None,
            places=MappingProxyType({dotted(keys): self._place(*keys) for keys in self.source.marks}),
        )

    def _place(self, *keys: str | int) -> Place:
        mark = self.source.mark(keys)
        return Place(mark.file, mark.line, dotted(keys))

    def _error(self, keys: KeyPath, what: str, cure: str) -> RigError:
        return self._place(*keys).error(what, cure)

    def _module(self) -> Module:
        if self.spec.module not in MODULES:
            what = f"there is no module {self.spec.module!r}"
            raise self._error(("module",), what, nearest(self.spec.module, MODULES))
        return Module.named(self.spec.module)

    def _aliases(self) -> tuple[dict[str, str], dict[str, str]]:
        pins: dict[str, str] = {}
        buses: dict[str, str] = {}
        for alias, target in self.spec.aliases.items():
            if alias in self.module.pins:
                what = f"{alias!r} is already a pin of the {self.module.name}"
                raise self._error(("aliases", alias), what, "choose another name for the board role")
            if target in self.module.pins:
                pins[alias] = target
            elif target in self.module.buses:
                buses[alias] = target
            else:
                what = f"the {self.module.name} has no pin or bus {target!r}"
                known = (*self.module.buses, *self.module.pins)
                raise self._error(("aliases", alias), what, nearest(target, known))
        return pins, buses

    def _domain(self, domain: str, keys: KeyPath) -> None:
        if domain not in self.spec.domains:
            raise self._error(keys, f"there is no domain {domain!r}", nearest(domain, self.spec.domains))

    def _adapter(self, name: str, spec: AdapterSpec) -> Adapter:
        here: KeyPath = ("adapters", name)
        kind = KINDS[spec.kind]
        if name == IMP:
            raise self._error(here, "'imp' is the module itself", "give the adapter another name")
        given = [key for key in ("serial", "port", "path", "driver") if getattr(spec, key)]
        wanted = " or ".join(kind.identity)
        for key in given:
            if key not in kind.identity:
                raise self._error((*here, key), f"the {kind.name} has no {key}", f"identify it by {wanted}")
        if len(given) != 1:
            what = f"adapter {name!r} needs one identity, it has {len(given)}"
            raise self._error(here, what, f"identify it by {wanted}")
        self._domain(spec.domain, (*here, "domain"))
        roles = spec.channels
        if not roles and len(kind.roles) == 1:
            roles = {"A": next(iter(kind.roles))}
        channels = {}
        for letter, role in roles.items():
            keys: KeyPath = (*here, "channels", letter)
            if letter not in kind.channels:
                what = f"the {kind.name} has no channel {letter!r}"
                raise self._error(keys, what, nearest(letter, kind.channels))
            if not kind.can(letter, role):
                raise self._error(
                    keys, f"channel {letter} of the {kind.name} cannot be {role}", _instead(kind.name, role)
                )
            channels[letter] = Channel(name, letter, role, kind)
        return Adapter(
            name=name,
            kind=kind,
            domain=spec.domain,
            place=self._place(*here, given[0]),
            channels=MappingProxyType(channels),
            serial=spec.serial,
            port=spec.port,
            path=spec.path,
            driver=spec.driver,
            ports=0 if kind.channels else spec.ports,
        )

    def _part(self, name: str) -> Part:
        if name == IMP or name in self.adapters:
            raise self._error(("parts", name), f"{name!r} is taken", "give the part another name")
        spec = self.spec.parts[name]
        self._domain(spec.domain, ("parts", name, "domain"))
        return Part(name, spec, self._place("parts", name))

    def _plug(self, name: str, spec: UsbDevice) -> None:
        keys: KeyPath = ("parts", name, "port")
        if spec.port == f"{IMP}.USB":
            if self.module.usb is None:
                raise self._error(keys, f"the {self.module.name} has no USB host", "take the part out")
        else:
            hub = spec.port.rpartition(".")[0]
            hubs = {key: part.spec.ports for key, part in self.parts.items() if isinstance(part.spec, UsbHub)}
            known = [
                f"{IMP}.USB",
                *(f"{key}.{n}" for key, count in hubs.items() for n in range(1, count + 1)),
            ]
            if spec.port not in known or hub == name:
                raise self._error(keys, f"there is no USB port {spec.port!r}", nearest(spec.port, known))
        self._hub_port(spec.vbus, ("parts", name, "vbus"))

    def _hub_port(self, text: str, keys: KeyPath) -> HubPort:
        ports = {
            f"{name}.{port}": HubPort(name, port)
            for name, adapter in self.adapters.items()
            for port in range(1, adapter.ports + 1)
        }
        if text not in ports:
            raise self._error(keys, f"there is no hub port {text!r} on this bench", nearest(text, ports))
        return ports[text]

    def _net(self, name: str, spec: NetSpec) -> Net:
        listed: KeyPath = ("nets", name, "pins")
        if listed not in self.source.marks:
            listed = ("nets", name)
        return Net(
            name=name,
            pins=tuple(self._pin(text, (*listed, index)) for index, text in enumerate(spec.pins)),
            place=self._place("nets", name),
            pin_places=tuple(self._place(*listed, index) for index in range(len(spec.pins))),
            pull_up=spec.pull_up,
            pull_down=spec.pull_down,
            arbiter=spec.arbiter,
        )

    def _pin(self, text: str, keys: KeyPath) -> PinRef:
        device, dot, pin = text.partition(".")
        if not dot:
            raise self._error(keys, f"{text!r} is not a pin", "write it as DEVICE.PIN, such as imp.K")
        if device == IMP:
            return PinRef(IMP, self._imp_pin(pin, keys))
        known: Mapping[str, Any]
        if device in self.adapters:
            kind = self.adapters[device].kind
            known = {name: None for pins in kind.channels.values() for name in pins}
            owner = f"the {kind.name}"
        elif device in self.parts:
            known = self.parts[device].spec.pins
            owner = f"part {device!r}"
        else:
            devices = (IMP, *self.adapters, *self.parts)
            raise self._error(
                keys, f"there is no adapter or part {device!r} in this rig", nearest(device, devices)
            )
        if pin not in known:
            raise self._error(keys, f"{owner} has no pin {pin!r}", nearest(pin, known))
        return PinRef(device, pin)

    def _imp_pin(self, pin: str, keys: KeyPath) -> str:
        if pin in self.module.pins:
            return pin
        if pin in self.aliases:
            return self.aliases[pin]
        bus, dot, role = pin.partition(".")
        if not dot:
            known = (*self.module.pins, *self.aliases)
            raise self._error(keys, f"the {self.module.name} has no pin {pin!r}", nearest(pin, known))
        buses = self.module.buses
        bus = self.bus_aliases.get(bus, bus)
        if bus not in buses:
            known = (*buses, *self.bus_aliases)
            raise self._error(keys, f"the {self.module.name} has no bus {bus!r}", nearest(bus, known))
        wired = buses[bus].pin(role.lower())
        if wired is None:
            roles = [name.upper() for name in buses[bus].pins]
            raise self._error(keys, f"{bus} has no {role} pin that is documented", nearest(role, roles))
        return wired

    def _line(self, text: str, active: str, keys: KeyPath) -> Line:
        pin = self._pin(text, keys)
        adapter = self.adapters.get(pin.device)
        letter = adapter.kind.channel_of(pin.pin) if adapter else None
        channel = adapter.channels.get(letter) if adapter and letter else None
        if channel is None or channel.role is not Role.GPIO or channel.function(pin.pin) is None:
            what = f"{text} is not a bench gpio line"
            raise self._error(keys, what, "name a pin of an adapter channel whose role is gpio")
        return Line(pin, active == "high")

    def _power(self) -> HubPort | Line | Manual:
        power = self.spec.power
        if power.switch and power.line:
            what = "power is switched by a hub port and by a line"
            raise self._error(("power",), what, "keep one of `switch` and `line`")
        if power.switch:
            return self._hub_port(power.switch, ("power", "switch"))
        if power.line:
            return self._line(power.line, power.active, ("power", "line"))
        return Manual()

    def _reset(self) -> Line | None:
        reset = self.spec.reset
        return None if reset is None else self._line(reset.line, reset.active, ("reset", "line"))

    def _link(self, link: ControlLinkSpec, keys: KeyPath) -> ControlLink:
        name = self.bus_aliases.get(link.uart, link.uart)
        try:
            uart = self.module.uart(name)
        except UserError as error:
            raise self._error((*keys, "uart"), error.what, error.cure) from error
        if uart.tx is None or uart.rx is None:
            what = f"{name} cannot carry the control link: it has no {'TX' if uart.tx is None else 'RX'}"
            both = [key for key, each in self.module.uarts.items() if each.tx and each.rx]
            raise self._error((*keys, "uart"), what, f"choose one of: {', '.join(both)}")
        low, high = uart.min_baud, uart.max_baud
        if (low and link.baud < low) or (high and link.baud > high):
            what = f"{name} cannot do {link.baud} bit/s"
            raise self._error((*keys, "baud"), what, f"choose a rate from {low} to {high} bit/s")
        return ControlLink(name, link.baud)


def _instead(kind: str, role: Role) -> str:
    if not KINDS[kind].channels:
        return "a hub has ports, not channels"
    able = [letter for letter in KINDS[kind].channels if KINDS[kind].can(letter, role)]
    if able:
        return f"only {' and '.join(able)} can be {role}"
    others = [name for name, each in KINDS.items() if any(each.can(letter, role) for letter in each.channels)]
    lacking = "has no MPSSE" if role in MPSSE_ROLES else f"has no {role}"
    return f"the {kind} {lacking}; use one of: {', '.join(others)}"
