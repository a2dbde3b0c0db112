import pytest

from benchctl.errors import NotEquippedError, UserError
from benchctl.rig.loader import load_rig
from benchctl.rig.nets import Wiring


@pytest.fixture(scope="module")
def imp005() -> Wiring:
    return Wiring(load_rig("virtual-imp005"))


@pytest.fixture(scope="module")
def imp001() -> Wiring:
    return Wiring(load_rig("virtual-imp001"))


def test_uart_straight(imp005: Wiring) -> None:
    facing = imp005.uart_facing("uart0")
    assert str(facing.channel) == "quad C"
    assert (facing.tx_net, facing.rx_net, facing.rts_cts, facing.transceivers) == ("u0_tx", "u0_rx", True, ())
    assert not imp005.uart_facing("uart1").rts_cts


def test_uart_through_rs485(imp005: Wiring) -> None:
    facing = imp005.uart_facing("uart2")
    assert str(facing.channel) == "rs485 A"
    assert (facing.transceivers, facing.de_net) == (("xcvr", "bench_xcvr"), "de")
    assert str(facing.channel.pin("TXDEN")) == "rs485.AD7"


@pytest.mark.parametrize(("rig", "uart"), [("virtual-imp003", "uartWJ"), ("virtual-imp001", "uart12")])
def test_uart_both_straight_and_through_rs485(rig: str, uart: str) -> None:
    wiring = Wiring(load_rig(rig))
    straight, through = wiring.uart_ways(uart)
    assert wiring.uart_facing(uart) == straight
    assert wiring.rs485_facing(uart) == through
    assert (straight.transceivers, straight.de_net) == ((), "")
    assert through.transceivers == ("xcvr", "bench_xcvr")
    assert str(through.channel) == "rs485 A"
    assert wiring.supply_line("xcvr") is not None
    nets = [straight.tx_net, straight.rx_net, through.de_net, "far_rx", "far_de"]
    assert len(wiring.capture_channels([wiring.net(str(net)) for net in nets]).bits) == 5


def test_driver_enable_of_the_bench(imp005: Wiring) -> None:
    enable = imp005.driver_enable(imp005.rs485_facing("uart2").channel)
    assert (enable.txden_bit, enable.line, enable.hears_itself) == (7, None, True)


def test_uart_without_rs485(imp005: Wiring) -> None:
    assert imp005.uart_ways("uart2") == (imp005.rs485_facing("uart2"),)
    with pytest.raises(NotEquippedError, match=r"RS485 bus on uart1. wire a transceiver to its pins"):
        imp005.rs485_facing("uart1")


def test_uart_that_only_receives() -> None:
    facing = Wiring(load_rig("virtual-imp002")).uart_facing("uartB")
    assert (facing.tx_net, facing.rx_net) == (None, "pb")


def test_uart_by_board_role() -> None:
    assert Wiring(load_rig("imp005-fieldbus-gateway")).uart_facing("RS485_UART").uart == "uart2"


def test_several_bench_uarts_on_the_same_pins(imp001: Wiring) -> None:
    channels = [str(imp001.uart_facing(uart).channel) for uart in ("uart57", "uart12", "uart1289")]
    assert channels == ["quad C", "quad D", "aux A"]
    assert imp001.uart_facing("uart1289").rts_cts


def test_missing_wires_are_named() -> None:
    wiring = Wiring(load_rig("virtual-imp006"))
    with pytest.raises(NotEquippedError) as caught:
        wiring.uart_facing("uartXJKLM")
    assert caught.value.resource == "bench UART facing uartXJKLM"
    assert caught.value.cure == "wire imp.XJ to its RXD and imp.XK to its TXD of one bench UART channel"
    with pytest.raises(
        NotEquippedError, match=r"bench I2C on i2cLM. wire imp.L to its SCL, imp.M to its SDA"
    ):
        wiring.i2c_facing("i2cLM")
    with pytest.raises(NotEquippedError, match=r"wire to imp.YG. wire imp.YG and name it in"):
        wiring.imp_pin_net("YG")


