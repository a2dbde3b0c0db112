"""The object `imp`, and `crypto`: what each module and release has, what is kept, what is refused."""

from collections.abc import Callable

import pytest

from benchctl.errors import UserError
from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]

TRY = """
function attempt(f) {
    try { server.log("" + f()); } catch (error) { server.log("threw " + error); }
}
"""


def has(bench: Bench, owner: str, names: str) -> set[str]:
    """Which of the names an object has."""
    listed = ", ".join(f'"{name}"' for name in names.split())
    log = bench.run(f"foreach (name in [{listed}]) if (name in {owner}) server.log(name);")
    return set(log)


_RADIO = "scanwifinetworks getmacaddress getchannel getcountry getpowersave setpowersave setwificonfiguration"


@pytest.mark.parametrize(
    ("module", "impos", "names"),
    [
        ("imp005", "42.9", set(_RADIO.split()) | {"getbootromversion", "setrescuepin"}),
        ("imp006", "42.9", set(_RADIO.split()) | {"getbootromversion", "enablerescuepin"}),
        ("imp006", "47.2", set(_RADIO.split()) | {"getbootromversion", "enablerescuepin", "setapn"}),
        ("impC001", "42.9", {"setrescuepin"}),
    ],
)
def test_calls_of_a_module(make: Make, module: str, impos: str, names: set[str]) -> None:
    asked = f"{_RADIO} getbootromversion setrescuepin enablerescuepin setapn"
    assert has(make(module, impos=impos), "imp", asked) == names


@pytest.mark.parametrize(
    ("impos", "names"),
    [
        ("30", {"setcountry"}),
        ("34.11", {"setcountry", "getchannel", "setproxy", "setstaticnetworkconfiguration"}),
        ("36", {"setcountry", "getchannel", "setproxy", "setstaticnetworkconfiguration", "info",
                "setuserconfiguration"}),
        ("38", {"setcountry", "getchannel", "setproxy", "setstaticnetworkconfiguration", "info",
                "setuserconfiguration", "onunhandledexception"}),
    ],
)  # fmt: skip
def test_calls_of_a_release(make: Make, impos: str, names: set[str]) -> None:
    asked = "setcountry getchannel setproxy setstaticnetworkconfiguration info setuserconfiguration setapn"
    assert has(make("imp003", impos=impos), "imp", f"{asked} onunhandledexception") == names


def test_info_is_an_object_with_one_property(make: Make) -> None:
    log = make("imp003").run(
        TRY
        + """
        local info = imp.info();
        server.log(info.type + " " + typeof info);
        attempt(@() info.model);
        attempt(function() { foreach (key, value in info) return key; });
        """
    )
    assert log[0] == "imp003 instance"
    assert log[1] == "threw the index 'model' does not exist"
    assert log[2].startswith("threw ")


def test_factory_calls_throw(make: Make) -> None:
    log = make("imp003").run(TRY + "attempt(@() imp.setcountry(0x5355));")
    assert log == ["threw only factory firmware may call this"]


def test_configuration_is_cleared_by_kind(make: Make) -> None:
    log = make("imp003").run(
        """
        function show() {
            local net = imp.net.info();
            server.log(("proxy" in net.ipv4) + " " + net.interface[0].ssid);
        }
        imp.setproxy(PROXY_TYPE_HTTP, "10.0.0.1", 8080);
        imp.setwificonfiguration("other", "");
        show();
        imp.clearconfiguration(CONFIG_WIFI);
        show();
        imp.clearconfiguration(CONFIG_PROXY);
        show();
        """
    )
    assert log == ["true other", "true ", "false "]


def test_clearing_everything(make: Make) -> None:
    log = make("imp003").run(
        """
        imp.setproxy(PROXY_TYPE_HTTP, "10.0.0.1", 8080);
        imp.net.setserverinterfaces(["wl0"]);
        server.log(imp.net.getserverinterfaces().len());
        imp.clearconfiguration();
        server.log(("proxy" in imp.net.info().ipv4) + " " + imp.net.getserverinterfaces().len());
        """
    )
    assert log == ["1", "false 0"]


