"""What `imp` keeps of its network configuration, and data of the user's. Facts: api/system.yaml.

The network is not modelled: what is kept is shown by imp.net.info(), and that is all.
"""

import re
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.constants import CONFIGURATION
from benchctl.twin.imp.values import ANY, ARRAY, BOOL, DATA, INTEGER, STRING, Blob, Param, Thrown, as_bytes

_QUAD = re.compile(r"\d{1,3}(\.\d{1,3}){3}")

NO_PROXY = declare("setproxy-missing", "r34-inherits-33", "imp.setproxy() does not exist")
STATIC_AT_ONCE = declare(
    "static-network-at-once",
    "r34-staticnet-needs-disconnect",
    "a static network configuration is used before the imp connects anew",
)
CLEARS_ALL = declare(
    "clearconfiguration-clears-all",
    "r34-clearconfiguration-selective",
    "clearconfiguration() forgets everything, whatever it is asked to",
)
COUNTRY_ACCEPTED = declare(
    "setcountry-accepted",
    "r30-region-fixed-after-factory",
    "an application may change the region",
    ["imp003"],
)


class Configuration(ApiObject):
    """What of `imp` stores something in flash."""

    def available(self) -> dict[str, Method]:
        """WiFi needs WiFi, an APN a modem; of the two rescue pin calls a module has one."""
        methods = super().available()
        name = self.chip.module.name
        absent = {"setrescuepin" if name == "imp006" else "enablerescuepin"}
        if self.chip.module.fact("network.wifi").value is not True:
            absent.add("setwificonfiguration")
        if name != "imp006":
            absent.add("setapn")
        if self.chip.broken(NO_PROXY):
            absent.add("setproxy")
        return {method: entry for method, entry in methods.items() if method not in absent}

    @api("setuserconfiguration", Param("data", DATA, nullable=True), since=(35, 7))
    def setuserconfiguration(self, data: str | Blob | None) -> None:
        """Keep data in flash."""
        self.chip.flash_kept["user"] = None if data is None else as_bytes(data)

    @api("getuserconfiguration", since=(35, 7))
    def getuserconfiguration(self) -> Blob | None:
        """What was kept in flash, null when nothing was."""
        data = self.chip.flash_kept.get("user")
        return Blob(data) if isinstance(data, bytes) else None

    @api(
        "setproxy",
        Param("proxyType", INTEGER),
        Param("address", ANY),
        Param("port", ANY),
        Param("username", ANY, None),
        Param("password", ANY, None),
        since=(34, 0),
    )
    def setproxy(self, kind: int, address: Any, port: Any, user: Any, password: Any) -> None:
        """Store proxy settings; throws for a malformed address or port (imp-setproxy)."""
        named = isinstance(address, str) and 0 < len(address) <= 64
        numbered = INTEGER.accepts(port) and 0 <= port <= 65535
        known = user is None or all(isinstance(text, str) and len(text) <= 32 for text in (user, password))
        if not (named and numbered and known):
            raise Thrown("bad proxy parameters")  # choice of text
        self.chip.flash_kept["proxy"] = {"type": kind, "address": address, "port": port} | (
            {} if user is None else {"user": user}
        )

    @api(
        "setstaticnetworkconfiguration",
        Param("ip", STRING),
        Param("netmask", STRING),
        Param("gateway", STRING),
        Param("DNS", ARRAY),
        since=(34, 0),
    )
    def setstaticnetworkconfiguration(self, ip: str, netmask: str, gateway: str, dns: list[Any]) -> None:
        """Store an address; it is used from the next connection on."""
        quads = all(isinstance(text, str) and _QUAD.fullmatch(text) for text in (ip, netmask, gateway, *dns))
        if not quads or not 1 <= len(dns) <= 2:
            raise Thrown("bad network parameters")  # choice
        settings = {"address": ip, "netmask": netmask, "gateway": gateway, "dnsserver": dns}
        self.chip.flash_kept["static"] = settings
        if self.chip.broken(STATIC_AT_ONCE):
            self.chip.link.address = settings

    @api("setwificonfiguration", Param("ssid", STRING), Param("key", STRING))
    def setwificonfiguration(self, ssid: str, _key: str) -> None:
        """Store the network to join."""
        self.chip.flash_kept["ssid"] = ssid

    @api("setapn", Param("apn", STRING), since=(47, 0))
    def setapn(self, apn: str) -> None:
        """Store the access point name."""
        self.chip.flash_kept["apn"] = apn

    @api("setenroltokens", Param("planID", STRING), Param("token", STRING))
    def setenroltokens(self, _plan: str, _token: str) -> None:
        """Enrolment is not modelled: nothing happens."""

    @api("clearconfiguration", Param("action", INTEGER, CONFIGURATION["CONFIG_ALL"]))
    def clearconfiguration(self, action: int) -> None:
        """Forget stored settings: all of them, or what the action names."""
        kept = self.chip.flash_kept
        if self.chip.broken(CLEARS_ALL):
            action = CONFIGURATION["CONFIG_ALL"]
        if action & CONFIGURATION["CONFIG_WIFI"]:
            kept["ssid"] = ""
        if action & CONFIGURATION["CONFIG_STATIC_NETWORK"]:
            kept.pop("static", None)
        if action & CONFIGURATION["CONFIG_PROXY"]:
            kept.pop("proxy", None)
        if action == CONFIGURATION["CONFIG_ALL"]:
            kept.pop("interfaces", None)

    @api("setcountry", Param("regionCode", INTEGER), since=(30, 0))
    def setcountry(self, _code: int) -> None:
        """Only at blessing."""
        if not self.chip.broken(COUNTRY_ACCEPTED):
            self._refuse()

    @api("setrescuepin", Param("pin", ANY), Param("polarity", INTEGER))
    def setrescuepin(self, _pin: object, _polarity: int) -> None:
        """Only at blessing."""
        self._refuse()

    @api("enablerescuepin", Param("enable", BOOL), since=(42, 0))
    def enablerescuepin(self, _enable: bool) -> None:
        """Only at blessing."""
        self._refuse()

    def _refuse(self) -> None:
        raise Thrown("only factory firmware may call this")  # choice of text
