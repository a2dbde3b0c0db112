"""disable(): both lines are let go and the pins serve as GPIO."""

import pytest

WRITE = "\x00\x00x"


@pytest.fixture
def disabled(imp, each_i2c):
    """A bus that has been used and then disabled."""
    each_i2c.imp.configure(imp.CLOCK_SPEED_400_KHZ)
    each_i2c.imp.write(each_i2c.eeprom_address << 1, "")
    each_i2c.imp.disable()
    return each_i2c


@pytest.mark.claim("r30-i2c-disable")
def test_lines_are_released(bench, judge, disabled):
    """With nobody on the bus the pull-ups alone decide, and the bench's controller has the bus to itself."""
    with bench.capture([disabled.scl_net, disabled.sda_net], 1e6) as recording:
        bench.clock.sleep(0.001)
    wave = recording.waveform
    lines = {"SCL": disabled.scl_net, "SDA": disabled.sda_net}
    high = {name for name, net in lines.items() if wave.initial_level(net) and not len(wave.edges(net))}
    judge.equal("lines that are high", high, set(lines))
    if high == set(lines):
        judge.equal("the bench reads", len(disabled.bench.write_read(disabled.eeprom_address, b"\0\0", 4)), 4)


@pytest.mark.claim("r30-i2c-disable")
def test_transactions_fail_and_stay_off_the_bus(bench, judge, disabled):
    with bench.capture([disabled.scl_net, disabled.sda_net], 1e6) as recording:
        returned = disabled.imp.write(disabled.eeprom_address << 1, WRITE)
        read = disabled.imp.read(disabled.eeprom_address << 1, "\0\0", 1)
    wave = recording.waveform
    judge.equal("write() is an error", returned != 0, True)
    judge.equal("read()", read, None)
    judge.equal("edges", len(wave.edges(disabled.scl_net)) + len(wave.edges(disabled.sda_net)), 0)


@pytest.mark.claim("r30-i2c-disable")
def test_pins_are_gpio_again(bench, imp, judge, disabled):
    """I2C-DIS-01: the imp drives them both ways."""
    pins = bench.rig.module.i2c(disabled.name).pins
    if not set(pins.values()) <= set(bench.rig.module.gpio_pins):
        pytest.skip(f"the pins of {disabled.name} are no GPIO")
    for role, pin in pins.items():
        gpio = imp.hardware[f"pin{pin}"]
        line = bench.gpio(pin)
        gpio.configure(imp.DIGITAL_OUT, 0)
        seen = [line.read()]
        for level in (1, 0):
            gpio.write(level)
            seen.append(line.read())
        gpio.configure(imp.DIGITAL_IN)
        judge.equal(f"{role} as GPIO", seen, [False, True, False])


@pytest.mark.claim("r30-i2c-disable")
def test_bus_works_again_with_another_speed(imp, judge, disabled):
    for speed in (imp.CLOCK_SPEED_10_KHZ, imp.CLOCK_SPEED_400_KHZ):
        disabled.imp.configure(speed)
        judge.equal("write()", disabled.imp.write(disabled.eeprom_address << 1, ""), 0)
        disabled.imp.disable()
