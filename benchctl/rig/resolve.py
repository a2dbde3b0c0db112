"""From the text of a rig file to a `Rig`: every name looked up, unknown ones refused with the nearest."""

from pathlib import Path
from types import MappingProxyType

from benchctl.dut.module import MODULES, Module
from benchctl.errors import UserError
from benchctl.nearest import nearest
from benchctl.rig.adapters import resolve_adapter
from benchctl.rig.model import (
    IMP,
    Control,
    ControlLink,
    Deploy,
    HubPort,
    Line,
    Manual,
    Net,
    Part,
    Place,
    Rig,
)
from benchctl.rig.names import Names
from benchctl.rig.parts import HubPowered, UsbDevice
from benchctl.rig.schema import ControlLinkSpec, NetSpec, RigSpec
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
    return _Resolver(spec, source).rig(file)


class _Resolver:
    def __init__(self, spec: RigSpec, source: Source) -> None:
        self.spec, self.source = spec, source
        self.module = _module(spec.module, source)
        self.names = Names(source, self.module, spec.domains, spec.parts)

    def rig(self, file: Path) -> Rig:
        spec, names = self.spec, self.names
        for alias, target in spec.aliases.items():
            names.add_alias(alias, target)
        names.require_domain(spec.imp_domain, ("imp_domain",))
        for name, adapter in spec.adapters.items():
            names.adapters[name] = resolve_adapter(name, adapter, names)
        return Rig(
            name=spec.name,
            file=file,
            bench=spec.bench,
            module=self.module,
            impos=spec.impos,
            board=spec.board,
            aliases=MappingProxyType(names.pins),
            bus_aliases=MappingProxyType(names.buses),
            domains=MappingProxyType(spec.domains),
            imp_domain=spec.imp_domain,
            adapters=MappingProxyType(names.adapters),
            parts=MappingProxyType({name: self._part(name) for name in spec.parts}),
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
            places=MappingProxyType({dotted(keys): names.place(*keys) for keys in self.source.marks}),
        )

    def _part(self, name: str) -> Part:
        names, spec = self.names, self.spec.parts[name]
        if name == IMP or name in names.adapters:
            raise names.error(("parts", name), f"{name!r} is taken", "give the part another name")
        names.require_domain(spec.domain, ("parts", name, "domain"))
        if isinstance(spec, UsbDevice):
            names.require_usb_port(name, spec.port, ("parts", name, "port"))
        if isinstance(spec, HubPowered):
            names.hub_port(spec.vbus, ("parts", name, "vbus"))
        return Part(name, spec, names.place("parts", name))

    def _net(self, name: str, spec: NetSpec) -> Net:
        names = self.names
        listed: KeyPath = ("nets", name, "pins")
        if listed not in self.source.marks:
            listed = ("nets", name)
        return Net(
            name=name,
            pins=tuple(names.pin(text, (*listed, index)) for index, text in enumerate(spec.pins)),
            place=names.place("nets", name),
            pin_places=tuple(names.place(*listed, index) for index in range(len(spec.pins))),
            pull_up=spec.pull_up,
            pull_down=spec.pull_down,
            arbiter=spec.arbiter,
        )

    def _power(self) -> HubPort | Line | Manual:
        power = self.spec.power
        if power.switch and power.line:
            what = "power is switched by a hub port and by a line"
            raise self.names.error(("power",), what, "keep one of `switch` and `line`")
        if power.switch:
            return self.names.hub_port(power.switch, ("power", "switch"))
        if power.line:
            return self.names.line(power.line, power.active, ("power", "line"))
        return Manual()

    def _reset(self) -> Line | None:
        reset = self.spec.reset
        return None if reset is None else self.names.line(reset.line, reset.active, ("reset", "line"))

    def _link(self, link: ControlLinkSpec, keys: KeyPath) -> ControlLink:
        name = self.names.buses.get(link.uart, link.uart)
        try:
            uart = self.module.uart(name)
        except UserError as error:
            raise self.names.error((*keys, "uart"), error.what, error.cure) from error
        if uart.tx is None or uart.rx is None:
            what = f"{name} cannot carry the control link: it has no {'TX' if uart.tx is None else 'RX'}"
            both = [key for key, each in self.module.uarts.items() if each.tx and each.rx]
            raise self.names.error((*keys, "uart"), what, f"choose one of: {', '.join(both)}")
        low, high = uart.min_baud, uart.max_baud
        if (low and link.baud < low) or (high and link.baud > high):
            what = f"{name} cannot do {link.baud} bit/s"
            raise self.names.error((*keys, "baud"), what, f"choose a rate from {low} to {high} bit/s")
        return ControlLink(name, link.baud)


def _module(name: str, source: Source) -> Module:
    if name not in MODULES:
        mark = source.mark(("module",))
        place = Place(mark.file, mark.line, "module")
        raise place.error(f"there is no module {name!r}", nearest(name, MODULES))
    return Module.named(name)