def test_static_address_from_the_next_connection_on(make: Make) -> None:
    log = make("imp003").run(
        """
        function show() {
            local ipv4 = imp.net.info().ipv4;
            server.log(ipv4.address + " " + ("dhcpserver" in ipv4));
        }
        imp.setstaticnetworkconfiguration("10.1.2.3", "255.0.0.0", "10.0.0.1", ["8.8.8.8"]);
        show();
        server.disconnect();
        server.connect();
        show();
        """,
        5,
    )
    assert log == ["192.168.1.50 true", "10.1.2.3 false"]


@pytest.mark.parametrize(
    "call",
    [
        'imp.setproxy(PROXY_TYPE_HTTP, "10.0.0.1", true)',
        'imp.setproxy(PROXY_TYPE_HTTP, "", 80)',
        'imp.setproxy(PROXY_TYPE_HTTP, "a", 80, "user")',
        'imp.setproxy(PROXY_TYPE_HTTP, "a", 80, "user", "012345678901234567890123456789012")',
        'imp.setstaticnetworkconfiguration("10.1.2", "255.0.0.0", "10.0.0.1", ["8.8.8.8"])',
        'imp.setstaticnetworkconfiguration("10.1.2.3", "255.0.0.0", "10.0.0.1", [])',
        'imp.setwificonfiguration("ssid")',
    ],
)
def test_malformed_configuration_throws(make: Make, call: str) -> None:
    (line,) = make("imp003").run(f"{TRY} attempt(@() {call});")
    assert line.startswith("threw ")


def test_net_info_of_each_kind_of_module(make: Make) -> None:
    source = """
    local net = imp.net.info(), kinds = "";
    foreach (interface in net.interface) kinds += interface.type + " ";
    server.log(kinds + ("ipv4" in net));
    """
    assert make("imp003").run(source) == ["wifi true"]
    assert make("imp005").run(source) == ["wifi ethernet true"]
    assert make("impC001").run(source) == ["cell false"]


def test_ethernet_is_missing_from_net_info_on_36_while_disconnected(make: Make) -> None:
    source = """
    server.setsendtimeoutpolicy(RETURN_ON_ERROR, WAIT_TIL_SENT, 30);
    imp.wakeup(5, function() {
        local found = imp.net.info().interface.len();
        server.connect(@(_) server.log(found), 60);
    });
    """
    for impos, found in (("36.14", "1"), ("38.19", "2")):
        bench = make("imp005", impos=impos, online=False)
        bench.run(source, 20)
        bench.imp.set_online(True)
        assert bench.wait(5) == [found]


def test_net_info_shows_the_policy_and_power_saving(make: Make) -> None:
    log = make("imp003").run(
        """
        function show() {
            local net = imp.net.info(), server_ = net.ipv4.server;
            server.log(server_.errorpolicy + " " + server_.tcpwaitfor + " " + server_.tcptimeout + " "
                       + net.interface[0].powersave);
        }
        show();
        server.setsendtimeoutpolicy(RETURN_ON_ERROR, WAIT_FOR_ACK, 10);
        imp.setpowersave(true);
        show();
        """
    )
    assert log == ["0 0 30 false", "1 1 10 true"]


def test_net_info_of_an_imp_that_disconnected(make: Make) -> None:
    source = """
    function show() {
        local net = imp.net.info();
        return ("active" in net) + " " + ("lasterror" in net) + " " + ("rssi" in net.interface[0]);
    }
    server.setsendtimeoutpolicy(RETURN_ON_ERROR, WAIT_TIL_SENT, 30);
    local lines = [show()];
    server.disconnect();
    lines.append(show());
    imp.wakeup(5, function() {
        lines.append(show());
        server.connect(function(_) { foreach (line in lines) server.log(line); server.log(show()); }, 60);
    });
    server.connect(@(_) 0, 2);
    """
    bench = make("imp003")
    bench.run(source, 1)
    bench.imp.set_online(False)
    bench.wait(6)
    bench.imp.set_online(True)
    assert bench.wait(5) == ["true false true", "false false false", "false true false", "true false true"]


def test_states_of_an_interface_are_constants_of_net(make: Make) -> None:
    source = """
    attempt(@() imp.net.ETHERNET_STOPPED_NO_LINK + " " + imp.net.UNKNOWN);
    attempt(@() imp.net.NOTHING);
    attempt(@() imp.net.open({ interface = "wl0" }).getstate() == imp.net.CONNECTED);
    attempt(@() imp.net.open({ interface = "wl0", proxyconfig = {} }));
    """
    assert make("imp003").run(TRY + source) == [
        "204 -1",
        "threw the index 'NOTHING' does not exist",
        "true",
        "threw the interface is in use",
    ]


