"""Every way a rig file can be wrong, with the message it gets."""

from pathlib import Path

import pytest
import yaml

from benchctl.errors import RigError
from benchctl.rig.loader import load_rig, problems

NETS, CONTROL = "nets:\n", "control: {primary: {uart: uart0}}\n"
REFUSED = yaml.safe_load((Path(__file__).parent / "refused.yaml").read_text())
CASES = [case for section in REFUSED.values() for case in section]


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_refused_with_file_line_key_and_cure(rig_file, case) -> None:
    path = rig_file((case["was"], case["now"]), *([case["and"]] if "and" in case else []))
    with pytest.raises(RigError) as caught:
        load_rig(path)
    assert str(caught.value) == f"{path}:{case['says']}"
    assert caught.value.cure
    assert (caught.value.file, caught.value.exit_code) == (path, 2)


def test_the_small_rig_itself_is_fine(rig_file) -> None:
    assert problems(rig_file()) == []


def test_a_module_without_usb_takes_no_usb_part(rig_file) -> None:
    path = rig_file(
        ("module: imp005", "module: imp003"),
        (NETS, "  dev: {kind: ft232r, serial: U1, port: imp.USB, vbus: hub.2}\nnets:\n"),
    )
    with pytest.raises(
        RigError, match=r":13: parts.dev.port: the imp003 has no USB host. take the part out."
    ):
        load_rig(path)


def test_control_cannot_go_through_rs485(rig_file) -> None:
    path = rig_file(
        (NETS, "  a: {kind: rs485}\n  b: {kind: rs485}\nnets:\n  bus: [a.BUS, b.BUS]\n"),
        ("[imp.UART0_TX, quad.CD1]", "[imp.UART0_TX, a.DI]\n  far_rx: [b.RO, quad.CD1]"),
        ("[imp.UART0_RX, quad.CD0]", "[imp.UART0_RX, a.RO]\n  far_tx: [b.DI, quad.CD0]"),
    )
    with pytest.raises(RigError, match="uart0 reaches the bench through RS485"):
        load_rig(path)


@pytest.mark.parametrize("switch", ["", "  de: [x.DE, x.RE, io.AD3]\n"], ids=["none", "RE with DE"])
def test_a_receiver_that_is_always_on_shares_its_net_with_nobody(rig_file, switch: str) -> None:
    path = rig_file(
        (NETS, f"  x: {{kind: rs485}}\nnets:\n{switch}"),
        ("[imp.M, io.AD1, la.AD0]", "{pins: [imp.M, io.AD1, x.RO], arbiter: bench}"),
    )
    with pytest.raises(RigError, match=r"2 drivers: x.RO and io.AD1 \(gpio\). take one of them off the net"):
        load_rig(path)


@pytest.mark.parametrize("pin", ["VCC", "RE"])
def test_a_receiver_that_the_bench_switches_shares_its_net(rig_file, pin: str) -> None:
    path = rig_file(
        (NETS, f"  x: {{kind: rs485}}\nnets:\n  switch: [x.{pin}, io.AD3]\n"),
        ("[imp.M, io.AD1, la.AD0]", "{pins: [imp.M, io.AD1, x.RO], arbiter: bench}"),
    )
    assert problems(path) == []


def test_a_transmit_only_uart_cannot_carry_the_control_link(rig_file) -> None:
    path = rig_file(
        ("module: imp005", "module: imp004m"), ("UART0_TX", "B"), ("UART0_RX", "C"), ("uart0", "uartQ")
    )
    with pytest.raises(
        RigError, match=r"uartQ cannot carry the control link: it has no RX. choose one of: uartBCAW"
    ):
        load_rig(path)


@pytest.mark.parametrize(
    "net",
    [
        "{pins: [imp.M, io.AD1, quad.DD0], arbiter: bench}",
        "{pins: [imp.J, quad.BD0, eeprom.SCL], pull_up: 2200}",
        "[imp.SPI0_COPI, imp.SPI0_CIPO, la.AD0]",
        "[imp.M, nor.CIPO, quad.AD2]",
        "[imp.M, la.AD0, la.BD0]",
    ],
)
def test_what_shares_a_net_by_right(rig_file, net: str) -> None:
    assert problems(rig_file(("[imp.M, io.AD1, la.AD0]", net))) == []


def test_the_bench_may_drive_what_the_imp_drives_while_it_holds_it_in_reset(rig_file) -> None:
    flash = "{pins: [imp.FLASH_SCLK, nor.SCLK, quad.AD0], arbiter: reset}"
    path = rig_file(
        ("[imp.M, io.AD1, la.AD0]", f"{flash}\n  reset: [imp.RESET, io.AD0]"),
        (CONTROL, CONTROL + "reset: {line: io.AD0}\n"),
    )
    assert problems(path) == []


def test_problems_lists_all_that_is_wrong(rig_file) -> None:
    path = rig_file(("serial: L1", "serial: Q1"), ("la.AD0]", "quad.DD0]"))
    assert [error.key for error in problems(path)] == ["adapters.la.serial", "nets.m"]


def test_no_arbiter_makes_the_kernel_let_go(rig_file) -> None:
    path = rig_file(
        ("parts:", "  pi: {kind: spidev, path: /dev/spidev0.0}\nparts:"),
        (NETS, "nets:\n  sclk: {pins: [imp.A, nor.SCLK, pi.SCLK], arbiter: reset}\n"),
    )
    with pytest.raises(RigError) as caught:
        load_rig(path)
    assert str(caught.value) == (
        f"{path}:15: nets.sclk: pi.SCLK (spi) drives this net all the time: the kernel never lets go of it. "
        "take it off the net, or use an FTDI channel there."
    )
