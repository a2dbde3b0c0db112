"""imp.wakeup() and imp.sleep(): times on the wire, order, cancelling, very long timers, memory."""

import pytest

from benchctl.capture.interval import between_edges

_TICK_S = 0.01  # resolution of imp.wakeup() (t-wakeup, api/squirrel.yaml)
_CRYSTAL = 1e-4  # hardware-micros follows the fast crystal; how exact that is, is not stated

_PULSE_FOR = """
local pin = hardware.pin{pin};
pin.configure(DIGITAL_OUT, 0);
imp.wakeup(0.05, function() {{
    pin.write(1);
    imp.wakeup({seconds}, function() {{ pin.write(0); server.log("done"); }});
}});
"""


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.5, 2.0])
def test_timer_fires_after_its_time(bench, judge, pin, device_program, seconds):
    """t-wakeup: from the call to the callback, on the wire: not early, and late by no more than two ticks."""
    with bench.capture([pin.net], 100_000) as recording:
        device_program.lines(_PULSE_FOR.format(pin=pin.name, seconds=seconds), 1)
        bench.clock.sleep(0.001)
    waveform = recording.waveform
    judge.attach_waveform(waveform, f"imp.wakeup({seconds})")
    judge.equal("level in the end", int(waveform.level_at(pin.net, waveform.end)), 0)
    rise, fall = waveform.edges(pin.net)[-2:]
    high = between_edges(waveform, [rise], [fall])[0]
    # A timer ticks every 10 ms: it may have been started up to a tick before the next one.
    low, most = seconds - _TICK_S - 1e-3, seconds + 2 * _TICK_S
    judge.duration("time from imp.wakeup() to its callback", high, "s", low=low, high=most)


@pytest.mark.parametrize("seconds", [0.000_1, 0.005, 0.03, 0.5])
def test_sleep_blocks_for_its_time(bench, imp, judge, pin, seconds):
    """t-sleep: 1 µs resolution; what the two pin writes take comes on top."""
    pin.imp.configure(imp.DIGITAL_OUT, 0)
    rate = 4_000_000 if seconds < 0.1 else 1_000_000
    with bench.capture([pin.net], rate) as recording:
        imp.run_detached([(pin.imp.write, (1,)), (imp.sleep, (seconds,)), (pin.imp.write, (0,))])
    waveform = recording.waveform
    judge.attach_waveform(waveform, f"imp.sleep({seconds})")
    rise, fall = waveform.edges(pin.net)
    high = between_edges(waveform, [rise], [fall])[0]
    judge.duration("pulse around imp.sleep()", high, "s", low=seconds * (1 - _CRYSTAL) - 1e-6)
    uncertainty = high.uncertainty_ns / 1e9
    judge.observe(
        "overhead", high.value_ns / 1e9 - seconds, "s", uncertainty=uncertainty, source="logic capture"
    )


def test_timers_fire_in_the_order_of_their_times(imp, judge):
    callbacks = [imp.on_event() for _ in range(4)]
    for callback, seconds in zip(callbacks, (0.4, 0.1, 0.3, 0.2), strict=True):
        imp.wakeup(seconds, callback)
    order = [event.callback for event in imp.events(within_s=1.0, count=4)]
    judge.equal("order", order, [callbacks[n].id for n in (1, 3, 2, 0)])


def test_timer_of_zero_runs_after_the_code_that_set_it(judge, device_program):
    """t-wakeup: the callback never runs inside the current code."""
    source = 'imp.wakeup(0, function() { server.log("timer"); }); server.log("code");'
    judge.equal("log", device_program.lines(source, 2), ["code", "timer"])


