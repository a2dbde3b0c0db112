"""The USB host port of the imp below its API: power, attachment, enumeration, transfers on the bus.

The device model is the one the bench PC uses (benchctl/twin/usb); the bus times are those of USB 2.0.
"""

from collections.abc import Callable, Generator
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.usb.bus import Hub, Port
from benchctl.twin.usb.descriptors import CONFIGURATION, DEVICE, parse_configuration, parse_device
from benchctl.twin.usb.device import DEVICE_TO_HOST, Speed, Stall, UsbDevice
from benchctl.twin.usb.timing import TURNAROUND_NS, completion_ns, packet_ns
from benchctl.twin.wires.net import EdgeWatch
from benchctl.twin.world import Event

_GET_DESCRIPTOR, _SET_ADDRESS = 6, 5
ATTACH_NS = 150_000_000  # debounce and reset: USB 2.0, 7.1.7
_DESCRIPTORS_NS = 5_000_000  # choice: reading the descriptors
MOST_INTERFACES, MOST_ENDPOINTS = 4, 3  # USB-LIM-01, api/usb.yaml
_STALL, _NOT_RESPONDING = 4, 5  # transfer_states, api/usb.yaml

HUB_PASSES = declare(
    "usb-hub-passes-through",
    "r34-usb-no-hub-support",
    "a device behind a hub is enumerated",
    ["imp005"],
)
HUB_PASSES_ALL = declare(
    "usb-hub-two-devices",
    "r34-usb-single-device-only",
    "the second device behind a hub takes the place of the first",
    ["imp005"],
)
LOW_SPEED = declare(
    "usb-reports-low-speed", "r34-usb-full-speed-12mbps", "a full-speed device is reported at 1.5", ["imp005"]
)


class TransferError(Exception):
    """A transfer ended in one of the transfer states."""

    def __init__(self, state: int) -> None:
        self.state = state
        super().__init__(state)


