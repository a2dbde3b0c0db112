"""A pyusb backend over a virtual bus: transfers take simulated time, errors are libusb's.

Every blocking call waits in simulated time and so must be made by a host task (which a test's main program
is too). Time-outs count simulated milliseconds; 0 means for ever, as in libusb.
"""

import errno
from array import array
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from pyftdi.usbtools import UsbTools
from usb.backend import IBackend
from usb.core import USBError, USBTimeoutError

from benchctl.twin.usb.bus import Node, UsbBus
from benchctl.twin.usb.device import DEVICE_TO_HOST, Stall
from benchctl.twin.usb.timing import completion_ns, packet_ns
from benchctl.twin.world import Event, Signal

# libusb_error codes with the texts of libusb_strerror and the errno pyusb attaches.
_ERRORS = {
    -2: (errno.EINVAL, "Invalid parameter"),
    -4: (errno.ENODEV, "No such device (it may have been disconnected)"),
    -5: (errno.ENOENT, "Entity not found"),
    -6: (errno.EBUSY, "Resource busy"),
    -7: (errno.ETIMEDOUT, "Operation timed out"),
    -8: (errno.EOVERFLOW, "Overflow"),
    -9: (errno.EPIPE, "Pipe error"),
}
_INVALID_PARAM, _NO_DEVICE, _NOT_FOUND, _BUSY, _TIMEOUT, _OVERFLOW, _PIPE = _ERRORS
_SPEEDS = {"low": 1, "full": 2, "high": 3}  # enum libusb_speed
_SET_CONFIGURATION, _SET_INTERFACE, _CLEAR_FEATURE = 9, 11, 1
_WRITE_BYTES = 16_384  # offered to a device at once; a kernel URB's size


def _fail(code: int) -> USBError:
    number, text = _ERRORS[code]
    kind = USBTimeoutError if code == _TIMEOUT else USBError
    return kind(text, code, number)


class _Handle:
    """One `libusb_open` of a device."""

    def __init__(self, node: Node) -> None:
        self.node = node


