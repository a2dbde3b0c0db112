"""WiFi as far as `imp` tells of it: one network in reach. Facts: api/system.yaml."""

from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.values import BOOL, FUNCTION, Closure, Param, Thrown
from benchctl.twin.world import Event

SSID, CHANNEL = "bench", 6
_SCAN_NS = 500_000_000  # choice: time that a scan with a callback takes

SCAN_KEEPS_MEMORY = declare(
    "scan-does-not-leak", "r30-ki-scanwifi-leak", "scanning leaks no memory on release 30 either"
)


class Wifi(ApiObject):
    """What of `imp` has to do with WiFi."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        self._scan: Event | None = None

    @property
    def armed(self) -> bool:
        """A scan is going on."""
        return self._scan is not None or super().armed

    def available(self) -> dict[str, Method]:
        """None of it on a module without WiFi (impC001)."""
        methods = super().available()
        if self.chip.module.fact("network.wifi").value is True:
            return methods
        return {name: method for name, method in methods.items() if name not in Wifi.methods}

    @api("scanwifinetworks", Param("callback", FUNCTION, None))
    def scanwifinetworks(self, callback: Closure | None) -> list[dict[str, Any]] | None:
        """Networks in reach. choice: one, found at once. In release 30 every call leaks memory."""
        if self._scan is not None:
            raise Thrown("imp.scanwifinetworks: a scan is already running")  # choice of text
        if self.chip.release.major == 30 and not self.chip.broken(SCAN_KEEPS_MEMORY):
            self.chip.control.leak(4096)  # choice: how much
        if callback is None:
            return self._found()
        self._scan = self.world.after(_SCAN_NS, lambda: self._scanned(callback))
        return None

    @api("getmacaddress")
    def getmacaddress(self) -> str:
        """WiFi MAC, 12 hex digits."""
        return self.chip.mac

    @api("getchannel", since=(33, 0))
    def getchannel(self) -> int:
        """Channel of the network, 0 without one."""
        return CHANNEL if self.chip.connected else 0

    @api("getcountry")
    def getcountry(self) -> str:
        """Region of the radio, eight hex digits."""
        return country(self.chip)

    @api("getpowersave")
    def getpowersave(self) -> bool:
        """WiFi power saving."""
        return self.chip.link.power_save

    @api("setpowersave", Param("on", BOOL))
    def setpowersave(self, on: bool) -> None:
        """WiFi power saving."""
        self.chip.link.power_save = on

    def squirrel_stopped(self) -> None:
        """A scan ends with its program."""
        super().squirrel_stopped()
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None

    def _found(self) -> list[dict[str, Any]]:
        row = {"ssid": SSID, "bssid": self.chip.mac, "channel": CHANNEL, "rssi": -50, "open": False}
        return [row] if self.chip.online else []

    def _scanned(self, callback: Closure) -> None:
        self._scan = None
        found = self._found()
        self.chip.runtime.post(callback, lambda: [found], once=True)


def country(chip: Chip) -> str:
    """Region code (const-regions): the imp005 has its own. choice: the others are for US and Canada."""
    return "00005A58" if chip.module.name == "imp005" else "00005355"
