"""The objects `server` and `agent`: connecting, policies, the log."""

from collections.abc import Callable

import pytest

from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]

RETURN = "server.setsendtimeoutpolicy(RETURN_ON_ERROR, WAIT_TIL_SENT, 30);\n"


def test_only_the_latest_callback_of_connect_is_called(make: Make) -> None:
    source = """
    imp.wakeup(1, function() {
        local called = "";
        server.connect(@(reason) called += "first", 60);
        server.connect(function(reason) { called += "second " + reason; }, 3);
        imp.wakeup(5, function() { server.connect(@(_) server.log(called), 60); });
    });
    """
    bench = make("imp003", online=False)
    bench.run(RETURN + source, 16)
    bench.imp.set_online(True)
    assert bench.wait(10) == ["second 4"]


def test_a_connection_is_made_as_soon_as_the_network_is_there(make: Make) -> None:
    source = """
    local from = hardware.millis();
    server.connect(function(reason) { server.log(reason + " " + (hardware.millis() - from)); }, 60);
    """
    bench = make("imp003", online=False)
    bench.run(RETURN + source, 10)
    assert not bench.imp.idle
    bench.imp.set_online(True)
    (line,) = bench.wait(2)
    reason, ms = line.split()
    assert reason == "5"
    assert 2_000 < int(ms) < 4_000
    assert bench.imp.idle


def test_a_connection_under_way_ends_with_its_program(make: Make) -> None:
    source = """
    if (!hardware.wakereason()) {
        server.connect(@(reason) server.log("connected"), 5);
        imp.wakeup(0.1, @() server.restart());
    }
    """
    bench = make("imp003", online=False)
    bench.run(RETURN + source, 30)
    assert bench.log == []


def test_suspend_on_error_ignores_the_callback(make: Make) -> None:
    log = make("imp003").run(
        """
        server.disconnect();
        server.connect(@(reason) server.log("never"), 5);
        server.log(server.isconnected());
        """,
        10,
    )
    assert log == ["true"]


def test_agent_send_needs_a_connection(make: Make) -> None:
    source = """
    server.disconnect();
    local code = agent.send("name", 1);
    server.connect(@(_) server.log(code), 60);
    """
    assert make("imp003").run(RETURN + source, 5) == ["1"]
    log = make("imp003").run(
        'server.disconnect(); server.log(agent.send("name", 1) + " " + server.isconnected());', 5
    )
    assert log == ["0 true"]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('"é"', "é"),
        ('"\\xc3\\xa9"', "é"),
        ('"\\xff\\x00" + "z"', "\\xff\x00z"),
        ("true", "true"),
        ("5.0", "5"),
        ("1e6", "1e+06"),
        ("5.1", "5.1"),
    ],
)
def test_log_text(make: Make, expression: str, text: str) -> None:
    assert make("imp003").run(f"server.log({expression});") == [text]


def test_floats_in_the_log_of_34_have_trailing_zeros(make: Make) -> None:
    source = 'server.log(5.1); server.error(2.0); server.log("" + 5.1);'
    assert make("imp003", impos="34.11").run(source) == ["5.100000", "2.000000", "5.1"]
    assert make("imp003", impos="32").run(source) == ["5.1", "2", "5.1"]
    assert make("imp003", impos="36.14").run(source) == ["5.1", "2", "5.1"]


def test_a_program_staged_before_a_power_cycle_is_not_staged_after_it(make: Make) -> None:
    source = """
    server.log(hardware.wakereason());
    if (hardware.wakereason() == WAKEREASON_POWER_ON) server.onshutdown(@(_) 0);
    """
    bench = make("imp003")
    bench.run(source)
    bench.imp.deploy(source + "if (hardware.wakereason() == WAKEREASON_POWER_ON) server.restart();")
    bench.wait(1)
    assert bench.log == ["0"]
    bench.imp.set_power(False)
    bench.imp.set_power(True)
    assert bench.wait(3) == ["0", "0", "10"]


def test_a_handler_gets_errors_with_their_place(make: Make) -> None:
    source = """
    imp.onunhandledexception(@(e) server.log(e));
    if (hardware.wakereason() == WAKEREASON_POWER_ON) imp.wakeup(0.1, function() {
        wakeup();
    });
    """
    log = make("imp003").run(source)
    assert log[0] == "ERROR: the index 'wakeup' does not exist"
    assert log[-1] == "the index 'wakeup' does not exist: in unknown device_code:4"
    source = "imp.onunhandledexception(@(e) server.log(typeof e)); if (!hardware.wakereason()) throw {};"
    assert make("imp003").run(source)[-1] == "table"
