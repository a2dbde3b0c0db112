import pytest

from benchctl.rig.kinds import KINDS, Direction, Role


@pytest.mark.parametrize(
    ("kind", "role", "pin", "signal"),
    [
        ("ft4232h", Role.UART, "CD0", "TXD"),
        ("ft4232h", Role.UART, "CD7", "RI"),
        ("ft4232h", Role.RS485, "CD7", "TXDEN"),
        ("ft2232h", Role.RS485, "BC0", "TXDEN"),
        ("ft232h", Role.RS485, "AC9", "TXDEN"),
        ("ft232r", Role.RS485, "CBUS2", "TXDEN"),
        ("ft4232h", Role.SPI, "BD3", "CS"),
        ("ft4232h", Role.SPI, "BD4", "CS1"),
        ("ft232h", Role.I2C, "AD2", "SDA_IN"),
        ("ft232h", Role.I2C, "AD5", "SCL_IN"),
        ("ft232h", Role.GPIO, "AC7", "AC7"),
        ("tty", Role.UART, "CTS", "CTS"),
        ("spidev", Role.SPI, "CIPO", "CIPO"),
        ("sigrok", Role.CAPTURE, "D15", "D15"),
    ],
)
def test_function_of_a_pin(kind: str, role: Role, pin: str, signal: str) -> None:
    function = KINDS[kind].function(role, pin)
    assert function is not None
    assert function.signal == signal


@pytest.mark.parametrize(
    ("kind", "role", "pin"),
    [
        ("ft2232h", Role.UART, "AC0"),
        ("ft2232h", Role.CAPTURE, "AC0"),
        ("ft232h", Role.GPIO, "AC8"),
        ("ft4232h", Role.I2C, "AD3"),
        ("ft4232h", Role.UART, "nonsense"),
    ],
)
def test_pins_without_a_function(kind: str, role: Role, pin: str) -> None:
    assert KINDS[kind].function(role, pin) is None


def test_only_a_and_b_of_an_ft4232h_have_an_mpsse() -> None:
    able = [letter for letter in "ABCD" if KINDS["ft4232h"].can(letter, Role.SPI)]
    assert able == ["A", "B"]
    assert all(KINDS["ft4232h"].can(letter, Role.UART) for letter in "ABCD")


def test_i2c_is_open_drain_and_capture_only_listens() -> None:
    kind = KINDS["ft4232h"]
    sda, bit = kind.function(Role.I2C, "BD1"), kind.function(Role.CAPTURE, "BD1")
    assert sda is not None
    assert bit is not None
    assert (sda.direction, bit.direction, bit.bit) == (Direction.OPEN_DRAIN, Direction.INPUT, 1)
