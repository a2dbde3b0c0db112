import pytest

from benchctl.dut.module import MODULES, Module
from benchctl.errors import NotEquippedError, UserError


@pytest.mark.parametrize("name", MODULES)
def test_every_module_reads(name: str) -> None:
    module = Module.named(name)
    assert module.name == module.facts["module"] == name
    assert list(module.gpio_pins) == module.facts["pins"]["names"]
    for bus in module.buses.values():
        for pin in bus.pins.values():
            assert bus.name in module.pins[pin].buses


def test_flags_keep_unknown_apart_from_false() -> None:
    pin = Module.named("imp003").pin("A")
    assert (pin.adc, pin.dac, pin.pulse_counter, pin.pwm) == (True, True, False, None)
    assert Module.named("imp006").pin("YA").ptpg_trigger_for is None
    assert Module.named("imp006").pin("YA").default_state is None


def test_ptpg_and_buses_of_a_pin() -> None:
    assert Module.named("imp003").pin("F").ptpg_trigger_for == ("K", "X")
    assert Module.named("imp003").buses_on("G") == ("uartFG", "uartUVGD", "i2cFG", "spiLGDK")


def test_dedicated_pins_are_pins_with_the_direction_of_their_role() -> None:
    module = Module.named("imp005")
    assert module.uart("uart0").dedicated
    directions = {pin: module.pin(pin).direction for pin in ("UART0_TX", "UART0_RX", "CS0", "I2C0_SCL", "K")}
    assert directions == {
        "UART0_TX": "out", "UART0_RX": "in", "CS0": "out", "I2C0_SCL": "open-drain", "K": "either",
    }  # fmt: skip
    assert "UART0_TX" not in module.gpio_pins


def test_unknown_bus_lines_are_not_absent_ones() -> None:
    uart1 = Module.named("imp005").uart("uart1")
    assert uart1.rts is None
    assert uart1.unknown == {"rts", "cts"}
    assert not Module.named("imp003").uart("uartFG").unknown


def test_limits() -> None:
    assert Module.named("imp005").uart("uart1").max_baud == 2_337_500
    assert Module.named("imp003").spi("spiEBCA").rates_khz[0] == 18_000
    assert Module.named("impC001").spi("spiDCAB").rates_khz is None
    assert Module.named("imp005").i2c("i2cJK").clock_stretching is False


def test_labels_of_this_project() -> None:
    assert {"FLASH_CS", "RESET", "VCC", "USB"} <= set(Module.named("imp005").pins)
    assert not {"FLASH_CS", "USB"} & set(Module.named("imp001").pins)


def test_facts_carry_source_and_confidence() -> None:
    fact = Module.named("imp003").fact("spiflash.reserved_bytes")
    assert (fact.value, fact.confidence, fact.source) == (448 * 1024, "documented", ("seed30", "apiflash"))
    unknown = Module.named("imp005").fact("spiflash.reserved_bytes")
    assert (unknown.value, unknown.known) == (None, False)
    absent = Module.named("imp001").fact("spiflash.min_bytes")
    assert (absent.value, absent.known) == (None, True)


def test_sleep_and_releases() -> None:
    assert Module.named("imp003").wake_pins == ("W",)
    assert Module.named("imp005").deep_sleep is False
    assert Module.named("imp005").first_impos == 34
    assert Module.named("imp001").first_impos is None


def test_usb_is_on_two_modules_only() -> None:
    assert [name for name in MODULES if Module.named(name).usb] == ["imp005", "impC001"]
    assert Module.named("impC001").require_usb().object == "hardware.usbAB"
    with pytest.raises(NotEquippedError, match="USB host on the imp003"):
        Module.named("imp003").require_usb()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Module.named("imp03"), "there is no module 'imp03'. perhaps you meant 'imp003'."),
        (lambda: Module.named("imp005").pin("UART0TX"), "no pin 'UART0TX'. perhaps you meant 'UART0_TX'."),
        (lambda: Module.named("imp005").uart("uart3"), "no UART 'uart3'. perhaps you meant"),
        (lambda: Module.named("imp001").i2c("i2cJK"), "no I²C bus 'i2cJK'. perhaps you meant 'i2c12'."),
        (lambda: Module.named("imp001").spi("x"), "no SPI bus 'x'. choose one of: spi257, spi189."),
        (
            lambda: Module.named("imp001").fact("sleep.nvv"),
            "not a fact of the imp001. perhaps you meant 'nv'.",
        ),
        (lambda: Module.named("imp001").fact("sleep"), "'sleep' is not one fact"),
    ],
)
def test_unknown_names_get_the_nearest(ask, message: str) -> None:
    with pytest.raises(UserError) as caught:
        ask()
    assert message in str(caught.value)
