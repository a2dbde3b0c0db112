"""A USB bus: root ports, hubs below them, and what the bench PC sees plugged there."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

from benchctl.twin.usb.descriptors import parse_configuration, parse_device
from benchctl.twin.usb.device import UsbDevice
from benchctl.twin.world import Signal, World

Load = Callable[[bool], None]

# A new connection is debounced for 100 ms (TATTDB) and then reset for 50 ms (TDRSTR): USB 2.0, 7.1.7.
ENUMERATION_NS = 150_000_000
_ROOT_PORTS = 15


class Port:
    """A downstream port: VBUS, a device, and whatever else VBUS feeds.

    Attributes:
        number: 1-based.
        device: what is plugged, whether powered or not.
    """

    def __init__(self, number: int, *, powered: bool = True) -> None:
        self.number = number
        self.device: UsbDevice | None = None
        self._powered = powered
        self._loads: list[Load] = []
        self._watchers: list[Callable[[Port], None]] = []

    @property
    def powered(self) -> bool:
        """True while VBUS is on."""
        return self._powered

    def power(self, on: bool) -> None:
        """Switch VBUS."""
        if on == self._powered:
            return
        self._powered = on
        for load in self._loads:
            load(on)
        self._changed()

    def plug(self, device: UsbDevice) -> None:
        """Plug a device in, replacing what was there."""
        self.device = device
        self._changed()

    def unplug(self) -> None:
        """Pull the device out."""
        self.device = None
        self._changed()

    def feed(self, load: Load) -> None:
        """Let VBUS of this port supply something: `load(on)` is called now and at every change."""
        self._loads.append(load)
        load(self._powered)

    def watch(self, watcher: Callable[["Port"], None]) -> None:
        """Be told when power or device changed."""
        self._watchers.append(watcher)

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher(self)


class Hub(UsbDevice):
    """A device with downstream ports."""

    ports: tuple[Port, ...]


class Node:
    """One device as the bench PC knows it, from being plugged until being unplugged.

    Attributes:
        path: port numbers from the root.
        attached: False for ever once it was unplugged.
        claims: who holds each interface.
        bound: interfaces a kernel driver holds.
    """

    def __init__(
        self, bus: "UsbBus", device: UsbDevice, address: int, path: tuple[int, ...], parent: "Node | None"
    ) -> None:
        self.bus, self.device, self.address, self.path, self.parent = bus, device, address, path, parent
        self.attached = True
        self.enumerated = False
        self.claims: dict[int, object] = {}
        self.bound: set[int] = set()
        self.descriptor: SimpleNamespace = parse_device(device.device)
        self.configurations = [parse_configuration(raw) for raw in device.configurations]
        self.waiting: set[Signal] = set()
        self._max_packet: dict[int, int] = {
            endpoint.bEndpointAddress: endpoint.wMaxPacketSize
            for configuration in self.configurations
            for alternates in configuration.interfaces
            for interface in alternates
            for endpoint in interface.endpoints
        }

    @property
    def interfaces(self) -> list[int]:
        """Interface numbers of the active configuration."""
        active = self.device.configuration
        for configuration in self.configurations:
            if configuration.bConfigurationValue == active:
                return [alternates[0].bInterfaceNumber for alternates in configuration.interfaces]
        return []

    def max_packet(self, endpoint: int) -> int:
        """wMaxPacketSize of an endpoint.

        Raises:
            KeyError: there is no such endpoint.
        """
        return self._max_packet[endpoint]

    def enumerate(self) -> None:
        """What the kernel does to a new device: configure it and bind its drivers."""
        if not self.attached:
            return
        self.enumerated = True
        value = self.configurations[0].bConfigurationValue
        self.device.control(0x00, 9, value, 0, b"", 0)
        if self.device.kernel_driver:
            self.bound = set(self.interfaces)

    def detach(self) -> None:
        """The device is gone: everything that waits for it fails."""
        self.attached = False
        self.claims.clear()
        for signal in tuple(self.waiting):
            signal.fire()


class UsbBus:
    """The bench PC's USB: `number` is its bus number, addresses are given in order of plugging."""

    def __init__(self, world: World, number: int = 1) -> None:
        self.world = world
        self.number = number
        self.root = tuple(Port(i + 1) for i in range(_ROOT_PORTS))
        self._nodes: dict[UsbDevice, Node] = {}
        self._last_address = 1  # the root hub's
        for port in self.root:
            port.watch(self._port_changed)

    def port(self, *path: int) -> Port:
        """The port reached by port numbers from the root.

        Raises:
            KeyError: no such port, or no hub on the way.
        """
        ports = self.root
        for number in path[:-1]:
            hub = ports[number - 1].device
            if not isinstance(hub, Hub):
                raise KeyError(path)
            ports = hub.ports
        if not 0 < path[-1] <= len(ports):
            raise KeyError(path)
        return ports[path[-1] - 1]

    def plug(self, device: UsbDevice, *path: int) -> Port:
        """Plug a device in at a path of port numbers."""
        port = self.port(*path)
        if isinstance(device, Hub):
            for below in device.ports:
                below.watch(self._port_changed)
        port.plug(device)
        return port

    def nodes(self) -> list[Node]:
        """Devices enumerated now, in order of address."""
        return [node for node in self._nodes.values() if node.enumerated]

    def _port_changed(self, _port: Port) -> None:
        present = {device: (path, parent) for device, path, parent in self._walk(self.root, (), None)}
        for device, node in list(self._nodes.items()):
            if self._nodes.get(device) is not node:  # went together with its hub
                continue
            if present.get(device, ((), None))[0] != node.path:
                del self._nodes[device]
                node.detach()
                device.unplugged()
        for device, (path, parent) in present.items():
            if device not in self._nodes:
                self._attach(device, path, parent)

    def _attach(self, device: UsbDevice, path: tuple[int, ...], parent: UsbDevice | None) -> None:
        self._last_address += 1
        node = Node(self, device, self._last_address, path, self._nodes[parent] if parent else None)
        self._nodes[device] = node
        device.plugged()
        if self.world.now == 0:  # was there before the bench was opened
            node.enumerate()
        else:
            self.world.after(ENUMERATION_NS, node.enumerate)

    def _walk(
        self, ports: tuple[Port, ...], path: tuple[int, ...], parent: UsbDevice | None
    ) -> Iterator[tuple[UsbDevice, tuple[int, ...], UsbDevice | None]]:
        for port in ports:
            device = port.device
            if device is None or not port.powered:
                continue
            here = (*path, port.number)
            yield device, here, parent
            if isinstance(device, Hub):
                yield from self._walk(device.ports, here, device)
