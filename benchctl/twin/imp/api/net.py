"""imp.net: what the imp says of its network. Facts: imp_net of api/system.yaml. No network is modelled."""

from typing import Any

from benchctl.twin.imp.api.base import ApiObject, api
from benchctl.twin.imp.api.wifi import CHANNEL, SSID, country
from benchctl.twin.imp.values import ARRAY, FUNCTION, TABLE, Closure, ObjectRef, Param, Thrown

INTERFACE = "interface"  # kind of the objects imp.net.open() returns
_CONNECTED, _UNKNOWN = 1, -1
_NO_SERVER = 4


class Net(ApiObject):
    """`imp.net`. Every address and name in it is a choice."""

    @api("info", since=(34, 0))
    def info(self) -> dict[str, Any]:
        """Interfaces, addresses and the server link (imp-net-info)."""
        facts = self.chip.module.fact
        table: dict[str, Any] = {"interface": self._interfaces()}
        if facts("network.wifi").value:
            table["ipv4"] = self._ipv4()
        if self.chip.online:
            table["active"] = 0
        else:
            table["lasterror"] = _NO_SERVER
        return table

    @api("open", Param("nic", TABLE), Param("callback", FUNCTION, None), since=(42, 0))
    def open(self, nic: dict[str, Any], callback: Closure | None) -> ObjectRef:
        """An interface object (imp-net-open); its state does not change, so nothing calls back."""
        self.chip.runtime.forget(callback)
        if "interface" not in nic:
            raise Thrown("nic has no interface")
        return ObjectRef(INTERFACE, 1)

    @api("setserverinterfaces", Param("identifiers", ARRAY), since=(42, 0))
    def setserverinterfaces(self, identifiers: list[str]) -> None:
        """Keep the order in which interfaces are to be tried."""
        self.chip.flash_kept["interfaces"] = identifiers

    @api("getserverinterfaces", since=(42, 0))
    def getserverinterfaces(self) -> list[str]:
        """The order that was set. choice: nothing in it until then."""
        return list(self.chip.flash_kept.get("interfaces", []))

    def _interfaces(self) -> list[dict[str, Any]]:
        """The interface in use first, then an imp005's Ethernet without a cable."""
        facts, release = self.chip.module.fact, self.chip.release
        found = [self._wifi()] if facts("network.wifi").value else [self._cell()]
        # Known issue: on 36 it is missing while it is not powered, as it is when nothing is connected.
        if facts("network.ethernet").value and (self.chip.online or release.major != 36):
            found.append({"type": "ethernet", "macaddress": f"{int(self.chip.mac, 16) + 1:012x}"})
        return found

    def _wifi(self) -> dict[str, Any]:
        chip = self.chip
        ssid = chip.flash_kept.get("ssid", SSID)
        table: dict[str, Any] = {
            "type": "wifi",
            "macaddress": chip.mac,
            "bands": ",".join(chip.module.fact("network.wifi_bands").value or ["2.4G"]),
            "country": country(chip),
            "powersave": chip.link.power_save,
            "channel": CHANNEL,
            "ssid": ssid,
        }
        if chip.online:
            table |= {"rssi": -50, "bssid": "02aabbccddee", "encryption": "wpa2"}
            if chip.release.since(35, 7):
                table["connectedssid"] = SSID
        return table

    def _cell(self) -> dict[str, Any]:
        table: dict[str, Any] = {
            "type": "cell",
            "manufacturer": "bench",
            "model": "bench",
            "imei": "000000000000000",
            "imsi": "000000000000000",
            "swver": "1",
        }
        if self.chip.online:
            table |= {"voltage": 3300, "rssi": -70, "cellinfo": ""}
        return table

    def _ipv4(self) -> dict[str, Any]:
        link = self.chip.link
        table: dict[str, Any] = {
            "address": "192.168.1.50",
            "netmask": "255.255.255.0",
            "broadcast": "192.168.1.255",
            "gateway": "192.168.1.1",
            "dnsserver": ["192.168.1.1"],
            "server": {
                "port": 31314,
                "errorpolicy": link.policy,
                "tcpwaitfor": link.wait,
                "tcptimeout": link.timeout_s,
                "tcpsendwindow": 3456,
            },
        }
        table |= link.address if link.address is not None else {"dhcpserver": "192.168.1.1"}
        if "proxy" in self.chip.flash_kept:
            table["proxy"] = self.chip.flash_kept["proxy"]
        return table


class Interface(ApiObject):
    """What imp.net.open() returns."""

    @api("getstate", since=(42, 0))
    def getstate(self) -> int:
        """State of the interface."""
        return _CONNECTED if self.chip.online else _UNKNOWN
