"""A hub with per-port power switching (USB 2.0, chapter 11): what `uhubctl` and the bench's power use."""

import struct
from enum import IntEnum, IntFlag

from benchctl.twin.usb.bus import Hub, Port
from benchctl.twin.usb.descriptors import (
    INTERRUPT,
    configuration_descriptor,
    device_descriptor,
    endpoint_descriptor,
    interface_descriptor,
)
from benchctl.twin.usb.device import DEVICE_TO_HOST, Stall
from benchctl.twin.world import World

HUB_DESCRIPTOR = 0x29
_HUB_CLASS = 9
_STATUS_ENDPOINT = 0x81
_GET_STATUS, _CLEAR_FEATURE, _SET_FEATURE, _GET_DESCRIPTOR, _SET_CONFIGURATION = 0, 1, 3, 6, 9
_CLASS_TO_HUB, _CLASS_TO_PORT = 0x20, 0x23
_RESET_NS = 10_000_000  # TDRST, 7.1.7.5
_CHARACTERISTICS = 0x0009  # power switched and over-current reported port by port


class PortFeature(IntEnum):
    """Selectors of SET_FEATURE and CLEAR_FEATURE on a port (table 11-17)."""

    ENABLE = 1
    SUSPEND = 2
    RESET = 4
    POWER = 8
    C_CONNECTION = 16
    C_ENABLE = 17
    C_SUSPEND = 18
    C_OVER_CURRENT = 19
    C_RESET = 20
    INDICATOR = 22


class PortStatus(IntFlag):
    """wPortStatus (table 11-21)."""

    CONNECTION = 0x0001
    ENABLE = 0x0002
    SUSPEND = 0x0004
    RESET = 0x0010
    POWER = 0x0100
    LOW_SPEED = 0x0200
    HIGH_SPEED = 0x0400


