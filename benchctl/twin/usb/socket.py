"""A USB socket at which the bench has several devices, each switched by its own supply."""

from benchctl.twin.usb.bus import Load, Port
from benchctl.twin.usb.device import UsbDevice


class Socket:
    """A port with candidates: the first of them that has its supply is the one plugged.

    choice: a real socket takes one plug; when several have power, the order of the rig file decides.
    """

    def __init__(self, port: Port) -> None:
        self._port = port
        self._supplied: dict[UsbDevice, bool] = {}

    def candidate(self, device: UsbDevice) -> Load:
        """Add a device; the load to feed from the port that supplies it."""
        self._supplied[device] = False

        def supply(on: bool) -> None:
            self._supplied[device] = on
            plugged = next((d for d, supplied in self._supplied.items() if supplied), None)
            if plugged is self._port.device:
                return
            if plugged is None:
                self._port.unplug()
            else:
                self._port.plug(plugged)

        return supply