def test_cancelled_timer_does_not_fire(imp, judge):
    """imp-cancelwakeup; harmless on a timer that has fired."""
    callback = imp.on_event()
    timer = imp.keep_result(imp.wakeup, 0.2, callback)
    imp.cancelwakeup(timer)
    judge.equal("calls", len(imp.events(callback, within_s=0.4)), 0)
    fired = imp.keep_result(imp.wakeup, 0.05, callback)
    imp.events(callback, within_s=0.5, count=1)
    imp.cancelwakeup(fired)
    judge.equal("calls after cancelling a timer that fired", len(imp.events(callback, within_s=0.2)), 0)


def test_time_out_of_range_gives_no_timer(imp, judge):
    """imp-wakeup: 0 to 10737418 s; null on error."""
    judge.equal("imp.wakeup(10737419, ...)", imp.wakeup(10_737_419, imp.on_event()), None)


def test_many_timers_at_once(imp, judge):
    """How many can run at once is not stated: twenty do."""
    callback = imp.on_event()
    for number in range(20):
        imp.wakeup(0.3 + number / 50, callback)
    judge.equal("calls", len(imp.events(callback, within_s=2.0)), 20)


_LONG = """
server.log("set");
imp.wakeup({seconds}, function() {{ server.log("fired"); }});
"""


@pytest.mark.claim("r42-timers-beyond-4294s")
@pytest.mark.parametrize("seconds", [4294, 4300, 9000])
def test_timer_around_4294_seconds(judge, device_program, seconds):
    """2^32 µs are 4294.97 s: no timer fires early. The log takes a second or two to come."""
    device_program.deploy(_LONG.format(seconds=seconds))
    entries = device_program.entries(seconds + 30, kind="server.log", count=2)
    judge.equal("log", [entry.text for entry in entries], ["set", "fired"])
    judge.measure(
        "time from imp.wakeup() to its callback", (entries[-1].t_ns - entries[0].t_ns) / 1e9, unit="s",
        uncertainty=2.0, low=seconds - 5, high=seconds + 5, source="host stamp",
    )  # fmt: skip


_CLOSURES = """
kept <- [];
function hold(bytes) {
    local ballast = blob(bytes);
    kept.append(imp.wakeup(0.05, function() { ballast.seek(0); }));
}
local before = imp.getmemoryfree();
for (local n = 0; n < 4; n++) hold(8000);
local during = imp.getmemoryfree();
imp.wakeup(1.0, function() {
    server.log(before - during);
    server.log(before - imp.getmemoryfree());
});
"""


@pytest.mark.claim("r42-timer-closure-reference")
def test_timer_object_does_not_keep_its_closure(judge, device_program):
    """imp-wakeup: four timers whose callbacks hold 8000 bytes each are kept, the memory is not."""
    during, after = map(int, device_program.lines(_CLOSURES, 2))
    judge.observe("memory held while they run", during, "B", source="imp")
    judge.measure(
        "memory held afterwards",
        after,
        unit="B",
        uncertainty=0,
        high=during / 4,
        source="imp.getmemoryfree()",
    )


def test_onidle_runs_when_nothing_is_left_to_do(judge, device_program):
    """imp-onidle, api/system.yaml."""
    source = (
        'imp.onidle(function() { server.log("idle"); }); imp.wakeup(0, function() { server.log("timer"); });'
    )
    judge.equal("in the log", sorted(device_program.lines(source, 2)), ["idle", "timer"])


def test_clocks_agree_with_the_bench(bench, imp, judge):
    """hardware-micros and hardware-millis: over two seconds of the bench's clock."""
    first = (imp.hardware.micros(), imp.hardware.millis(), bench.clock.now_ns())
    bench.clock.sleep(2.0)
    last = (imp.hardware.micros(), imp.hardware.millis(), bench.clock.now_ns())
    bench_s = (last[2] - first[2]) / 1e9
    for name, seconds in (("micros", (last[0] - first[0]) / 1e6), ("millis", (last[1] - first[1]) / 1e3)):
        judge.measure(
            f"{name}() in 2 s, less bench time", seconds - bench_s, unit="s", uncertainty=0.003,
            low=-0.01, high=0.01, source="host stamp",
        )  # fmt: skip
