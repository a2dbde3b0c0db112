"""An FTDI chip on the bench: found by its identity, its channels handed out one owner at a time."""

from contextlib import suppress

import usb.util
from usb.core import Device, USBError

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.channel import FtdiChannel
from benchctl.adapters.usberrors import UsbErrors, explain
from benchctl.adapters.usbhost import find_device
from benchctl.buses.host import Host
from benchctl.errors import AdapterBusyError
from benchctl.rig.model import Adapter

_REQ_OUT_VENDOR, _SET_BITMODE = 0x40, 0x0B
_BITBANG_ALL_INPUTS = 0x0100
_CONTROL_MS = 1000


class FtdiChip:
    """One chip. Every channel, in use or not, is in high impedance when this is opened and closed.

    Args:
        host: the machine it is plugged into.
        adapter: what the rig file says about it.

    Raises:
        AdapterError: it is absent, held by somebody else, or this user may not open it.
    """

    def __init__(self, host: Host, adapter: Adapter) -> None:
        self.host = host
        self.name = adapter.name
        self.kind = adapter.kind
        self._device: Device = find_device(host, adapter.kind.name, serial=adapter.serial, port=adapter.port)
        self._errors = UsbErrors(self._device, self.name)
        self._taken: dict[str, FtdiChannel] = {}
        self._detached: list[int] = []
        self._open = True
        try:
            with self._errors:
                self._claim(sorted(adapter.channels))
            self.park()
        except BaseException:
            self._open = False
            usb.util.dispose_resources(self._device)
            raise

    def channel(self, name: str) -> FtdiChannel:
        """Open a channel, in high impedance; its owner closes it.

        Raises:
            AdapterBusyError: the channel has an owner already.
        """
        taken = self._taken.get(name)
        if taken is not None and taken.is_open:
            raise AdapterBusyError(f"channel {name} of {self.name} is in use already", "close its other user")
        index = list(self.kind.channels).index(name)
        channel = FtdiChannel(self.host, self._device, index, f"{self.name} {name}")
        self._taken[name] = channel
        return channel

    def park(self) -> None:
        """Put every channel into bit-bang mode with all pins inputs, so that nothing is driven."""
        with self._errors:
            for index in range(len(self.kind.channels)):
                self._device.ctrl_transfer(
                    _REQ_OUT_VENDOR, _SET_BITMODE, _BITBANG_ALL_INPUTS, index + 1, b"", _CONTROL_MS
                )

    def close(self) -> None:
        """Close the channels still open and let go of the chip; harmless when already closed.

        Raises:
            AdapterError: a channel could not be put into high impedance; the chip is let go of nevertheless.
        """
        if not self._open:
            return
        self._open = False
        try:
            close_all([*(channel.close for channel in self._taken.values()), self.park])
        finally:
            self._give_back()
            usb.util.dispose_resources(self._device)

    def _give_back(self) -> None:
        """Let the kernel have the interfaces again that it had before."""
        for index in self._detached:
            with suppress(USBError):  # a chip that is gone cannot be given back
                usb.util.release_interface(self._device, index)
                self._device.attach_kernel_driver(index)

    def _claim(self, names: list[str]) -> None:
        """Claim the interfaces this rig uses.

        Claimed here, before pyftdi opens the first of them: once an interface is claimed, pyftdi's
        set_configuration is refused (and ignored), which on a chip in use would reset the other channels.
        """
        try:
            self._device.get_active_configuration()
        except USBError:
            self._device.set_configuration()
        for name in names:
            index = list(self.kind.channels).index(name)
            try:
                if self._device.is_kernel_driver_active(index):
                    self._device.detach_kernel_driver(index)
                    self._detached.append(index)
            except NotImplementedError:  # no kernel drivers on this platform
                pass
            try:
                usb.util.claim_interface(self._device, index)
            except USBError as error:
                raise explain(error, self._device, f"{self.name} {name}") from error
