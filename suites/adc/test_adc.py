"""ADC readings against levels and sources of the bench. Readings are 0 to 65535 over 0 V to the supply."""

import pytest

from fixtures.outcomes import thrown_by

_FULL = 65_535
_STEP = 16  # of a reading: 12 bits are accurate (PIN-RD-03)
_SUPPLY_OFF = 0.02  # hardware.voltage() is right within about 2 % (hardware_misc.voltage, api/misc.yaml)
# A bench line is known no better: high is its adapter's supply, not the imp's, and low some mV above ground.
# A twentieth of the scale tells an ADC that works from one that does not; its twelve bits take a meter.
_LINE_OFF = {0: 0.01, 1: 0.02}
_NEAR = 0.05


def _at_ends(judge, pin, level: int) -> None:
    """A pin that a bench line drives to a rail reads 0 or full scale."""
    pin.line.drive(bool(level))
    judge.measure(
        f"pin {pin.name} at {'the supply' if level else '0 V'}", pin.imp.read() / _FULL, unit="",
        uncertainty=_LINE_OFF[level], low=1 - _NEAR if level else None, high=None if level else _NEAR,
        source="bench line and imp ADC", resolution=_STEP / _FULL,
    )  # fmt: skip


def _at_source(judge, imp, pin) -> None:
    """A pin on a source of known voltage, by the imp's own idea of its supply."""
    volts = pin.imp.read() / _FULL * imp.hardware.voltage()
    step = imp.hardware.voltage() * _STEP / _FULL
    judge.measure(
        f"pin {pin.name} at {pin.volts:g} V", volts, unit="V", uncertainty=_SUPPLY_OFF * volts + step,
        low=pin.volts * (1 - _NEAR), high=pin.volts * (1 + _NEAR), source="imp ADC and hardware.voltage()",
        resolution=step,
    )  # fmt: skip


def test_every_adc_pin_reads_the_bench(imp, judge, each_analog_pin):
    """PIN-RD-03: both ends of the scale on every pin the bench drives, and the sources in between."""
    pin = each_analog_pin
    pin.imp.configure(imp.ANALOG_IN)
    if pin.line is None:
        _at_source(judge, imp, pin)
        return
    for level in (0, 1, 0):
        _at_ends(judge, pin, level)


def test_other_pins_refuse_analog_in(bench, imp, judge):
    """PIN-CFG-E1: a pin without ADC throws; an imp005 has none with."""
    module = bench.rig.module
    link = module.uart(bench.control.uart)
    without = [n for n in module.gpio_pins if module.pin(n).adc is False and n not in (link.tx, link.rx)]
    if not without:
        pytest.skip(f"every pin of the {module.name} has an ADC")
    for name in without:
        thrown = getattr(imp.hardware, f"pin{name}").configure.throws(imp.ANALOG_IN)
        judge.equal(f"pin {name} throws", bool(thrown), True)


@pytest.mark.modules("imp001", "imp003")
def test_analog_pin_reads_digital_again(imp, judge, analog_pin_on_line):
    """PIN-RD-01: read() is 0 or 1 once the pin is a digital input."""
    pin = analog_pin_on_line
    pin.imp.configure(imp.ANALOG_IN)
    _at_ends(judge, pin, 1)
    pin.imp.configure(imp.DIGITAL_IN)
    judge.equal("read() as a digital input", pin.imp.read(), 1)


@pytest.mark.claim("r42-ki-imp003-eight-of-ten-adc")
def test_eight_of_ten_adc_pins_at_once(imp, judge, all_analog_pins):
    """KI-02: of the ten pins configured together at most eight read what the bench puts on them; eight do."""
    working = []
    for pin in all_analog_pins:
        if not thrown_by(pin.imp.configure, imp.ANALOG_IN):
            working.append(pin)
    right = [pin.name for pin in working if _reads_right(imp, pin)]
    judge.equal("pins on the bench", len(all_analog_pins), 10)
    judge.equal("pins that read right at once", len(right), 8)


def _reads_right(imp, pin) -> bool:
    if pin.line is None:
        return abs(pin.imp.read() / _FULL * imp.hardware.voltage() - pin.volts) < _NEAR * pin.volts
    seen = []
    for level in (False, True):
        pin.line.drive(level)
        seen.append(pin.imp.read())
    pin.line.release()
    return seen[0] <= _NEAR * _FULL and seen[1] >= (1 - _NEAR) * _FULL
