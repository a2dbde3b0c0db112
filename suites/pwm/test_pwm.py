"""PWM frequency and duty on the wire, against what was asked for and what the imp says it does."""

import pytest

from benchctl.capture import timing
from benchctl.capture.interval import Ratio

_HZ = 4_000_000
# Relative: no accuracy is stated; the imp's fast crystal cannot be worse and still run a radio.
_CLOCK_OFF = 100e-6
# Of the period: steps are finer than a capture sees, so the duty is held to what a capture can decide.
_DUTY_OFF = 0.005


def _record(bench, pin, for_s: float, hz: float = _HZ):
    with bench.capture([pin.net], hz) as recording:
        bench.clock.sleep(for_s)
    return recording.waveform


def _judge_wave(judge, waveform, net: str, period_s: float, duty: float, steps: int) -> None:
    """Period within the imp's crystal; duty within half a step of what was asked for (PIN-WR-01), or so."""
    found = timing.clock(waveform, net)
    judge.attach_waveform(waveform, f"PWM {period_s:g} s, duty {duty:g}")
    assert found is not None, "no PWM on the wire"
    judge.ratio(
        "frequency", found.hz, "Hz", low=(1 - _CLOCK_OFF) / period_s, high=(1 + _CLOCK_OFF) / period_s
    )
    high = found.highs.mean
    assert high is not None
    share = Ratio(high.value_ns / 1e9 / period_s, high.uncertainty_ns / 1e9 / period_s)
    off = 0.5 / steps + _DUTY_OFF
    judge.ratio("duty", share, "", low=duty - off, high=duty + off)


def test_every_pwm_pin_makes_pwm(bench, imp, judge, each_pwm_pin):
    """pwm_pins, api/pin.yaml: 1 kHz at a quarter."""
    pin = each_pwm_pin
    pin.imp.configure(imp.PWM_OUT, 0.001, 0.25)
    _judge_wave(judge, _record(bench, pin, 0.02), pin.net, pin.imp.getperiod(), 0.25, pin.imp.getsteps())


@pytest.mark.parametrize("duty", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("period_s", [1e-4, 1e-3, 2e-2])
def test_period_and_duty(bench, imp, judge, pwm_pin, period_s, duty):
    """getperiod() is the period after rounding and what is on the wire; the duty is within half a step."""
    pwm_pin.imp.configure(imp.PWM_OUT, period_s, duty)
    said_s, steps = pwm_pin.imp.getperiod(), pwm_pin.imp.getsteps()
    waveform = _record(bench, pwm_pin, max(20 * period_s, 0.01), hz=_HZ if period_s < 0.01 else 1_000_000)
    _judge_wave(judge, waveform, pwm_pin.net, said_s, duty, steps)
    judge.observe("period asked for less period said", period_s - said_s, "s")
    judge.observe("steps", steps)


def test_duty_can_be_written(bench, imp, judge, pwm_pin):
    """PIN-WR-01: write() sets a new duty, period unchanged; 0.0 and 1.0 are steady levels."""
    pwm_pin.imp.configure(imp.PWM_OUT, 0.001, 0.2)
    period_s, steps = pwm_pin.imp.getperiod(), pwm_pin.imp.getsteps()
    for duty in (0.75, 0.3):
        pwm_pin.imp.write(duty)
        _judge_wave(judge, _record(bench, pwm_pin, 0.01), pwm_pin.net, period_s, duty, steps)
    for duty, level in ((0.0, False), (1.0, True)):
        pwm_pin.imp.write(duty)
        waveform = _record(bench, pwm_pin, 0.01)
        judge.equal(f"edges at {duty}", len(waveform.edges(pwm_pin.net)), 0)
        judge.equal(f"level at {duty}", waveform.initial_level(pwm_pin.net), level)


def test_steps_are_zero_in_other_modes(imp, judge, pwm_pin):
    """getsteps() of a PWM pin in another mode is 0 (methods.getsteps, api/pin.yaml)."""
    pwm_pin.imp.configure(imp.DIGITAL_OUT, 0)
    judge.equal("getsteps()", pwm_pin.imp.getsteps(), 0)
    judge.observe("getperiod() throws", pwm_pin.imp.getperiod.throws())


def test_steps_throw_on_a_pin_without_pwm(bench, judge, imp):
    """PIN-GS-E1."""
    without = [name for name in bench.rig.module.gpio_pins if bench.rig.module.pin(name).pwm is False]
    if not without:
        pytest.skip(f"every pin of the {bench.rig.module.name} has PWM")
    for name in without:
        judge.equal(f"getsteps on pin {name}", "getsteps" in getattr(imp.hardware, f"pin{name}"), False)


def test_pins_without_pwm_refuse_it(bench, judge, imp):
    """PIN-CFG-E1: configure() throws where the pin cannot do the mode."""
    module = bench.rig.module
    link = module.uart(bench.control.uart)
    without = [n for n in module.gpio_pins if module.pin(n).pwm is False and n not in (link.tx, link.rx)]
    if not without:
        pytest.skip(f"every pin of the {module.name} has PWM")
    for name in without:
        thrown = getattr(imp.hardware, f"pin{name}").configure.throws(imp.PWM_OUT, 0.001, 0.5)
        judge.equal(f"pin {name} throws", bool(thrown), True)


def test_pwm_goes_on_while_squirrel_restarts(bench, imp, judge, pwm_pin):
    """PIN-PWM-02 and PIN-GP-01: no period is lost at server.restart(), and getperiod() works afterwards."""
    pwm_pin.imp.configure(imp.PWM_OUT, 0.001, 0.5)
    period_s = pwm_pin.imp.getperiod()
    with bench.capture([pwm_pin.net], 100_000) as recording:
        imp.restart_by_call(imp.server.restart)
    found = timing.clock(recording.waveform, pwm_pin.net, idle_ns=1e12)
    assert found is not None
    assert found.periods.longest is not None
    judge.attach_waveform(recording.waveform, "PWM over server.restart()")
    judge.duration("longest period over the restart", found.periods.longest, "s", high=1.05 * period_s)
    judge.equal("getperiod() after the restart", pwm_pin.imp.getperiod(), period_s)
    pwm_pin.imp.configure(imp.DIGITAL_IN)