def test_i2c_and_spi(imp005: Wiring) -> None:
    assert str(imp005.i2c_facing("i2cJK").channel) == "quad B"
    assert imp005.i2c_facing("i2c0").nets == {"SCL": "scl0", "SDA": "sda0"}
    assert str(imp005.spi_reaching("flash").channel) == "quad A"
    assert imp005.spi_reaching("nor").nets["CS"] == "spi_cs"
    assert [part.name for part in imp005.parts_on_bus("spiBCAD")] == ["nor"]
    assert [part.name for part in imp005.parts_on_bus("i2c0")] == ["eeprom0"]
    assert imp005.parts_on_bus("spi0") == ()


def test_parts_on_a_shared_clock_pin_belong_to_their_own_bus(imp001: Wiring) -> None:
    assert [part.name for part in imp001.parts_on_bus("spi189")] == ["nor"]
    assert [part.name for part in imp001.parts_on_bus("i2c12")] == ["eeprom12"]


def test_capture_of_nets_together(imp005: Wiring) -> None:
    plan = imp005.capture_channels([imp005.net("u2_tx"), imp005.net("L"), imp005.net("far_rx")])
    assert (str(plan.channel), plan.bits) == ("la A", {"u2_tx": 2, "de": 4, "far_rx": 5})
    with pytest.raises(NotEquippedError) as caught:
        imp005.capture_channels([imp005.net("u1_tx"), imp005.net("de"), imp005.net("scl")])
    assert str(caught.value) == (
        "this rig has no capture port that sees u1_tx, de, scl together. wire scl to la A as well."
    )


def test_what_must_be_timed_together_shares_a_port(imp005: Wiring) -> None:
    for names in (
        ("u1_tx", "u1_rx", "u2_tx", "u2_rx", "de", "far_rx", "far_de", "m"),
        ("spi_sclk", "spi_copi", "spi_cipo", "spi_cs", "spi0_sclk", "spi0_loop", "spi0_cs", "m"),
        ("scl", "sda", "scl0", "sda0", "p", "h", "t", "m"),
        ("u0_tx", "u0_rx", "u0_rts", "u0_cts", "reset"),
    ):
        assert set(imp005.capture_channels([imp005.net(name) for name in names]).bits) == set(names)


def test_gpio_lines_and_switched_pulls(imp005: Wiring) -> None:
    assert str(imp005.gpio_line(imp005.net("M")).pin) == "io.AD1"
    (pull,) = imp005.switched_pulls(imp005.net("n"))
    assert (str(pull.line.pin), pull.ohms) == ("io.AC3", 10_000)
    assert imp005.switched_pulls(imp005.net("m")) == ()
    with pytest.raises(NotEquippedError, match=r"gpio line on net 'u1_tx'. wire a pin of a gpio channel"):
        imp005.gpio_line(imp005.net("u1_tx"))


def test_uart_of_a_part(imp005: Wiring) -> None:
    assert str(imp005.uart_of_part("usbdev2")) == "aux D"
    with pytest.raises(NotEquippedError, match=r"bench UART facing behind1"):
        imp005.uart_of_part("behind1")


def test_supply_of_a_part(imp001: Wiring, imp005: Wiring) -> None:
    line = imp001.supply_line("eeprom")
    assert line is not None
    assert str(line.pin) == "io2.AD2"
    assert imp005.supply_line("eeprom") is None


def test_what_is_on_a_net(imp005: Wiring) -> None:
    net = imp005.net("imp.K")
    assert net is imp005.net("sda") is imp005.imp_pin_net("K")
    assert imp005.imp_pins_on(net) == ("K",)
    assert [(part.name, pin) for part, pin in imp005.parts_on(net)] == [("eeprom", "SDA"), ("trouble", "SDA")]
    assert [(str(on.pin), on.function.signal) for on in imp005.bench_channels_on(net)] == [
        ("quad.BD1", "SDA"), ("quad.BD2", "SDA_IN"), ("io2.AC5", "AC5"), ("la.CD1", "CD1"),
    ]  # fmt: skip


def test_nets_by_board_role(imp005: Wiring) -> None:
    assert imp005.net("USB_EN").name == "usb_en"


def test_unknown_nets_and_parts(imp005: Wiring) -> None:
    with pytest.raises(UserError, match=r"no net 'u1_txx'. perhaps you meant 'u1_tx'."):
        imp005.net("u1_txx")
    with pytest.raises(UserError, match=r"no part 'flsh'. perhaps you meant 'flash'."):
        imp005.spi_reaching("flsh")
    with pytest.raises(UserError, match=r"no SPI or I²C bus 'uart0'"):
        imp005.parts_on_bus("uart0")
