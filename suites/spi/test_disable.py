"""disable(): the lines are let go, nothing is sent any more, and the pins serve as GPIO."""

import pytest

from fixtures.outcomes import outcome
from fixtures.spi import mode_flags, words

CAPTURE_HZ = 4e6
KHZ = 500
TEXT = b"\x5a\x00"  # ends with COPI low; SCLK idles low in mode 0


def gpio_roles(bench, port):
    """Pins of the bus that are GPIO, by role."""
    pins = bench.rig.module.spi(port.name).pins
    return {role: pins[role] for role in ("sclk", "copi") if pins[role] in bench.rig.module.gpio_pins}


@pytest.mark.claim("r30-spi-disable")
def test_disabled_bus_sends_nothing(bench, judge, each_spi):
    each_spi.imp.configure(mode_flags(0), KHZ)
    each_spi.imp.write(TEXT)
    each_spi.imp.disable()
    with bench.capture([each_spi.sclk_net, each_spi.copi_net], CAPTURE_HZ) as recording:
        judge.observe("write()", outcome(each_spi.imp.write, TEXT))  # SPI-E1: not documented
    wave = recording.waveform
    judge.equal("edges on SCLK", len(wave.edges(each_spi.sclk_net)), 0)
    judge.equal("edges on COPI", len(wave.edges(each_spi.copi_net)), 0)


def test_bus_that_was_never_configured_sends_nothing(bench, judge, each_spi):
    with bench.capture([each_spi.sclk_net, each_spi.copi_net], CAPTURE_HZ) as recording:
        judge.observe("write()", outcome(each_spi.imp.write, TEXT))  # SPI-E1: not documented
    judge.equal("edges on SCLK", len(recording.waveform.edges(each_spi.sclk_net)), 0)


@pytest.mark.claim("r30-spi-disable")
def test_disabled_bus_lets_go_of_its_lines(bench, judge, each_spi):
    """Both lines were left low by the bus: after disable() the bench's lines alone decide."""
    roles = gpio_roles(bench, each_spi)
    if not roles:
        pytest.skip(f"no bench line is on the pins of {each_spi.name}")
    each_spi.imp.configure(mode_flags(0), KHZ)
    each_spi.imp.write(TEXT)
    each_spi.imp.disable()
    for role, pin in roles.items():
        line = bench.gpio(pin)
        for level in (True, False, True):
            line.drive(level)
            judge.equal(f"{role} driven {'high' if level else 'low'}", line.read(), level)
        line.release()


@pytest.mark.claim("r30-spi-disable")
def test_pins_of_a_disabled_bus_are_gpio_again(bench, imp, judge, each_spi):
    """SPI-DIS-01: needed before using the pins for something else; the imp drives them both ways."""
    roles = gpio_roles(bench, each_spi)
    if not roles:
        pytest.skip(f"the pins of {each_spi.name} are no GPIO")
    each_spi.imp.configure(mode_flags(0), KHZ)
    each_spi.imp.disable()
    for role, pin in roles.items():
        line = bench.gpio(pin)
        gpio = imp.hardware[f"pin{pin}"]
        gpio.configure(imp.DIGITAL_OUT, 0)
        seen = [line.read()]
        for level in (1, 0):
            gpio.write(level)
            seen.append(line.read())
        judge.equal(f"{role} as GPIO", seen, [False, True, False])


@pytest.mark.claim("r30-spi-disable")
def test_bus_works_again_after_disable(bench, judge, each_spi):
    """Disabled before a change of configuration, then configured with another rate."""
    for khz in (KHZ, 2 * KHZ):
        each_spi.imp.configure(mode_flags(0), khz)
        with bench.capture([each_spi.sclk_net, each_spi.copi_net], 2 * CAPTURE_HZ) as recording:
            each_spi.imp.write(TEXT)
        judge.equal(f"on COPI at {khz} kHz", words(recording.waveform, each_spi).data(channel="mosi"), TEXT)
        each_spi.imp.disable()


def test_disable_twice(judge, each_spi):
    """What a second disable() does is not documented; the bus works afterwards."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    each_spi.imp.disable()
    judge.observe("second disable()", outcome(each_spi.imp.disable))
    each_spi.imp.configure(mode_flags(0), KHZ)
    judge.equal("write() afterwards", each_spi.imp.write(TEXT), len(TEXT))