def test_a_release_older_than_the_module_is_refused(make: Make) -> None:
    with pytest.raises(UserError, match=r"impOS 30\.0 does not run on the imp005"):
        make("imp005", impos="30")


def test_a_scan_with_a_callback_takes_its_time(make: Make) -> None:
    bench = make("imp003")
    log = bench.run(
        TRY
        + """
        imp.scanwifinetworks(@(found) server.log("found " + found.len()));
        attempt(@() imp.scanwifinetworks());
        """
    )
    assert log == ["threw imp.scanwifinetworks: a scan is already running", "found 1"]
    assert bench.imp.idle


def test_a_scan_ends_with_its_program(make: Make) -> None:
    bench = make("imp003")
    bench.run("if (!hardware.wakereason()) { imp.scanwifinetworks(@(_) server.log(1)); server.restart(); }")
    assert bench.wait(2) == []


def test_the_send_buffer_outlives_a_program_not_the_power(make: Make) -> None:
    bench = make("imp003")
    source = "server.log(imp.setsendbuffersize(9000)); if (!hardware.wakereason()) server.restart();"
    bench.run(source, 0.3)
    bench.imp.set_power(False)
    bench.imp.set_power(True)
    assert bench.wait(1.8) == ["3456", "9000", "3456"]


def test_crypto(make: Make) -> None:
    log = make("imp003").run(
        """
        function hex(data) {
            local text = "";
            foreach (byte in data) text += format("%02x", byte);
            return text;
        }
        local data = blob(); data.writestring("abc");
        server.log(hex(crypto.sha256("abc")).slice(0, 8) + " " + typeof crypto.sha256(data));
        server.log(hex(crypto.hmacsha256("what do ya want for nothing?", "Jefe")).slice(0, 8));
        server.log(crypto.equals(data, "abc") + " " + crypto.equals("abc", "abd"));
        """
    )
    assert log == ["ba7816bf blob", "5bdcc146", "true false"]
    assert has(make("imp003", impos="34.11"), "crypto", "equals sha256 hmacsha256") == {"equals"}


def test_time_on_an_imp005_needs_the_server(make: Make) -> None:
    source = 'local t = time(), d = date().year; imp.wakeup(4, @() server.log(t + " " + d));'
    bench = make("imp005", online=False)
    bench.run(source, 11)
    bench.imp.set_online(True)
    assert bench.wait(10) == ["10 1970"]
    other = make("imp003", online=False)
    other.run(source, 11)
    other.imp.set_online(True)
    assert other.wait(10) == ["1577836810 2020"]


def test_clock_counts_seconds(make: Make) -> None:
    log = make("imp003").run("local a = clock(); imp.sleep(0.5); server.log(clock() - a);")
    assert float(log[0]) == pytest.approx(0.5, abs=1e-4)


_NAN = "(1e38 * 1e38 - 1e38 * 1e38)"


@pytest.mark.parametrize("number", [_NAN, "(1e38 * 1e38)", "(-1e38 * 1e38)"])
@pytest.mark.parametrize(
    "call",
    [
        "imp.sleep({})",
        "hardware.pinC.configure(PWM_OUT, {}, 0.5)",
        "hardware.pinC.configure(PWM_OUT, 0.01, {})",
        "hardware.pinA.configure(ANALOG_OUT, {})",
        "hardware.pinC.configure(PTPG_OUT_ACTIVE_HIGH, hardware.pinE, {}, 0.001)",
        "server.connect(null, {})",
    ],
)
def test_numbers_that_are_none(make: Make, call: str, number: str) -> None:
    log = make("imp003").run(f"{TRY} attempt(@() {call.format(number)}); server.log(1);")
    assert log == ["threw number out of range", "1"]


@pytest.mark.parametrize("number", [_NAN, "(1e38 * 1e38)", "-1", "10737419"])
def test_a_timer_out_of_range_is_none(make: Make, number: str) -> None:
    assert make().run(f"server.log(imp.wakeup({number}, @() 0) == null);") == ["true"]


def test_periods_that_no_timer_can_make(make: Make) -> None:
    for period in ("1e30", "100", "0", "-1"):
        log = make("imp003").run(f"{TRY} attempt(@() hardware.pinC.configure(PWM_OUT, {period}, 0.5));")
        assert log == ["threw bad PWM period or steps"]
