"""What pins do from power-on, before any program touches them."""

import pytest

_HZ = 100_000
_OFF_S = 0.2
_LEVELS = {"driven_low": 0, "driven_high": 1, "pulled_up": 1}


def _follows(bench, imp, judge, pin, pulled_to: bool) -> None:
    """Record the pin from before power-on until the firmware has started, the bench pulling it."""
    bench.pull(pin.name).to(pulled_to)
    bench.power.off()
    bench.clock.sleep(_OFF_S)
    with bench.capture([pin.net], _HZ) as recording:
        imp.restart_by(bench.power.on)
    waveform = recording.waveform
    judge.attach_waveform(waveform, f"power-on, pulled to {int(pulled_to)}")
    judge.equal("level before power-on", bool(waveform.initial_level(pin.net)), pulled_to)
    judge.equal("edges from power-on to the firmware", len(waveform.edges(pin.net)), 0)


@pytest.mark.claim("r34-imp005-pinn-tristate-at-start")
@pytest.mark.parametrize("pulled_to", [False, True], ids=["low", "high"])
def test_pin_n_is_tristate_from_power_on(bench, imp, judge, pin_named, pulled_to):
    """The imp005's pin N follows the bench's pull either way (per_module.default_state, api/pin.yaml)."""
    _follows(bench, imp, judge, pin_named("N"), pulled_to)


@pytest.mark.parametrize("pulled_to", [False, True], ids=["low", "high"])
def test_pins_are_tristate_from_power_on(bench, imp, judge, each_floating_pin, pulled_to):
    """per_module.default_state, api/pin.yaml: a floating pin follows the bench's pull either way."""
    _follows(bench, imp, judge, each_floating_pin, pulled_to)


def test_pins_hold_their_level_from_power_on(judge, power_cycle, each_held_pin):
    """per_module.default_state, api/pin.yaml: what no program uses is driven or pulled up."""
    power_cycle()
    judge.equal("level", int(each_held_pin.level()), _LEVELS[each_held_pin.state])
