"""imp.net: what the imp says of its network. Facts: imp_net of api/system.yaml. No network is modelled."""

from typing import Any

from benchctl.twin.imp.api.base import ApiObject, api
from benchctl.twin.imp.values import FUNCTION, TABLE, Closure, ObjectRef, Param, Thrown

INTERFACE = "interface"  # kind of the objects imp.net.open() returns
_CONNECTED, _UNKNOWN = 1, -1


class Net(ApiObject):
    """`imp.net`. Every address in it is a choice."""

    @api("info", since=(34, 0))
    def info(self) -> dict[str, Any]:
        """Interfaces, addresses and the server link (imp-net-info)."""
        online, facts = self.chip.online, self.chip.module.fact
        wifi: dict[str, Any] = {
            "type": "wifi",
            "macaddress": self.chip.mac,
            "bands": ",".join(facts("network.wifi_bands").value or ["2.4G"]),
            "country": "00005355",
            "powersave": False,
            "channel": 6,
            "ssid": "bench",
        }
        if online:
            wifi |= {"rssi": -50, "bssid": "02aabbccddee", "encryption": "wpa2"}
            if self.chip.release.since(36):
                wifi["connectedssid"] = "bench"
        table: dict[str, Any] = {"interface": [wifi]}
        ipv4: dict[str, Any] = {
            "dhcpserver": "192.168.1.1",
            "address": "192.168.1.50",
            "netmask": "255.255.255.0",
            "broadcast": "192.168.1.255",
            "gateway": "192.168.1.1",
            "dnsserver": ["192.168.1.1"],
            "server": {
                "port": 31314, "errorpolicy": 0, "tcpwaitfor": 0, "tcptimeout": 30.0, "tcpsendwindow": 3456,
            },
        }  # fmt: skip
        if "proxy" in self.chip.flash_kept:
            ipv4["proxy"] = self.chip.flash_kept["proxy"]
        table["ipv4"] = ipv4
        if online:
            table["active"] = 0
        else:
            table["lasterror"] = 4
        return table

    @api("open", Param("nic", TABLE), Param("callback", FUNCTION, None), since=(42, 0))
    def open(self, nic: dict[str, Any], _callback: Closure | None) -> ObjectRef:
        """An interface object (imp-net-open)."""
        if "interface" not in nic:
            raise Thrown("nic has no interface")
        return ObjectRef(INTERFACE, 1)


class Interface(ApiObject):
    """What imp.net.open() returns."""

    @api("getstate", since=(42, 0))
    def getstate(self) -> int:
        """State of the interface."""
        return _CONNECTED if self.chip.online else _UNKNOWN
