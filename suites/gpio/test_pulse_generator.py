"""The pin-triggered pulse generator, delay and width measured from the captured trigger edge."""

import numpy as np
import pytest

from benchctl.capture.interval import Series, between_edges

_HZ = 4_000_000
_PERIOD_US = 10_000.0


def _pulse_out(imp, trigger, delay_s: float, on_s: float) -> None:
    """Configure the trigger as an input first, as the vendor's example does (PIN-PT-05)."""
    trigger.source.imp.configure(imp.DIGITAL_IN)
    trigger.output.imp.configure(imp.PTPG_OUT_ACTIVE_HIGH, trigger.source.imp, delay_s, on_s)


def _fire(bench, trigger, edges: int):
    """Make trigger edges `_PERIOD_US` / 2 apart, the first one falling, and record both pins.

    The line idles high: that is where the wire stays while the adapter lets go of it to set its clock.
    """
    source, output = trigger.source, trigger.output
    with bench.capture([source.net, output.net], _HZ) as recording:
        source.line.pulse(False, _PERIOD_US / 2, count=(edges + 1) // 2, period_us=_PERIOD_US)
        bench.clock.sleep(_PERIOD_US / 2e6)
    return recording.waveform


def _pulses(waveform, trigger) -> tuple[Series, Series]:
    """Delay from the trigger edge before it, and width, of every pulse."""
    triggers, out = waveform.edges(trigger.source.net), waveform.edges(trigger.output.net)
    rising, falling = out[0::2], out[1::2]
    before = triggers[np.searchsorted(triggers, rising, side="right") - 1]
    return between_edges(waveform, before, rising), between_edges(waveform, rising[: len(falling)], falling)


def _within_a_microsecond(judge, name: str, series: Series, wanted_s: float) -> None:
    """The resolution of delay and on-period is 1 µs (PIN-PT-02)."""
    for end, interval in (("shortest", series.shortest), ("longest", series.longest)):
        judge.duration(f"{name}, {end}", interval, "µs", low=wanted_s * 1e6 - 1, high=wanted_s * 1e6 + 1)


@pytest.mark.parametrize(("delay_us", "on_us"), [(100, 50), (1000, 500), (1, 1000)])
def test_every_trigger_edge_makes_one_pulse(bench, imp, judge, each_trigger, delay_us, on_us):
    """PIN-PT-01 and PIN-PT-02: after each edge, rising or falling, first the delay and then the on-period."""
    each_trigger.source.line.drive(True)
    _pulse_out(imp, each_trigger, delay_us / 1e6, on_us / 1e6)
    output = each_trigger.output.imp
    waveform = _fire(bench, each_trigger, 6)
    judge.attach_waveform(waveform, f"{delay_us} µs delay, {on_us} µs on")
    judge.equal("edges of six triggers", len(waveform.edges(each_trigger.output.net)), 12)
    delays, widths = _pulses(waveform, each_trigger)
    _within_a_microsecond(judge, "delay", delays, output.getdelay())
    _within_a_microsecond(judge, "width", widths, output.getperiod())
    _within_a_microsecond(judge, "delay as asked for", delays, delay_us / 1e6)
    judge.intervals("delay", delays.values_ns)


@pytest.mark.claim("r30-ptpg-first-trigger-settings")
def test_first_trigger_has_the_new_settings(bench, imp, judge, each_trigger):
    """PIN-PT-04: the first edge after another configure() makes a pulse with the new delay and width."""
    each_trigger.source.line.drive(True)
    _pulse_out(imp, each_trigger, 0.002, 0.001)
    _fire(bench, each_trigger, 2)
    _pulse_out(imp, each_trigger, 0.0005, 0.0002)
    waveform = _fire(bench, each_trigger, 2)
    judge.attach_waveform(waveform, "first pulse after reconfiguring")
    delays, widths = _pulses(waveform, each_trigger)
    assert len(widths), "no pulse after reconfiguring"
    for name, first, wanted in (("delay", delays[0], 500), ("width", widths[0], 200)):
        judge.duration(f"{name} of the first pulse", first, "µs", low=wanted - 1, high=wanted + 1)


def test_delay_can_be_written(bench, imp, judge, each_trigger):
    """PIN-WR-03: write() sets a new delay; one longer than the trigger's interval suppresses every pulse."""
    each_trigger.source.line.drive(True)
    _pulse_out(imp, each_trigger, 0.002, 0.0005)
    each_trigger.output.imp.write(0.001)
    waveform = _fire(bench, each_trigger, 4)
    delays, _ = _pulses(waveform, each_trigger)
    judge.equal("pulses", len(delays), 4)
    _within_a_microsecond(judge, "delay", delays, 0.001)
    each_trigger.output.imp.write(0.0065)
    waveform = _fire(bench, each_trigger, 6)
    judge.attach_waveform(waveform, "delay longer than the trigger's interval")
    last = waveform.edges(each_trigger.source.net)[-1]
    pulses = waveform.edges(each_trigger.output.net)
    judge.equal("edges before the last trigger", int(np.count_nonzero(pulses < last)), 0)


def test_getters_throw_in_other_modes(imp, judge, pin):
    """PIN-GD-E1 and PIN-GP-E1."""
    pin.imp.configure(imp.DIGITAL_OUT, 0)
    for method in (pin.imp.getdelay, pin.imp.getperiod):
        judge.observe(f"{method!r} throws", method.throws())


def test_pins_without_trigger_refuse_the_pulse_generator(bench, imp, judge, pin):
    """PIN-PT-06 and PIN-CFG-E1: a pin cannot be its own trigger, and an imp005 has no pulse generator."""
    text = pin.imp.configure.throws(imp.PTPG_OUT_ACTIVE_HIGH, pin.imp, 0.001, 0.001)
    judge.observe("what it throws", text)
