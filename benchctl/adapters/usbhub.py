"""Ports of a USB hub that switches their power one by one: hub class requests (USB 2.0, chapter 11.24)."""

from enum import IntEnum

import usb.util
from usb.core import Device

from benchctl.adapters.usberrors import UsbErrors
from benchctl.adapters.usbhost import find_device
from benchctl.buses.host import Host
from benchctl.buses.usb import UsbPort
from benchctl.errors import AdapterError, NotEquippedError, RigError
from benchctl.rig.model import Adapter

_GET_HUB, _GET_PORT, _SET_PORT = 0xA0, 0xA3, 0x23
_GET_STATUS, _CLEAR_FEATURE, _SET_FEATURE, _GET_DESCRIPTOR = 0, 1, 3, 6
_PORT_POWER = 8
_HUB_DESCRIPTOR = 0x2900
_HUB_DESCRIPTOR_SIZE = 9
_CONNECTION, _POWER = 0x0001, 0x0100
_SUPER_SPEED = 0x0300
_CONTROL_MS = 1000
_SETTLE_S = 0.1


class _Switching(IntEnum):
    """Bits 0 and 1 of wHubCharacteristics."""

    GANGED = 0
    INDIVIDUAL = 1


class UsbHub:
    """A hub of the bench.

    Args:
        host: the machine it is plugged into.
        adapter: what the rig file says about it.

    Raises:
        AdapterError: it is absent, or its USB 3 half was named.
        NotEquippedError: it cannot switch its ports one by one.
    """

    def __init__(self, host: Host, adapter: Adapter) -> None:
        self._clock = host.clock
        self.name = adapter.name
        self._adapter = adapter
        self._device: Device = find_device(host, adapter.kind.name, serial=adapter.serial, port=adapter.port)
        self._errors = UsbErrors(self._device, self.name)
        if self._device.bcdUSB >= _SUPER_SPEED:
            raise AdapterError(
                f"{self.name} is the USB 3 half of its hub", "name the USB 2 half: it has another port path"
            )
        with self._errors:
            raw = self._device.ctrl_transfer(
                _GET_HUB, _GET_DESCRIPTOR, _HUB_DESCRIPTOR, 0, _HUB_DESCRIPTOR_SIZE, _CONTROL_MS
            )
        self.port_count: int = raw[2]
        self._power_good_s = raw[5] * 2e-3
        if raw[3] & 3 != _Switching.INDIVIDUAL:
            how = "all ports together" if raw[3] & 3 == _Switching.GANGED else "no port at all"
            self.close()
            raise NotEquippedError(
                f"hub with per-port power switching: {self.name} switches {how}",
                "use a hub that uhubctl's list of hubs names",
            )

    def port(self, number: int) -> UsbPort:
        """A downstream port, numbered from 1.

        Raises:
            RigError: the hub has no such port.
        """
        if not 1 <= number <= self.port_count:
            raise self._no_port(number)
        return _HubPort(self, number)

    def _no_port(self, number: int) -> RigError:
        return self._adapter.place.error(
            f"hub {self.name!r} has no port {number}", f"its ports are 1 to {self.port_count}"
        )

    def set_power(self, port: int, on: bool) -> None:
        """Switch a port; when switching on, waits until the hub says its power is good, and a bit."""
        with self._errors:
            request = _SET_FEATURE if on else _CLEAR_FEATURE
            self._device.ctrl_transfer(_SET_PORT, request, _PORT_POWER, port, b"", _CONTROL_MS)
        self._clock.sleep((self._power_good_s if on else 0) + _SETTLE_S)
        if bool(self.status(port) & _POWER) != on:
            raise AdapterError(
                f"{self.name} did not switch port {port} {'on' if on else 'off'}",
                "use a hub that really switches VBUS: many claim to and do not",
            )

    def status(self, port: int) -> int:
        """wPortStatus of a port."""
        with self._errors:
            raw = self._device.ctrl_transfer(_GET_PORT, _GET_STATUS, 0, port, 4, _CONTROL_MS)
        return int.from_bytes(raw[:2], "little")

    def close(self) -> None:
        """Let go of the hub; its ports stay as they are."""
        usb.util.dispose_resources(self._device)


class _HubPort(UsbPort):
    def __init__(self, hub: UsbHub, number: int) -> None:
        self._hub, self._number = hub, number

    def power(self, on: bool) -> None:
        self._hub.set_power(self._number, on)

    def powered(self) -> bool:
        return bool(self._hub.status(self._number) & _POWER)

    def connected(self) -> bool:
        return bool(self._hub.status(self._number) & _CONNECTION)

    def close(self) -> None:
        """The hub is closed by its owner."""
