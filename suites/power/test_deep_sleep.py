"""Deep sleep: by timer and by wake pin, its length on the wire, and its absence on the imp005."""

import pytest

from benchctl.capture.interval import between_edges

_LONGEST_S = 2_419_198  # imp-deepsleepfor, api/system.yaml


@pytest.mark.modules("imp005")
def test_imp005_has_no_deep_sleep(imp, judge):
    """limit-imp005-no-deepsleep: the four calls are removed."""
    for owner, names in (("imp", ("deepsleepfor", "deepsleepuntil")), ("server", ("sleepfor", "sleepuntil"))):
        for name in names:
            judge.equal(f"{owner}.{name} exists", name in imp.root(owner), False)


_REASON_THEN = """
server.log(hardware.wakereason());
if (hardware.wakereason() == WAKEREASON_NEW_SQUIRREL) imp.wakeup(0.1, function() {{
    try {{ {call} }} catch (error) {{ server.log("threw " + error); }}
}});
"""


@pytest.mark.modules("imp001", "imp003")
@pytest.mark.parametrize("call", ["imp.deepsleepfor(2)", "server.sleepfor(2)"])
def test_deep_sleep_ends_by_its_timer(bench, imp, judge, pulled_pin, device_program, call):
    """The marker pin is high while the program runs and tri-stated in sleep, where the bench pulls it low."""
    pin = pulled_pin
    marker = f"hardware.pin{pin.name}.configure(DIGITAL_OUT, 1);"
    timer = imp.constant_value("WAKEREASON_TIMER")
    pin.pull.to(False)
    with bench.capture([pin.net], 10_000) as recording:
        log = device_program.lines(marker + _REASON_THEN.format(call=call + ";"), 2)
        bench.clock.sleep(0.01)
    waveform = recording.waveform
    judge.attach_waveform(waveform, call)
    judge.equal("wake reason is TIMER", log[1:], [str(timer)])
    asleep, awake = waveform.edges(pin.net)[-2:]
    slept = between_edges(waveform, [asleep], [awake])[0]
    # 20 ppm: the 32 kHz crystal (hardware-time-accuracy). How long waking takes is not stated.
    judge.duration("from asleep to awake", slept, "s", low=2 * (1 - 20e-6) - 1e-3)


@pytest.mark.claim("r30-deepsleep-bad-parameter-fix")
@pytest.mark.modules("imp001", "imp003")
@pytest.mark.parametrize(
    "call",
    ["imp.deepsleepfor(0)", "imp.deepsleepfor(1)", "imp.deepsleepuntil(now.hour, now.min, now.sec)"],
)
def test_shortest_sleep_is_no_bad_parameter(imp, judge, device_program, call):
    """Boundary values neither throw nor keep the imp from waking."""
    timer = imp.constant_value("WAKEREASON_TIMER")
    log = device_program.lines(_REASON_THEN.format(call=f"local now = date(time() + 3); {call};"), 2)
    judge.equal("log after the first start", log[1:], [str(timer)])


@pytest.mark.claim("r30-deepsleep-bad-parameter-fix")
@pytest.mark.modules("imp001", "imp003")
def test_longest_sleep_is_no_bad_parameter(judge, power_cycle_only, device_program):
    """28 days less two seconds do not throw: the imp is gone until its power comes back."""
    log = device_program.lines(_REASON_THEN.format(call=f"imp.deepsleepfor({_LONGEST_S});"), 2, within_s=8.0)
    judge.equal("entries in the log", len(log), 1)
    power_cycle_only()
    judge.equal("entries after power-on", len(device_program.entries(5.0, kind="server.log", count=2)), 2)


@pytest.mark.modules("imp001", "imp003")
@pytest.mark.parametrize("seconds", [-1, _LONGEST_S + 1])
def test_sleep_out_of_range(imp, judge, seconds):
    """0 to 2419198 s; what happens outside is not stated."""
    judge.observe(f"imp.deepsleepfor({seconds}) throws", imp.deepsleepfor.throws(seconds))


@pytest.mark.modules("imp001", "imp003")
def test_deep_sleep_ends_by_the_wake_pin(bench, imp, judge, wake_pin, device_program):
    """wake-pins, api/system.yaml: high on a pin in DIGITAL_IN_WAKEUP."""
    reason = imp.constant_value("WAKEREASON_PIN")
    wake_pin.line.drive(False)
    call = f"hardware.pin{wake_pin.name}.configure(DIGITAL_IN_WAKEUP); imp.deepsleepfor(3600);"
    device_program.deploy(_REASON_THEN.format(call=call))
    device_program.entries(15.0, kind="server.log", count=1)
    bench.clock.sleep(2.0)
    judge.equal("entries in the log while asleep", len(device_program.entries(0.1, kind="server.log")), 1)
    wake_pin.line.drive(True)
    log = [entry.text for entry in device_program.entries(10.0, kind="server.log", count=2)]
    judge.equal("wake reason is PIN", log[1:], [str(reason)])


@pytest.mark.modules("imp001", "imp003")
def test_nv_outlives_deep_sleep(bench, imp, judge):
    """nv-table: kept over deep sleep on modules that have it."""
    before = imp.hello.boots
    hello = imp.restart_by_call(imp.deepsleepfor, 1)
    judge.equal("wake reason is TIMER", hello.wake_reason, imp.constant_value("WAKEREASON_TIMER"))
    judge.equal("boots counted in nv", hello.boots, before + 1)