class VirtualBackend(IBackend):  # type: ignore[misc]
    """`IBackend` of one virtual bus."""

    def __init__(self, bus: UsbBus) -> None:
        super().__init__()
        self._bus = bus
        self._world = bus.world

    def enumerate_devices(self) -> Iterator[Node]:
        """Nodes of all devices plugged."""
        return iter(self._bus.nodes())

    def get_parent(self, dev: Node) -> Node | None:
        """The hub a device hangs on; None at the root."""
        return dev.parent

    def get_device_descriptor(self, dev: Node) -> SimpleNamespace:
        """Descriptor fields with bus, address, port numbers and speed."""
        view = SimpleNamespace(**vars(dev.descriptor))
        view.bus, view.address = dev.bus.number, dev.address
        view.port_number, view.port_numbers = dev.path[-1], dev.path
        view.speed = _SPEEDS[dev.device.speed]
        return view

    def get_configuration_descriptor(self, dev: Node, config: int) -> SimpleNamespace:
        """Configuration by index (IndexError beyond the last, as pyusb expects)."""
        return dev.configurations[config]

    def get_interface_descriptor(self, dev: Node, intf: int, alt: int, config: int) -> Any:
        """Interface by indices."""
        return dev.configurations[config].interfaces[intf][alt]

    def get_endpoint_descriptor(self, dev: Node, ep: int, intf: int, alt: int, config: int) -> Any:
        """Endpoint by indices."""
        return dev.configurations[config].interfaces[intf][alt].endpoints[ep]

    def open_device(self, dev: Node) -> _Handle:
        """Open; ENODEV when it was unplugged."""
        if not dev.attached:
            raise _fail(_NO_DEVICE)
        return _Handle(dev)

    def close_device(self, dev_handle: _Handle) -> None:
        """Close, releasing what the handle claimed."""
        node = dev_handle.node
        node.claims = {i: owner for i, owner in node.claims.items() if owner is not dev_handle}

    def get_configuration(self, dev_handle: _Handle) -> int:
        """Value of the active configuration (the kernel's copy: no transfer)."""
        return self._live(dev_handle).device.configuration

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        """Set the configuration; EBUSY while a driver or a program holds an interface."""
        node = self._live(dev_handle)
        if node.bound or node.claims:
            raise _fail(_BUSY)
        self._request(dev_handle, 0x00, _SET_CONFIGURATION, config_value, 0)

    def set_interface_altsetting(self, dev_handle: _Handle, intf: int, altsetting: int) -> None:
        """Select an alternate setting of a claimed interface."""
        if self._live(dev_handle).claims.get(intf) is not dev_handle:
            raise _fail(_NOT_FOUND)
        self._request(dev_handle, 0x01, _SET_INTERFACE, altsetting, intf)

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Claim; EBUSY while a kernel driver or another handle holds it."""
        node = self._live(dev_handle)
        if intf not in node.interfaces:
            raise _fail(_NOT_FOUND)
        if intf in node.bound or node.claims.get(intf, dev_handle) is not dev_handle:
            raise _fail(_BUSY)
        node.claims[intf] = dev_handle

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Give a claimed interface back."""
        node = self._live(dev_handle)
        if node.claims.get(intf) is not dev_handle:
            raise _fail(_NOT_FOUND)
        del node.claims[intf]

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        """True while a kernel driver holds the interface."""
        return intf in self._live(dev_handle).bound

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """Unbind the kernel driver."""
        node = self._live(dev_handle)
        if intf not in node.bound:
            raise _fail(_NOT_FOUND)
        node.bound.discard(intf)

    def attach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """Bind the kernel driver again; EBUSY while somebody holds the interface."""
        node = self._live(dev_handle)
        if intf in node.bound or intf in node.claims:
            raise _fail(_BUSY)
        if not node.device.kernel_driver:
            raise _fail(_NOT_FOUND)
        node.bound.add(intf)

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        """Clear the halt of an endpoint."""
        self._request(dev_handle, 0x02, _CLEAR_FEATURE, 0, ep)

    def reset_device(self, dev_handle: _Handle) -> None:
        """Reset the port the device is on; it is configured again afterwards."""
        node = self._live(dev_handle)
        configuration = node.device.configuration
        node.device.reset()
        node.device.control(0x00, _SET_CONFIGURATION, configuration, 0, b"", 0)
        self._complete(node, self._world.now)

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        bmRequestType: int,  # noqa: N803 (pyusb's name)
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: "array[int]",
        timeout: int,
    ) -> int:
        """A control transfer; fills `data` for IN requests and returns the count."""
        node = self._live(dev_handle)
        view = memoryview(data).cast("B")
        inward = bool(bmRequestType & DEVICE_TO_HOST)
        sent = b"" if inward else bytes(view)
        stalled, answer = False, b""
        try:
            answer = node.device.control(bmRequestType, bRequest, wValue, wIndex, sent, len(view))
        except Stall:
            stalled = True
        # Setup, data and status stages are three transactions.
        stages = packet_ns(node.device.speed, 8) + packet_ns(node.device.speed, len(view))
        self._complete(node, self._world.now + stages + packet_ns(node.device.speed, 0))
        if stalled:
            raise _fail(_PIPE)
        if not inward:
            return len(view)
        view[: len(answer)] = answer
        return len(answer)

    def bulk_write(self, dev_handle: _Handle, ep: int, intf: int, data: "array[int]", timeout: int) -> int:
        """Write; a time-out after part of the data returns the count, as pyusb's libusb backend does."""
        view = memoryview(data).cast("B")
        transfer = self._transfer(dev_handle, ep, timeout)
        device, done = transfer.node.device, 0
        while True:
            try:
                taken = device.write(ep, bytes(view[done : done + _WRITE_BYTES]))
            except Stall:
                raise _fail(_PIPE) from None
            transfer.moved(taken)
            done += taken
            if done == len(view):
                return transfer.complete(done)
            if not taken:
                if transfer.over:
                    return transfer.timed_out(done)
                transfer.wait()

    def bulk_read(self, dev_handle: _Handle, ep: int, intf: int, buff: "array[int]", timeout: int) -> int:
        """Read until the buffer is full or a short packet ends the transfer."""
        view = memoryview(buff).cast("B")
        transfer = self._transfer(dev_handle, ep, timeout)
        device, size, done = transfer.node.device, transfer.packet, 0
        while done < len(view):
            try:
                packet = device.read(ep, size)
            except Stall:
                raise _fail(_PIPE) from None
            if packet is None:
                if transfer.over:
                    return transfer.timed_out(done)
                transfer.wait(len(view) - done)
                continue
            end = done + len(packet)
            if end > len(view):
                raise _fail(_OVERFLOW)
            view[done:end] = packet
            done = end
            transfer.moved(len(packet))
            if len(packet) < size:
                break
        return transfer.complete(done)

    intr_write = bulk_write
    intr_read = bulk_read

    def _live(self, handle: _Handle) -> Node:
        if not handle.node.attached:
            raise _fail(_NO_DEVICE)
        return handle.node

    def _transfer(self, handle: _Handle, endpoint: int, timeout_ms: int) -> "_Transfer":
        return _Transfer(self._live(handle), endpoint, timeout_ms)

    def _request(self, handle: _Handle, request_type: int, request: int, value: int, index: int) -> None:
        self.ctrl_transfer(handle, request_type, request, value, index, array("B"), 0)

    def _complete(self, node: Node, busy_until_ns: int) -> None:
        """Let the transfer's time pass; what comes after the device is gone is an error."""
        self._world.sleep_until(completion_ns(node.device.speed, busy_until_ns))
        if not node.attached:
            raise _fail(_NO_DEVICE)


