"""imp.net: what imp.net.info() says of interfaces, addresses and the server link, and imp.net.open().

Facts: imp-net-info, api/system.yaml. Nothing here sends the imp to another network: where it connects anew it
does so with the settings it has.
"""

import ipaddress
import re

import pytest

pytestmark = pytest.mark.impos("34")

_QUAD = r"\d{1,3}(\.\d{1,3}){3}"


def _is_quad(text) -> bool:
    return isinstance(text, str) and re.fullmatch(_QUAD, text) is not None


def _interface(info, kind) -> dict:
    return next((entry for entry in info["interface"] if entry["type"] == kind), {})


@pytest.fixture
def net(bench, imp):
    """imp.net of an imp that is connected and that calls which fail do not stop."""
    if not imp.server.isconnected():
        pytest.skip("the imp is not connected to its server")
    imp.server.setsendtimeoutpolicy(imp.RETURN_ON_ERROR, imp.WAIT_TIL_SENT, 30)
    yield imp.net
    _connect(imp)
    imp.server.setsendtimeoutpolicy(imp.SUSPEND_ON_ERROR, imp.WAIT_TIL_SENT, 30)


def _connect(imp) -> int:
    """Connect, where the imp is not, and say how that ended."""
    if imp.server.isconnected():
        return imp.constant_value("SERVER_CONNECTED")
    callback = imp.on_event()
    imp.server.connect(callback, 60)
    (event,) = imp.events(callback, within_s=70, count=1)
    return int(event.args[0])


@pytest.mark.claim(
    "ni-available-from-34", "ni-returns-table", "ni-interface-array", "ni-only-relevant-records",
    "r34-imp-net-object",
)  # fmt: skip
def test_interfaces_are_those_of_the_module(bench, net, judge):
    facts = bench.rig.module.fact
    kinds = {"wifi": "network.wifi", "ethernet": "network.ethernet", "cell": "network.cellular"}
    possible = {kind for kind, path in kinds.items() if facts(path).value is not False}
    seen = [entry["type"] for entry in net.info()["interface"]]
    judge.equal("one or more interfaces", bool(seen), True)
    judge.equal("interfaces the module cannot have", sorted(set(seen) - possible), [])


@pytest.mark.claim(
    "ni-active-index", "ni-active-absent-offline", "ni-active-equals-isconnected", "ni-lasterror"
)
def test_active_means_connected(imp, net, judge):
    info = net.info()
    judge.equal("active is an index", info.get("active") in range(len(info["interface"])), True)
    judge.equal("lasterror while connected", info.get("lasterror"), None)
    imp.server.disconnect()
    judge.equal("connected after server.disconnect()", imp.server.isconnected(), False)
    judge.equal("active while disconnected", net.info().get("active"), None)
    judge.equal("connects again", _connect(imp), imp.constant_value("SERVER_CONNECTED"))
    judge.equal("active again", "active" in net.info(), True)


@pytest.mark.claim(
    "ni-wifi-type", "ni-wifi-macaddress", "ni-wifi-bands", "ni-wifi-country", "ni-wifi-channel",
    "ni-wifi-ssid", "r34-netinfo-channel-and-linkspeed",
)  # fmt: skip
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_wifi_record(imp, net, judge):
    wifi = _interface(net.info(), "wifi")
    judge.equal("macaddress is that of imp.getmacaddress()", wifi.get("macaddress"), imp.getmacaddress())
    judge.equal("bands", wifi.get("bands") in ("2.4G", "5G", "2.4G,5G"), True)
    judge.equal("country is text", isinstance(wifi.get("country"), str), True)
    judge.equal("channel is a number", isinstance(wifi.get("channel"), int), True)
    judge.equal("ssid is text", isinstance(wifi.get("ssid"), str), True)
    judge.observe("encryption", wifi.get("encryption"))


@pytest.mark.claim("ni-wifi-powersave")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_wifi_power_saving_shows(imp, net, judge):
    before = imp.getpowersave()
    for wanted in (not before, before):
        imp.setpowersave(wanted)
        judge.equal(
            f"powersave after setpowersave({wanted})", _interface(net.info(), "wifi")["powersave"], wanted
        )


@pytest.mark.claim("ni-wifi-rssi-only-when-up", "ni-wifi-bssid-only-when-up")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp006")
def test_signal_only_while_wifi_is_up(imp, net, judge):
    """server.disconnect() switches the interface off (server-disconnect). An imp005 may be on Ethernet."""
    for up in (True, False):
        wifi = _interface(net.info(), "wifi")
        judge.equal("rssi is there", isinstance(wifi.get("rssi"), int), up)
        judge.equal("bssid is there", isinstance(wifi.get("bssid"), str), up)
        imp.server.disconnect()


