"""Why the imp says it started, for every way the bench can start it (const-wakereasons, api/system.yaml)."""

import pytest


def _is(judge, imp, hello, name: str) -> None:
    judge.equal(f"wake reason is {name}", hello.wake_reason, imp.constant_value(name))
    judge.equal("hardware.wakereason()", imp.hardware.wakereason(), hello.wake_reason)


def test_power_on(imp, judge, power_cycle):
    """A cold boot; nv does not outlive it (nv-table)."""
    hello = power_cycle()
    _is(judge, imp, hello, "WAKEREASON_POWER_ON")
    judge.equal("boots counted in nv", hello.boots, 1)


@pytest.mark.claim("r30-wakereason-hw-reset")
def test_reset_pin_of_an_imp003(bench, imp, judge):
    """One pulse on the reset pin."""
    bench.reset.hold()
    bench.clock.sleep(0.01)
    _is(judge, imp, imp.restart_by(bench.reset.release), "WAKEREASON_HW_RESET")


@pytest.mark.modules("imp005")
def test_reset_pin(bench, imp, judge):
    """WAKEREASON_HW_RESET is documented for the imp003 and newer."""
    bench.reset.hold()
    bench.clock.sleep(0.01)
    _is(judge, imp, imp.restart_by(bench.reset.release), "WAKEREASON_HW_RESET")


@pytest.mark.modules("imp003", "imp005")
def test_imp_held_in_reset_stays_silent(bench, imp, judge, pin):
    """Nothing moves while reset is held: an output lets go, and the program starts once it is released."""
    pin.imp.configure(imp.DIGITAL_OUT, 1)
    bench.reset.hold()
    bench.clock.sleep(0.01)
    with bench.capture([pin.net], 100_000) as recording:
        bench.clock.sleep(3.0)
    judge.equal("edges in 3 s of reset", len(recording.waveform.edges(pin.net)), 0)
    before = bench.clock.now_ns()
    imp.restart_by(bench.reset.release)
    judge.observe(
        "from reset to the firmware's hello", (bench.clock.now_ns() - before) / 1e9, "s", uncertainty=0.01
    )


def test_imp_reset(imp, judge):
    """imp-reset: a software reset."""
    _is(judge, imp, imp.restart_by_call(imp.reset), "WAKEREASON_SW_RESET")


def test_server_restart(imp, judge):
    """server-restart: Squirrel alone starts anew."""
    _is(judge, imp, imp.restart_by_call(imp.server.restart), "WAKEREASON_SW_RESTART")


def test_squirrel_error(judge, device_program):
    """e-uncaught: an uncaught error restarts Squirrel; the second time the program behaves."""
    source = """
    server.log(hardware.wakereason() == WAKEREASON_SQUIRREL_ERROR);
    if (hardware.wakereason() != WAKEREASON_SQUIRREL_ERROR) nothing.here();
    """
    judge.equal(
        "wake reason is SQUIRREL_ERROR, run after run", device_program.lines(source, 2), ["false", "true"]
    )


def test_clocks_start_at_zero(bench, imp, judge, power_cycle):
    """hardware-millis and hardware-micros: zeroed at a cold boot."""
    before = bench.clock.now_ns()
    power_cycle()
    millis = imp.hardware.millis()
    took_ms = (bench.clock.now_ns() - before) / 1e6
    judge.measure(
        "millis() after power-on", millis, unit="ms", uncertainty=2, low=0, high=took_ms, source="imp timer"
    )


def test_time_from_power_on_to_squirrel(bench, imp, judge, power_cycle):
    """No figure is stated: a baseline to compare releases by."""
    bench.power.off()
    bench.clock.sleep(0.2)
    before = bench.clock.now_ns()
    imp.restart_by(bench.power.on)
    judge.observe(
        "from power to the firmware's hello", (bench.clock.now_ns() - before) / 1e9, "s", uncertainty=0.01
    )
