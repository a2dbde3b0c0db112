"""DAC pins, as far as a digital bench sees them: which pins have one, and both ends of its range."""

import pytest

from fixtures.outcomes import thrown_by


def _dac_pins(bench, imp) -> list[str]:
    """Pins that take ANALOG_OUT. Those of the control link are left alone."""
    module = bench.rig.module
    link = module.uart(bench.control.uart)
    found = []
    for name in module.gpio_pins:
        if name in (link.tx, link.rx):
            continue
        if not thrown_by(getattr(imp.hardware, f"pin{name}").configure, imp.ANALOG_OUT, 0.0):
            found.append(name)
    return found


@pytest.mark.claim("mig-imp003-two-dac-pins")
def test_two_pins_take_analog_out(bench, imp, judge):
    """Exactly those that dac_pins of api/pin.yaml names."""
    expected = [name for name in bench.rig.module.gpio_pins if bench.rig.module.pin(name).dac]
    judge.equal("pins that take ANALOG_OUT", _dac_pins(bench, imp), expected)


@pytest.mark.modules("imp001", "imp003")
def test_dac_spans_the_supply(imp, judge, each_dac_pin):
    """PIN-WR-02: 0.0 is 0 V and 1.0 the supply; a logic input sees both; between needs a meter."""
    pin = each_dac_pin
    pin.imp.configure(imp.ANALOG_OUT)
    for value, level in ((0.0, 0), (1.0, 1), (0.0, 0)):
        pin.imp.write(value)
        judge.equal(f"level at {value}", int(pin.line.read()), level)


@pytest.mark.modules("imp005")
def test_imp005_has_no_dac(bench, imp, judge):
    """dac_pins, api/pin.yaml: none on an imp005; ANALOG_OUT throws on every pin (PIN-CFG-E1)."""
    judge.equal("pins that take ANALOG_OUT", _dac_pins(bench, imp), [])