@pytest.mark.claim(
    "ni-ipv4-present", "ni-ipv4-address", "ni-ipv4-netmask", "ni-ipv4-broadcast", "ni-ipv4-gateway",
    "ni-ipv4-dnsserver-array", "ni-ipv4-server-table", "ni-server-port", "ni-server-tcpsendwindow",
)  # fmt: skip
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_ipv4_record(net, judge):
    ipv4 = net.info()["ipv4"]
    for key in ("address", "netmask", "broadcast", "gateway"):
        judge.equal(f"{key} is a dotted quad", _is_quad(ipv4.get(key)), True)
    network = ipaddress.ip_network(f"{ipv4['address']}/{ipv4['netmask']}", strict=False)
    judge.equal("broadcast address fits", ipv4["broadcast"], str(network.broadcast_address))
    servers = ipv4.get("dnsserver")
    judge.equal("one or two DNS servers", isinstance(servers, list) and len(servers) in (1, 2), True)
    judge.equal("DNS servers are dotted quads", all(_is_quad(entry) for entry in servers or ()), True)
    judge.equal("port of the server", ipv4["server"].get("port") in (31314, 993, 443), True)
    judge.equal("send window", isinstance(ipv4["server"].get("tcpsendwindow"), int), True)


@pytest.mark.claim("ni-server-errorpolicy", "ni-server-tcpwaitfor", "ni-server-tcptimeout")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_timeout_policy_shows(imp, net, judge):
    for wait, shown in ((imp.WAIT_TIL_SENT, 0), (imp.WAIT_FOR_ACK, 1)):
        for timeout in (10, 45.5):
            imp.server.setsendtimeoutpolicy(imp.RETURN_ON_ERROR, wait, timeout)
            server = net.info()["ipv4"]["server"]
            seen = (server["errorpolicy"], server["tcpwaitfor"], float(server["tcptimeout"]))
            judge.equal(f"policy, wait and timeout {timeout}", seen, (1, shown, timeout))


@pytest.mark.claim(
    "ni-proxy-type", "ni-proxy-address", "ni-proxy-port", "ni-proxy-user", "r34-clearconfiguration-selective"
)
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_proxy_shows_until_it_is_cleared(imp, net, judge):
    """imp-setproxy: stored, and used from the next connection on; here it is gone before there is one."""
    imp.setproxy(imp.PROXY_TYPE_HTTP, "10.0.0.1", 8080, "user", "secret")
    proxy = net.info()["ipv4"].get("proxy", {})
    kind = imp.constant_value("PROXY_TYPE_HTTP")
    judge.equal("type", proxy.get("type"), kind)
    judge.equal("address and port", (proxy.get("address"), proxy.get("port")), ("10.0.0.1", 8080))
    judge.equal("user", proxy.get("user"), "user")
    judge.equal("password", [key for key, value in proxy.items() if value == "secret"], [])
    imp.clearconfiguration(imp.CONFIG_STATIC_NETWORK)
    judge.equal("proxy after clearing something else", "proxy" in net.info()["ipv4"], True)
    imp.clearconfiguration(imp.CONFIG_PROXY)
    judge.equal("proxy after clearing it", "proxy" in net.info()["ipv4"], False)


@pytest.mark.claim(
    "r34-static-net-support", "r34-setstaticnet-fields", "r34-staticnet-applied-at-next-connect",
    "r34-staticnet-needs-disconnect", "ni-ipv4-dhcpserver",
)  # fmt: skip
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_static_address_from_the_next_connection_on(imp, net, judge):
    """The address the imp has from DHCP, set as a static one: the record then names no DHCP server."""
    before = net.info()["ipv4"]
    if "dhcpserver" not in before:
        pytest.skip("the imp has no address from DHCP")
    settings = [before[key] for key in ("address", "netmask", "gateway", "dnsserver")]
    imp.setstaticnetworkconfiguration(*settings)
    try:
        judge.equal("DHCP server while connected", net.info()["ipv4"].get("dhcpserver"), before["dhcpserver"])
        imp.server.disconnect()
        judge.equal("connects again", _connect(imp), imp.constant_value("SERVER_CONNECTED"))
        after = net.info()["ipv4"]
        judge.equal("DHCP server after connecting anew", after.get("dhcpserver"), None)
        shown = [after[key] for key in ("address", "netmask", "gateway", "dnsserver")]
        judge.equal("address, netmask, gateway, DNS servers", shown, settings)
    finally:
        imp.clearconfiguration(imp.CONFIG_STATIC_NETWORK)
        imp.server.disconnect()
        _connect(imp)


@pytest.mark.claim("r42-ki-net-open-rejects-nic", "r42-ki-net-open-workaround")
def test_open_refuses_settings_for_an_interface_in_use(net, imp, judge):
    """imp-net-open, a known issue of release 42: only the interface alone is accepted."""
    info = net.info()
    name = {"wifi": "wl0", "ethernet": "eth0", "cell": "cell0"}[info["interface"][info["active"]]["type"]]
    static = {"ip": "10.1.2.3", "netmask": "255.0.0.0"}
    refusal = net.open.throws({"interface": name, "staticconfig": static})
    judge.equal("refused with a reason", bool(refusal), True)
    judge.observe("error", refusal)
    interface = imp.keep_result(net.open, {"interface": name})
    judge.observe("state", interface.getstate())
    interface.forget()


@pytest.mark.claim("r30-region-fixed-after-factory")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_region_cannot_be_set(imp, net, judge):
    """imp-setcountry, api/system.yaml: only factory firmware may."""
    refusal = imp.setcountry.throws(0x00005355)
    judge.equal("refused with a reason", bool(refusal), True)
    judge.observe("error", refusal)
