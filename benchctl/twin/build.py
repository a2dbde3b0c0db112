"""From a rig file to a virtual bench: `open_virtual` is all that the composition root calls."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchctl.buses.host import Host
from benchctl.rig import model
from benchctl.rig.model import IMP, HubPort, Line, Rig
from benchctl.rig.parts import AccessPoint, HubPowered, UsbFt232r, UsbHub
from benchctl.rig.parts import SpiNor as NorPart
from benchctl.rig.parts import UsbDevice as UsbPart
from benchctl.twin.attach import attach, usb_serial_part
from benchctl.twin.bench import VirtualBench
from benchctl.twin.clock import VirtualClock
from benchctl.twin.cloud import VirtualCloud
from benchctl.twin.faults import FaultSet
from benchctl.twin.imp.imp import VirtualImp
from benchctl.twin.interrupts import interrupting
from benchctl.twin.parts.fit import CLOCK_INPUTS, fit
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.ttys import VirtualTty
from benchctl.twin.usb import backend
from benchctl.twin.usb.bus import Hub, Port, UsbBus
from benchctl.twin.usb.device import UsbDevice
from benchctl.twin.usb.hub import PowerHub
from benchctl.twin.usb.socket import Socket
from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

_WEAK_FROM_OHMS = 50_000  # as weak as the pulls inside chips


def open_virtual(rig: Rig, *, seed: int = 0, impos: str = "", faults: Iterable[str] = ()) -> VirtualBench:
    """Build the bench a rig file describes, powered as at the end of its assembly.

    Args:
        rig: the resolved rig.
        seed: what makes this bench differ from others like it: crystals, delays, times of the parts.
        impos: release the imp runs; "" for the rig's.
        faults: ids of what is broken.

    Raises:
        UserError: there is no such fault, impOS release or flash chip.
        RigError: the rig has an adapter the virtual bench cannot stand in for.
    """
    with ExitStack() as stack:
        bench = _Builder(rig, seed, stack).build(impos or rig.impos, FaultSet(faults))
        bench._closing.push(stack.pop_all())
        return bench


class _Builder:
    def __init__(self, rig: Rig, seed: int, stack: ExitStack) -> None:
        self._rig, self._stack = rig, stack
        self._world = World(seed)
        self._usb = UsbBus(self._world)
        self._nets = {name: self._wire(net) for name, net in rig.nets.items()}
        self._parts: dict[str, Any] = {}
        self._adapters: dict[str, UsbDevice] = {}
        self._imp_usb = Port(1)

    def build(self, impos: str, faults: FaultSet) -> VirtualBench:
        rig, world = self._rig, self._world
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="benchctl-")))
        launcher = self._stack.enter_context(VmLauncher())
        imp = VirtualImp(
            world, rig.module, impos, self._pins(IMP),
            launcher=launcher, usb_port=self._imp_usb, seed=world.seed, faults=faults,
        )  # fmt: skip
        self._stack.callback(imp.close)
        self._stack.enter_context(interrupting(world))
        self._fit_parts()
        clock = VirtualClock(world)
        for name, adapter in rig.adapters.items():
            if adapter.kind.name == "tty":
                self._tty(folder, adapter, clock)
            else:
                self._adapters[name] = attach(world, self._usb, adapter, self._pins(name))
        self._supply_usb_parts()
        self._supply_network(imp)
        self._supply(imp)
        pyusb = backend.install(self._usb)
        self._stack.callback(backend.uninstall)
        host = Host(
            clock,
            usb_backend=pyusb,
            device_root=folder,
            lock_folder=folder / "locks",
        )
        return VirtualBench(
            world, host, self._usb, imp, VirtualCloud(world, imp),
            self._adapters, self._parts, self._nets, ExitStack(),
        )  # fmt: skip

    def _wire(self, net: model.Net) -> Net:
        clocked = any(pin.device in self._rig.parts and pin.pin in CLOCK_INPUTS for pin in net.pins)
        wire = (ClockNet if clocked else Net)(self._world, net.name)
        for ohms, high in ((net.pull_up, True), (net.pull_down, False)):
            if ohms is None:
                continue
            if ohms < _WEAK_FROM_OHMS:
                wire.pull("pull", high)
            else:
                wire.driver("pull").set(Drive.WEAK_HIGH if high else Drive.WEAK_LOW)
        return wire

    def _pins(self, device: str) -> Mapping[str, Net]:
        return {
            pin.pin: self._nets[net.name]
            for net in self._rig.nets.values()
            for pin in net.pins
            if pin.device == device
        }

    def _fit_parts(self) -> None:
        volts = self._rig.domains[self._rig.imp_domain]
        for name, part in self._rig.parts.items():
            if isinstance(part.spec, UsbFt232r):
                self._parts[name] = usb_serial_part(self._world, name, part.spec, self._pins(name))
            elif isinstance(part.spec, UsbHub):
                self._parts[name] = PowerHub(self._world, ports=part.spec.ports)
            elif not isinstance(part.spec, AccessPoint):
                self._parts[name] = fit(self._world, name, part.spec, self._pins(name), volts)
            if isinstance(part.spec, NorPart) and part.spec.image:
                self._keep(self._parts[name], self._rig.file.parent / part.spec.image)

    def _keep(self, chip: SpiNor, image: Path) -> None:
        """What the chip holds comes from a file and goes back there when the bench is closed."""
        if image.exists():
            chip.memory.load(image)
        self._stack.callback(lambda: chip.memory.save(image))

    def _tty(self, root: Path, adapter: model.Adapter, clock: VirtualClock) -> None:
        pins = self._pins(adapter.name)
        txd, rxd = (pins.get(pin) or Net(self._world, f"{adapter.name}.{pin}") for pin in ("TXD", "RXD"))
        port = VirtualTty(root / adapter.path.lstrip("/"), txd, rxd, clock.outside)
        self._stack.callback(port.close)

    def _supply_usb_parts(self) -> None:
        sockets: dict[str, Socket] = {}
        for name, part in self._rig.parts.items():
            if not isinstance(part.spec, UsbPart):
                continue
            where = part.spec.port
            if where not in sockets:
                hub, _, number = where.rpartition(".")
                sockets[where] = Socket(
                    self._imp_usb if hub == IMP else self._parts[hub].ports[int(number) - 1]
                )
            self._vbus(part.spec).feed(sockets[where].candidate(self._parts[name]))

    def _supply_network(self, imp: VirtualImp) -> None:
        """The imp is online while its access point has power; always, where the rig has none."""
        for part in self._rig.parts.values():
            if isinstance(part.spec, AccessPoint):
                self._vbus(part.spec).feed(imp.set_online)

    def _supply(self, imp: VirtualImp) -> None:
        """Power the imp, and with it the memories on its board, from what the rig says."""

        def supply(on: bool) -> None:
            imp.set_power(on)
            for part in self._parts.values():
                if isinstance(part, SpiNor) and not on:
                    part.power_off()

        power = self._rig.power
        if isinstance(power, HubPort):
            self._hub_port(power).feed(supply)
        elif isinstance(power, Line):
            net = self._pins(power.pin.device)[power.pin.pin]
            supply(net.level() == power.active_high)
            EdgeWatch(net, lambda level: supply(level == power.active_high))
        else:
            supply(True)

    def _vbus(self, spec: HubPowered) -> Port:
        hub, _, port = spec.vbus.rpartition(".")
        return self._hub_port(HubPort(hub, int(port)))

    def _hub_port(self, where: HubPort) -> Port:
        hub = self._adapters[where.hub]
        assert isinstance(hub, Hub)  # the rig's rules have seen to it
        return hub.ports[where.port - 1]
