"""Starting and waking while the server is out of reach: the access point has no power."""

import pytest

_COLD_START_S = 10.0  # boot-cold, api/system.yaml: "ten seconds"; "about ten" in the notes of 42
_ABOUT_S = 1.0
_POLL_S = 0.05
# From the bench's call to power at the imp: the hub's request, and what it then waits for.
_SWITCHING_S = 0.25
_LONGEST_S = 30.0
_RETRY_S, _SNOOZE_S = 60, 540  # server-setsendtimeoutpolicy, api/system.yaml

_MARKER = "hardware.pin{pin}.configure(DIGITAL_OUT, 1);\n"


def _becomes(bench, pin, level: bool, within_s: float) -> float:
    """Bench time in s until the pin has a level; the bench pulls it low while no program drives it."""
    begun = bench.clock.now_ns()
    deadline = bench.clock.deadline_ns(within_s)
    while pin.line.read() != level:
        assert bench.clock.now_ns() < deadline, f"the pin is not {int(level)} within {within_s:g} s"
        bench.clock.sleep(_POLL_S)
    return (bench.clock.now_ns() - begun) / 1e9


@pytest.mark.claim("r42-cold-boot-squirrel-after-10s")
def test_program_starts_ten_seconds_after_a_cold_boot(bench, judge, pulled_pin, device_program, network):
    """Without a server after about ten seconds; with one as soon as it is reached (boot-cold)."""
    pulled_pin.pull.to(False)
    device_program.deploy(_MARKER.format(pin=pulled_pin.name))
    for name, online in (("without a network", False), ("with a network", True)):
        network.power(online)
        bench.power.off()
        bench.clock.sleep(1.0)
        before = bench.clock.now_ns()
        bench.power.on()
        _becomes(bench, pulled_pin, True, _LONGEST_S)
        started_s = (bench.clock.now_ns() - before) / 1e9
        judge.measure(
            f"from power-on to the program, {name}", started_s, unit="s", uncertainty=_SWITCHING_S + _POLL_S,
            low=None if online else _COLD_START_S - _ABOUT_S,
            high=_COLD_START_S - _ABOUT_S if online else _COLD_START_S + _ABOUT_S, source="host stamp",
            resolution=_POLL_S,
        )  # fmt: skip


_TALKS = """
server.log(hardware.wakereason());
function talk() {{ imp.wakeup(1.0, talk); server.log("here"); }}
imp.wakeup(1.0, talk);
"""


@pytest.mark.claim("r30-wakereason-snooze")
@pytest.mark.modules("imp001", "imp003")
def test_imp_snoozes_without_a_network(bench, imp, judge, pulled_pin, device_program, network):
    """SUSPEND_ON_ERROR: a minute's try, deep sleep for nine minutes, a try again; then the reason is SNOOZE.

    The pin is high while the program runs; in deep sleep it is tri-stated, and the bench pulls it low.
    """
    reason = imp.constant_value("WAKEREASON_SNOOZE")
    pulled_pin.pull.to(False)
    device_program.deploy(_MARKER.format(pin=pulled_pin.name) + _TALKS.format())
    device_program.entries(15.0, kind="server.log", count=3)
    network.power(False)
    tried_s = _becomes(bench, pulled_pin, False, 3 * _RETRY_S)
    network.power(True)
    device_program.forget()
    slept_s = _becomes(bench, pulled_pin, True, _SNOOZE_S + 2 * _RETRY_S)
    texts = [entry.text for entry in device_program.entries(15.0, kind="server.log", count=1)]
    judge.equal("wake reason is SNOOZE", texts[:1], [str(reason)])
    judge.observe("tried for", tried_s, "s", uncertainty=_SWITCHING_S + _POLL_S, source="host stamp")
    judge.observe("slept for", slept_s, "s", uncertainty=_SWITCHING_S + _POLL_S, source="host stamp")
