"""The USB devices of a host: what is attached, and the one that a rig file means.

Devices are enumerated afresh each time, below pyftdi: its own list is cached and still shows what was
unplugged.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import usb.core
from usb.core import Device, NoBackendError, USBError

from benchctl.adapters.usberrors import no_backend, udev_cure
from benchctl.buses.host import Host
from benchctl.errors import AdapterError
from benchctl.nearest import nearest
from benchctl.rig.kinds import KINDS

_HUB_CLASS = 9
_UNREADABLE = "?"


@dataclass(frozen=True)
class Attached:
    """An adapter on this machine.

    Attributes:
        kind: as in rig files.
        serial: USB serial number; "" when it has none, "?" when this user may not read it.
        location: USB port path such as "1-2.3", or the path of a kernel device.
        description: what it calls itself.
    """

    kind: str
    serial: str
    location: str
    description: str


def scan(host: Host) -> list[Attached]:
    """Adapters attached to the machine: FTDI chips and hubs, then kernel ttys, spidev and i2c-dev nodes."""
    try:
        found = [_describe(device, kind) for device in _devices(host) if (kind := _kind_of(device))]
    except AdapterError:
        found = []  # no libusb: the kernel's devices can still be used
    found.sort(key=lambda row: (row.kind, row.serial, row.location))
    for kind, pattern in (
        ("tty", "dev/serial/by-id/*"),
        ("tty", "dev/serial[0-9]"),  # what a Raspberry Pi calls the UART on its header
        ("spidev", "dev/spidev*"),
        ("i2cdev", "dev/i2c-*"),
    ):
        for node in sorted(host.device_root.glob(pattern)):
            path = "/" + str(node.relative_to(host.device_root))
            found.append(Attached(kind, "", path, node.resolve().name))
    return found


def cannot_see(host: Host) -> AdapterError | None:
    """Why no USB device of the machine can be seen; None when they can."""
    try:
        next(_devices(host), None)
    except AdapterError as error:
        return error
    return None


def find_device(host: Host, kind: str, *, serial: str = "", port: str = "") -> Device:
    """The one device of a kind with that serial number or on that port path.

    Raises:
        AdapterError: it is absent (says what is attached instead), there are two of it, or this user may
            not read its serial number.
    """
    wanted = f"{kind} with serial number {serial}" if serial else f"{kind} on USB port {port}"
    devices = [device for device in _devices(host) if _kind_of(device) == kind]
    if port:
        matching = [device for device in devices if location_of(device) == port]
    else:
        matching = [device for device in devices if _string(device, device.iSerialNumber) == serial]
    if len(matching) == 1:
        return matching[0]
    if matching:
        places = ", ".join(location_of(device) for device in matching)
        raise AdapterError(f"more than one {wanted}: on {places}", "identify it by `port` instead")
    for device in devices:
        if _string(device, device.iSerialNumber) == _UNREADABLE:
            raise AdapterError(
                f"no permission to read the {kind} on {location_of(device)}", udev_cure(device)
            )
    present = [location_of(d) if port else _string(d, d.iSerialNumber) for d in devices]
    if not present:
        raise AdapterError(f"there is no {wanted}", f"plug it in: no {kind} is attached")
    raise AdapterError(
        f"there is no {wanted}",
        f"attached instead: {', '.join(present)}; {nearest(port or serial, present)}",
    )


def location_of(device: Device) -> str:
    """The port path of a device as the kernel writes it, such as "1-2.3"; "1" for a root hub."""
    ports = ".".join(str(port) for port in device.port_numbers or ())
    return f"{device.bus}-{ports}" if ports else f"{device.bus}"


def _devices(host: Host) -> Iterator[Device]:
    try:
        yield from usb.core.find(find_all=True, backend=host.usb_backend)
    except NoBackendError as error:
        raise no_backend(error) from error


def _kind_of(device: Device) -> str:
    ids = (device.idVendor, device.idProduct)
    for kind in KINDS.values():
        if kind.usb_id == ids:
            return kind.name
    return "usbhub" if device.bDeviceClass == _HUB_CLASS and device.port_numbers else ""


def _describe(device: Device, kind: str) -> Attached:
    return Attached(
        kind,
        _string(device, device.iSerialNumber),
        location_of(device),
        _string(device, device.iProduct),
    )


def _string(device: Device, index: int) -> str:
    try:
        return usb.util.get_string(device, index) or ""
    except (USBError, ValueError):  # ValueError: pyusb was not allowed to read the list of languages
        return _UNREADABLE