class _Transfer:
    """One bulk or interrupt transfer: when its packets are on the wire, and how it ends.

    Packets that are ready move at once in the model; the wire is busy with them until `_busy_until_ns`, and
    after waiting nothing more moves before that.
    """

    def __init__(self, node: Node, endpoint: int, timeout_ms: int) -> None:
        try:
            self.packet = node.max_packet(endpoint)
        except KeyError:
            raise _fail(_NOT_FOUND) from None
        self.node, self._endpoint = node, endpoint
        self._world = node.bus.world
        self._speed = node.device.speed
        self._packet_ns = packet_ns(self._speed, self.packet)
        self._busy_until_ns = self._world.now
        self._last_ns = 0
        self._deadline_ns = self._world.now + timeout_ms * 1_000_000 if timeout_ms else None
        self._timer: Event | None = None
        self._signal = Signal(self._world)

    @property
    def over(self) -> bool:
        """True when time is up."""
        return self._deadline_ns is not None and self._world.now >= self._deadline_ns

    def moved(self, size: int) -> None:
        """Account for bytes that went over the wire, the earlier of them while the transfer waited."""
        packets, rest = divmod(size, self.packet)
        self._last_ns = packet_ns(self._speed, rest) if rest else self._packet_ns
        self._busy_until_ns += packets * self._packet_ns + (self._last_ns if rest else 0)

    def wait(self, room: int = 0) -> None:
        """Wait until the endpoint, which NAKed, may answer differently, or time is up.

        `room` is what an IN transfer still has space for.
        """
        world, node = self._world, self.node
        if self._deadline_ns is not None and self._timer is None:
            self._timer = world.at(self._deadline_ns, self._signal.fire)
        node.waiting.add(self._signal)
        node.device.on_ready(self._endpoint, self._signal.fire)
        try:
            node.device.pending(self._endpoint, room)
            world.wait(self._signal)
        finally:
            node.device.pending(self._endpoint, 0)
            node.waiting.discard(self._signal)
        if node.attached and world.now < self._busy_until_ns:
            world.sleep_until(self._busy_until_ns)
        if not node.attached:
            raise _fail(_NO_DEVICE)

    def complete(self, done: int) -> int:
        """The transfer is over: the host hears of it at the end of a (micro)frame."""
        self._stop_timer()
        busy_until_ns = max(self._busy_until_ns, self._world.now + self._last_ns)
        self._world.sleep_until(completion_ns(self._speed, busy_until_ns))
        if not self.node.attached:
            raise _fail(_NO_DEVICE)
        return done

    def timed_out(self, done: int) -> int:
        """The transfer ran out of time: an error, unless part of it was done."""
        self._stop_timer()
        if not done:
            raise _fail(_TIMEOUT)
        return done

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class _Installed:
    """The backend pyftdi is pointed at, and what it was pointed at before."""

    backend: VirtualBackend | None = None
    restore: Callable[[], None] | None = None


def install(bus: UsbBus) -> VirtualBackend:
    """Make pyftdi (and `get_backend`) see `bus` and nothing else; returns the backend for pyusb."""
    uninstall()
    before = UsbTools.BACKENDS
    UsbTools.BACKENDS = (__name__,)
    UsbTools.flush_cache()

    def restore() -> None:
        UsbTools.release_all_devices()
        UsbTools.flush_cache()
        UsbTools.BACKENDS = before

    _Installed.backend, _Installed.restore = VirtualBackend(bus), restore
    return _Installed.backend


def uninstall() -> None:
    """Give pyftdi its own backends back; harmless when nothing is installed."""
    if _Installed.restore is not None:
        _Installed.restore()
    _Installed.backend = _Installed.restore = None


def get_backend() -> VirtualBackend | None:
    """The backend installed, or None: what pyftdi asks a backend module for."""
    return _Installed.backend