class UsbHostPort:
    """Watches the port and its two pins, and enumerates what is plugged in while enabled.

    Args:
        chip: the imp.
        port: where the device is plugged.
        on_attached: called with the connect event's table once a device has been enumerated.
        on_detached: called when it is gone.

    Attributes:
        device: the enumerated device, or None.
        address: its USB address.
    """

    def __init__(
        self,
        chip: Chip,
        port: Port,
        on_attached: Callable[[dict[str, Any]], None],
        on_detached: Callable[[], None],
    ) -> None:
        self._chip, self._port = chip, port
        self._on_attached, self._on_detached = on_attached, on_detached
        self.device: UsbDevice | None = None
        self.address = 0
        self._enabled = False
        self._powered: UsbDevice | None = None
        self._pending: Event | None = None
        # The port works only while these are high (USB-LIM-06). choice: on the impC001 that is YM alone,
        # which switches the load on its breakout.
        pins = chip.module.usb.pins if chip.module.usb is not None else {}
        labels = [pins[role].split()[0] for role in ("POWER_ENABLE", "FAULT_L") if role in pins]
        self._nets = [chip.pads[label].net for label in labels]
        port.watch(lambda _port: self._look())
        for net in self._nets:
            EdgeWatch(net, lambda _level: self._look())

    def enable(self, on: bool) -> None:
        """Switch the host controller; switching it on resets what is plugged."""
        self._enabled = on
        self._drop(report=False)
        self._look()

    def control(
        self, address: int, request_type: int, request: int, value: int, index: int, size0: int, data: bytes
    ) -> Generator[int, None, bytes]:
        """A control transfer with its bus time; what the device sent. Raises TransferError."""
        world, device = self._chip.world, self.device
        packets = 2 + -(-len(data) // max(size0, 1))
        if device is None:
            raise TransferError(_NOT_RESPONDING)
        spent = packets * packet_ns(device.speed, min(len(data), size0))
        yield completion_ns(device.speed, world.now + spent)
        if device is not self.device or address != self.address:
            raise TransferError(_NOT_RESPONDING)
        incoming = bool(request_type & DEVICE_TO_HOST)
        try:
            answer = device.control(request_type, request, value, index, b"" if incoming else data, len(data))
        except Stall:
            raise TransferError(_STALL) from None
        if request_type == 0 and request == _SET_ADDRESS:
            self.address = value
        return answer

    def endpoint(self, number: int) -> Any:
        """The endpoint's descriptor, or None."""
        if self.device is None:
            return None
        for raw in self.device.configurations:
            for alternates in parse_configuration(raw).interfaces:
                for alternate in alternates:
                    for endpoint in alternate.endpoints:
                        if endpoint.bEndpointAddress == number:
                            return endpoint
        return None

    @property
    def speed(self) -> Speed:
        """What the bus runs at: a high-speed device falls back to full speed."""
        return "low" if self.device is not None and self.device.speed == "low" else "full"

    def packet_time_ns(self, size: int) -> int:
        """Bus time of a packet, with the host's turnaround."""
        return packet_ns(self.speed, size) + TURNAROUND_NS // 10

    def _look(self) -> None:
        """Something about the port changed."""
        powered = all(net.level() for net in self._nets)
        plugged = self._port.device if powered else None
        self._supply(plugged)
        wanted = self._usable(plugged) if self._enabled else None
        if self.device is not None and wanted is not self.device:
            self._drop(report=True)
        if self._pending is not None and wanted is None:
            self._pending.cancel()
            self._pending = None
        if wanted is not None and self.device is None and self._pending is None:
            found = wanted
            self._pending = self._chip.world.after(
                ATTACH_NS + _DESCRIPTORS_NS, lambda: self._enumerated(found)
            )

    def _supply(self, plugged: UsbDevice | None) -> None:
        if self._powered is plugged:
            return
        if self._powered is not None:
            self._powered.unplugged()
        self._powered = plugged
        if plugged is not None:
            plugged.plugged()

    def _usable(self, plugged: UsbDevice | None) -> UsbDevice | None:
        """choice: a hub is not enumerated at all, so nothing behind it is."""
        if not isinstance(plugged, Hub):
            return plugged
        behind = [port.device for port in plugged.ports if port.device is not None]
        if behind and self._chip.broken(HUB_PASSES_ALL):
            return behind[-1]
        return behind[0] if behind and self._chip.broken(HUB_PASSES) else None

    def _drop(self, *, report: bool) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        gone, self.device = self.device, None
        if gone is not None and report:
            self._on_detached()
        self.address = 0

    def _enumerated(self, device: UsbDevice) -> None:
        self._pending = None
        device.reset()
        self.device, self.address = device, 0
        low = device.speed == "low" or self._chip.broken(LOW_SPEED)
        self._on_attached({"speed": 1.5 if low else 12.0, "descriptors": _descriptors(device)})


def _descriptors(device: UsbDevice) -> dict[str, Any]:
    """The descriptors as the connect event has them (callback_tables, api/usb.yaml)."""
    head = parse_device(device.control(DEVICE_TO_HOST, _GET_DESCRIPTOR, DEVICE << 8, 0, b"", 18))
    configurations = [
        parse_configuration(
            device.control(DEVICE_TO_HOST, _GET_DESCRIPTOR, CONFIGURATION << 8 | i, 0, b"", 4096)
        )
        for i in range(head.bNumConfigurations)
    ]
    return {
        "usb": head.bcdUSB,
        "class": head.bDeviceClass,
        "subclass": head.bDeviceSubClass,
        "protocol": head.bDeviceProtocol,
        "maxpacketsize0": head.bMaxPacketSize0,
        "vendorid": head.idVendor,
        "productid": head.idProduct,
        "device": head.bcdDevice,
        "manufacturer": head.iManufacturer,
        "product": head.iProduct,
        "serial": head.iSerialNumber,
        "numofconfigurations": head.bNumConfigurations,
        "configurations": [_configuration(c) for c in configurations],
    }


def _configuration(row: Any) -> dict[str, Any]:
    alternates = [alternate for interface in row.interfaces for alternate in interface]
    return {
        "value": row.bConfigurationValue,
        "configuration": row.iConfiguration,
        "attributes": row.bmAttributes,
        "maxpower": row.bMaxPower,
        # choice: what is beyond the limits is left out
        "interfaces": [_interface(a) for a in alternates[:MOST_INTERFACES]],
    }


def _interface(row: Any) -> dict[str, Any]:
    return {
        "interfacenumber": row.bInterfaceNumber,
        "altsetting": row.bAlternateSetting,
        "class": row.bInterfaceClass,
        "subclass": row.bInterfaceSubClass,
        "protocol": row.bInterfaceProtocol,
        "interface": row.iInterface,
        "endpoints": [
            {
                "address": endpoint.bEndpointAddress,
                "attributes": endpoint.bmAttributes,
                "maxpacketsize": endpoint.wMaxPacketSize,
                "interval": endpoint.bInterval,
            }
            for endpoint in row.endpoints[:MOST_ENDPOINTS]
        ],
    }
