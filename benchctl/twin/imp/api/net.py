"""imp.net: what the imp says of its network. Facts: imp_net of api/system.yaml. No network is modelled."""

from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, api
from benchctl.twin.imp.api.wifi import CHANNEL, SSID, country
from benchctl.twin.imp.constants import INTERFACE_STATE
from benchctl.twin.imp.link import Link
from benchctl.twin.imp.values import ANY, ARRAY, FUNCTION, TABLE, Closure, ObjectRef, Param, Thrown

INTERFACE = "interface"  # kind of the objects imp.net.open() returns

ACTIVE_STAYS = declare(
    "net-info-active-offline",
    "ni-active-equals-isconnected",
    "imp.net.info() names an active interface while the imp is disconnected",
)
SIGNAL_STAYS = declare(
    "net-info-signal-offline",
    "ni-wifi-rssi-only-when-up",
    "imp.net.info() has a signal level and a BSSID while WiFi is down",
    ["imp001", "imp002", "imp003", "imp004m", "imp006"],  # an imp005 may be on Ethernet
)
POLICY_UNSEEN = declare(
    "net-info-policy-fixed",
    "ni-server-errorpolicy",
    "imp.net.info() shows the default timeout policy whatever was set",
)
POWER_SAVE_UNSEEN = declare(
    "net-info-powersave-fixed", "ni-wifi-powersave", "imp.net.info() never shows WiFi power saving"
)
PROXY_NAMELESS = declare(
    "net-info-proxy-without-user", "ni-proxy-user", "imp.net.info() leaves out the user name of a proxy"
)
DNS_AS_TEXT = declare(
    "net-info-dns-text", "ni-ipv4-dnsserver-array", "imp.net.info() has a text where DNS servers belong"
)
ETHERNET_EVERYWHERE = declare(
    "net-info-ethernet-everywhere",
    "ni-only-relevant-records",
    "imp.net.info() has an Ethernet entry on modules without Ethernet",
    ["imp001", "imp003"],
)
NIC_ACCEPTED = declare(
    "net-open-accepts-nic",
    "r42-ki-net-open-rejects-nic",
    "imp.net.open() accepts settings for an interface that is in use",
)


class Net(ApiObject):
    """`imp.net`. Every address and name in it is a choice."""

    @api("info", since=(34, 0))
    def info(self) -> dict[str, Any]:
        """Interfaces, addresses and the server link (imp-net-info)."""
        facts = self.chip.module.fact
        table: dict[str, Any] = {"interface": self._interfaces()}
        if facts("network.wifi").value:
            table["ipv4"] = self._ipv4()
        if self.chip.connected or self.chip.broken(ACTIVE_STAYS):
            table["active"] = 0
        if self.chip.link.last_error is not None:
            table["lasterror"] = self.chip.link.last_error
        return table

    @api("_get", Param("key", ANY), since=(42, 0))
    def constant(self, key: object) -> int:
        """States of an interface are constants of imp.net (const-interface-states)."""
        if key not in INTERFACE_STATE:
            raise Thrown(f"the index '{key}' does not exist")
        return INTERFACE_STATE[str(key)]

    @api("open", Param("nic", TABLE), Param("callback", FUNCTION, None), since=(42, 0))
    def open(self, nic: dict[str, Any], callback: Closure | None) -> ObjectRef:
        """An interface object (imp-net-open); its state does not change, so nothing calls back.

        A known issue: settings for the interface in use are refused. choice: whatever interface is named.
        """
        self.chip.runtime.forget(callback)
        if "interface" not in nic:
            raise Thrown("nic has no interface")
        if len(nic) > 1 and not self.chip.broken(NIC_ACCEPTED):
            raise Thrown("the interface is in use")
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
        facts, chip = self.chip.module.fact, self.chip
        found = [self._wifi()] if facts("network.wifi").value else [self._cell()]
        # Known issue: on 36 it is missing while it is not powered, as it is when nothing is connected.
        powered = chip.connected or chip.release.major != 36
        if (facts("network.ethernet").value and powered) or chip.broken(ETHERNET_EVERYWHERE):
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
            "powersave": chip.link.power_save and not chip.broken(POWER_SAVE_UNSEEN),
            "channel": CHANNEL,
            "ssid": ssid,
        }
        table["encryption"] = "wpa2"
        if chip.connected or chip.broken(SIGNAL_STAYS):
            table |= {"rssi": -50, "bssid": "02aabbccddee"}
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
        if self.chip.connected:
            table |= {"voltage": 3300, "rssi": -70, "cellinfo": ""}
        return table

    def _ipv4(self) -> dict[str, Any]:
        link = Link() if self.chip.broken(POLICY_UNSEEN) else self.chip.link
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
        static = self.chip.link.address
        table |= static if static is not None else {"dhcpserver": "192.168.1.1"}
        if self.chip.broken(DNS_AS_TEXT):
            table["dnsserver"] = table["dnsserver"][0]
        if "proxy" in self.chip.flash_kept:
            table["proxy"] = dict(self.chip.flash_kept["proxy"])
            if self.chip.broken(PROXY_NAMELESS):
                table["proxy"].pop("user", None)
        return table


class Interface(ApiObject):
    """What imp.net.open() returns."""

    @api("getstate", since=(42, 0))
    def getstate(self) -> int:
        """State of the interface."""
        return INTERFACE_STATE["CONNECTED" if self.chip.connected else "UNKNOWN"]
