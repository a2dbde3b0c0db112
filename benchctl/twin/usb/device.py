"""A USB device as a host sees it. The same object plugs into the bench PC and into the imp's host port."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from benchctl.twin.usb.descriptors import (
    CONFIGURATION,
    DEVICE,
    STRING,
    languages_descriptor,
    parse_configuration,
    string_descriptor,
)

Speed = Literal["low", "full", "high"]

DEVICE_TO_HOST = 0x80
_GET_STATUS, _CLEAR_FEATURE, _SET_FEATURE, _SET_ADDRESS, _GET_DESCRIPTOR = 0, 1, 3, 5, 6
_GET_CONFIGURATION, _SET_CONFIGURATION, _GET_INTERFACE, _SET_INTERFACE = 8, 9, 10, 11
_TYPE_MASK, _RECIPIENT_MASK, _TO_ENDPOINT = 0x60, 0x1F, 2


class Stall(Exception):  # noqa: N818 (USB calls the handshake STALL; it is an answer)
    """The device answered a request with STALL: it does not know it, or the endpoint is halted."""


class UsbDevice:
    """Base of every virtual USB device: descriptors and the standard requests of USB 2.0 chapter 9.4.

    A subclass overrides `control` for its class or vendor requests (falling back to this one) and `write`
    and `read` for its endpoints. Nothing here takes time: whoever drives the device charges the bus time.

    Args:
        device: raw device descriptor.
        configurations: raw configuration descriptors, each complete with interfaces and endpoints.
        strings: string descriptors by index.
        speed: what the device signals at.

    Attributes:
        configuration: the value of the active configuration, 0 when it has none.
        kernel_driver: whether the bench PC's kernel binds a driver to its interfaces when it is plugged.
    """

    def __init__(
        self,
        device: bytes,
        configurations: Sequence[bytes],
        strings: Mapping[int, str],
        speed: Speed,
        *,
        kernel_driver: bool = False,
    ) -> None:
        self.device = device
        self.configurations = tuple(configurations)
        self.strings = dict(strings)
        self.speed: Speed = speed
        self.kernel_driver = kernel_driver
        self.configuration = 0
        self._alternates: dict[int, int] = {}
        self._halted: set[int] = set()
        self._callbacks: dict[int, list[Callable[[], None]]] = {}

    def control(
        self, request_type: int, request: int, value: int, index: int, data: bytes, length: int
    ) -> bytes:
        """A control transfer on endpoint 0.

        Args:
            request_type: bmRequestType; bit 7 set means the device sends.
            request: bRequest.
            value: wValue.
            index: wIndex.
            data: what the host sends in the data stage (empty for device-to-host).
            length: wLength: most bytes the host takes (device-to-host).

        Returns:
            What the device sends, never more than `length`; empty for host-to-device.

        Raises:
            Stall: the device refuses.
        """
        if request_type & _TYPE_MASK:
            raise Stall
        recipient = request_type & _RECIPIENT_MASK
        if request_type & DEVICE_TO_HOST:
            return self._standard_in(request, value, index, recipient)[:length]
        self._standard_out(request, value, index, recipient)
        return b""

    def write(self, endpoint: int, data: bytes) -> int:
        """Offer data to an OUT endpoint; returns how many bytes it takes now, 0 when it NAKs.

        What it takes is whole packets of the endpoint's size, or all that is left.

        Raises:
            Stall: no such endpoint, or it is halted.
        """
        raise Stall

    def read(self, endpoint: int, max_packet: int) -> bytes | None:
        """One packet of an IN endpoint (possibly empty), or None when it NAKs.

        Raises:
            Stall: no such endpoint, or it is halted.
        """
        raise Stall

    def on_ready(self, endpoint: int, callback: Callable[[], None]) -> None:
        """Call `callback` once, the next time an endpoint that NAKed may answer differently.

        It is called from an event or from another transfer: it may not wait.
        """
        self._callbacks.setdefault(endpoint, []).append(callback)

    def pending(self, endpoint: int, size: int) -> None:
        """A host transfer with room for `size` more bytes waits on an IN endpoint; 0 when it no longer does.

        A host controller polls such an endpoint all the time, so whole packets leave as they fill. A device
        may let them collect instead, beyond its own FIFO, and call `ready` when the room is used up or the
        host must hear of something; by default every packet is announced.
        """

    def ready(self, endpoint: int) -> None:
        """Tell whoever waits that the endpoint may answer now (called by subclasses)."""
        for callback in self._callbacks.pop(endpoint, ()):
            callback()

    def plugged(self) -> None:
        """VBUS came: the device powers up, unconfigured."""
        self.reset()

    def unplugged(self) -> None:
        """VBUS went: the device loses power and state, and releases whatever it drives."""
        self._callbacks.clear()
        self.reset()

    def reset(self) -> None:
        """A bus reset: back to the unconfigured state."""
        self.configuration = 0
        self._alternates.clear()
        self._halted.clear()

    def halt(self, endpoint: int) -> None:
        """Halt an endpoint; the host clears it with CLEAR_FEATURE."""
        self._halted.add(endpoint)

    def halted(self, endpoint: int) -> bool:
        """True while an endpoint is halted."""
        return endpoint in self._halted

    def _standard_in(self, request: int, value: int, index: int, recipient: int) -> bytes:
        if request == _GET_DESCRIPTOR:
            return self._descriptor(value >> 8, value & 0xFF)
        if request == _GET_CONFIGURATION:
            return bytes((self.configuration,))
        if request == _GET_INTERFACE:
            return bytes((self._alternates.get(index, 0),))
        if request == _GET_STATUS:
            halted = recipient == _TO_ENDPOINT and self.halted(index)
            return bytes((int(halted), 0))
        raise Stall

    def _standard_out(self, request: int, value: int, index: int, recipient: int) -> None:
        if request == _SET_CONFIGURATION:
            if value and value not in [raw[5] for raw in self.configurations]:
                raise Stall
            self.configuration = value
            self._alternates.clear()
            self._halted.clear()
        elif request == _SET_INTERFACE:
            self._select_alternate(index, value)
        elif request in (_SET_FEATURE, _CLEAR_FEATURE):
            if recipient == _TO_ENDPOINT and value == 0:
                (self._halted.add if request == _SET_FEATURE else self._halted.discard)(index)
        elif request != _SET_ADDRESS:
            raise Stall

    def _select_alternate(self, interface: int, alternate: int) -> None:
        for raw in self.configurations:
            if raw[5] != self.configuration:
                continue
            for alternates in parse_configuration(raw).interfaces:
                if alternates[0].bInterfaceNumber == interface and alternate < len(alternates):
                    self._alternates[interface] = alternate
                    return
        raise Stall

    def _descriptor(self, kind: int, index: int) -> bytes:
        if kind == DEVICE and index == 0:
            return self.device
        if kind == CONFIGURATION and index < len(self.configurations):
            return self.configurations[index]
        if kind == STRING and index == 0:
            return languages_descriptor()
        if kind == STRING and index in self.strings:
            return string_descriptor(self.strings[index])
        raise Stall
