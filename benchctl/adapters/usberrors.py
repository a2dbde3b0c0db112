"""What a failed USB call means for the person at the bench."""

import errno
from pathlib import Path
from types import TracebackType

import usb.core
from pyftdi.ftdi import FtdiError
from usb.core import Device, NoBackendError, USBError

from benchctl.adapters.holders import holder_of
from benchctl.errors import AdapterBusyError, AdapterError, AdapterGoneError

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN})
_REFUSED = frozenset({errno.EACCES, errno.EPERM})


class UsbErrors:
    """Within it, what pyusb and pyftdi raise becomes an error that says what happened to adapter `who`.

    Raises:
        AdapterGoneError: it is no longer there.
        AdapterBusyError: another program holds it.
        AdapterError: anything else, such as missing permission or a transfer that did not end.
    """

    def __init__(self, device: Device, who: str) -> None:
        self._device, self._who = device, who

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, (USBError, FtdiError)):
            raise explain(error, self._device, self._who) from error


def explain(error: OSError, device: Device, who: str) -> AdapterError:
    """The error to raise for `error`, which pyusb or pyftdi raised about `device`."""
    # pyftdi raises its own error "from None", but the USB error it caught is still attached.
    cause = error.__context__ if isinstance(error, FtdiError) else error
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _GONE or not (number in _REFUSED or _still_attached(device)):
        return AdapterGoneError(f"{who} has gone", "plug it in again and check its cable and hub")
    if number == errno.EBUSY:
        holder = holder_of(usb_node(device))
        return AdapterBusyError(f"{who} is in use", "close the other program", holder=holder)
    if number in _REFUSED:
        return AdapterError(f"no permission to open {who}", udev_cure(device))
    if number == errno.ETIMEDOUT:
        return AdapterError(f"{who} did not finish a USB transfer in time", "unplug it and plug it in again")
    return AdapterError(f"{who} failed: {cause}", "unplug it and plug it in again")


def _still_attached(device: Device) -> bool:
    """Whether it is: on its way out a device makes whatever error its last transfer ran into."""
    try:
        return any(
            other.address == device.address
            for other in usb.core.find(find_all=True, backend=device.backend, bus=device.bus)
        )
    except (USBError, NoBackendError):
        return True  # nobody knows


def no_backend(error: NoBackendError) -> AdapterError:
    """The error for a machine without libusb."""
    return AdapterError(f"USB cannot be used: {error}", "install libusb (Debian: libusb-1.0-0)")


def usb_node(device: Device) -> Path:
    """The kernel's device node of a USB device."""
    return Path(f"/dev/bus/usb/{device.bus or 0:03d}/{device.address or 0:03d}")


def udev_cure(device: Device) -> str:
    """The udev rule that gives the people of group `plugdev` access."""
    rule = f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{device.idVendor:04x}", GROUP="plugdev", MODE="0660"'
    return f"put {rule} into /etc/udev/rules.d/70-benchctl.rules, then plug it in again"