class PowerHub(Hub):
    """A self-powered high-speed hub. Its ports have power from its configuration until it is pulled.

    Args:
        world: simulated time.
        serial: its serial number string; "" for a hub without one.
        ports: number of downstream ports, at most 7.
        vendor: USB vendor id; the default pair is a hub known to switch power port by port (D-Link DUB-H7).
        product: USB product id.
    """

    def __init__(
        self, world: World, serial: str = "", ports: int = 4, vendor: int = 0x2001, product: int = 0xF103
    ) -> None:
        status = endpoint_descriptor(_STATUS_ENDPOINT, INTERRUPT, 1, interval=12)
        interface = interface_descriptor(0, [status], interface_class=(_HUB_CLASS, 0, 0))
        super().__init__(
            device_descriptor(
                vendor,
                product,
                0x0100,
                device_class=(_HUB_CLASS, 0, 1),
                strings=(1, 2, 3 if serial else 0),
            ),
            [configuration_descriptor([interface], attributes=0xE0)],
            {1: "benchctl", 2: f"{ports}-port power hub", **({3: serial} if serial else {})},
            "high",
            kernel_driver=True,
        )
        self.ports = tuple(Port(i + 1, powered=False) for i in range(ports))
        self._world = world
        self._changes = [0] * ports
        self._enabled = [False] * ports
        self._connected = [False] * ports
        self._resetting = [False] * ports
        for port in self.ports:
            port.watch(self._port_changed)

    def control(
        self, request_type: int, request: int, value: int, index: int, data: bytes, length: int
    ) -> bytes:
        """Hub class requests (11.24), and the standard ones."""
        target = request_type & ~DEVICE_TO_HOST
        if target == _CLASS_TO_HUB:
            return self._hub_request(request_type, request, value)[:length]
        if target == _CLASS_TO_PORT:
            return self._port_request(request_type, request, value, index & 0xFF)[:length]
        answer = super().control(request_type, request, value, index, data, length)
        if target == 0 and request == _SET_CONFIGURATION and value:
            for port in self.ports:  # the kernel's hub driver does so right after configuring
                port.power(True)
        return answer

    def read(self, endpoint: int, max_packet: int) -> bytes | None:
        """The status change endpoint: a bit for each port with a change."""
        if endpoint != _STATUS_ENDPOINT:
            raise Stall
        bitmap = sum(1 << (i + 1) for i, change in enumerate(self._changes) if change)
        return bytes((bitmap,)) if bitmap else None

    def reset(self) -> None:
        """Unconfigured: the ports have no power."""
        for port in self.ports:
            port.power(False)
        super().reset()

    def _hub_request(self, request_type: int, request: int, value: int) -> bytes:
        if request_type & DEVICE_TO_HOST:
            if request == _GET_DESCRIPTOR and value >> 8 == HUB_DESCRIPTOR:
                # bPwrOn2PwrGood in 2 ms units, bHubContrCurrent in mA; no port's device is built in.
                head = struct.pack("<BBBHBB", 9, HUB_DESCRIPTOR, len(self.ports), _CHARACTERISTICS, 50, 100)
                return head + bytes((0x00, 0xFF))
            if request == _GET_STATUS:
                return bytes(4)
        raise Stall

    def _port_request(self, request_type: int, request: int, value: int, number: int) -> bytes:
        if not 0 < number <= len(self.ports):
            raise Stall
        i = number - 1
        if request_type & DEVICE_TO_HOST:
            if request != _GET_STATUS:
                raise Stall
            return struct.pack("<HH", self._status(i), self._changes[i])
        if request == _SET_FEATURE:
            self._set_feature(i, value)
        elif request == _CLEAR_FEATURE:
            self._clear_feature(i, value)
        else:
            raise Stall
        return b""

    def _status(self, i: int) -> int:
        port = self.ports[i]
        if not port.powered:
            return 0
        status = PortStatus.POWER
        if port.device is not None:
            status |= PortStatus.CONNECTION
            if self._enabled[i]:
                status |= PortStatus.ENABLE
            if self._resetting[i]:
                status |= PortStatus.RESET
            if port.device.speed == "low":
                status |= PortStatus.LOW_SPEED
            elif port.device.speed == "high":
                status |= PortStatus.HIGH_SPEED
        return int(status)

    def _set_feature(self, i: int, feature: int) -> None:
        port = self.ports[i]
        if feature == PortFeature.POWER:
            port.power(True)
        elif feature == PortFeature.RESET:
            if port.powered and port.device is not None:
                self._resetting[i] = True
                port.device.reset()
                self._world.after(_RESET_NS, lambda: self._reset_over(i))
        elif feature not in (PortFeature.SUSPEND, PortFeature.INDICATOR):
            raise Stall

    def _clear_feature(self, i: int, feature: int) -> None:
        if feature == PortFeature.POWER:
            self.ports[i].power(False)
        elif feature == PortFeature.ENABLE:
            self._enabled[i] = False
        elif PortFeature.C_CONNECTION <= feature <= PortFeature.C_RESET:
            self._changes[i] &= ~(1 << (feature - PortFeature.C_CONNECTION))
        elif feature not in (PortFeature.SUSPEND, PortFeature.INDICATOR):
            raise Stall

    def _reset_over(self, i: int) -> None:
        self._resetting[i] = False
        self._enabled[i] = self.ports[i].powered and self.ports[i].device is not None
        self._note(i, PortFeature.C_RESET)

    def _port_changed(self, port: Port) -> None:
        i = port.number - 1
        connected = port.powered and port.device is not None
        if connected != self._connected[i]:
            self._connected[i] = self._enabled[i] = connected
            if port.powered:
                self._note(i, PortFeature.C_CONNECTION)

    def _note(self, i: int, feature: PortFeature) -> None:
        self._changes[i] |= 1 << (feature - PortFeature.C_CONNECTION)
        self.ready(_STATUS_ENDPOINT)
