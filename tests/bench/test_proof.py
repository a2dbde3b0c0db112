"""Wiring proof: the bench believes one rig file, and the virtual bench is wired by another."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchctl.bench import Bench
from benchctl.bench.proof import prove_wiring
from benchctl.rig.loader import load_rig
from benchctl.twin.build import open_virtual

AS_BELIEVED = """\
schema: 1
name: desk
bench: virtual
impos: "34.11"
module: imp005
adapters:
  quad: {kind: ft4232h, serial: Q1, channels: {A: spi, B: i2c, C: uart, D: uart}}
  io: {kind: ft232h, serial: I1, channels: {A: gpio}}
  la: {kind: ft4232h, serial: L1, channels: {A: capture}}
  spare: {kind: ft232h, serial: EDIT-ME-SPARE, channels: {A: gpio}}
  hub: {kind: usbhub, serial: H1}
parts:
  eeprom: {kind: eeprom24, size: 32768}
  nor: {kind: spinor, part: W25X40CL}
nets:
  tx: [imp.UART0_TX, quad.CD1]
  rx: [imp.UART0_RX, quad.CD0]
  u1_tx: [imp.UART1_TX, quad.DD1]
  u1_rx: [imp.UART1_RX, quad.DD0]
  scl: {pins: [imp.J, eeprom.SCL, quad.BD0], pull_up: 2200}
  sda: {pins: [imp.K, eeprom.SDA, quad.BD1, quad.BD2], pull_up: 2200}
  sclk: [nor.SCLK, quad.AD0]
  copi: [nor.COPI, quad.AD1]
  cipo: [nor.CIPO, quad.AD2]
  cs: [nor.CS, quad.AD3]
  m: {pins: [imp.M, io.AD1, la.AD0]}
  p: {pins: [imp.P, io.AD2, la.AD1], pull_up: 10000}
  q: [imp.Q, spare.AD0]
  t: [imp.T]
  reset: {pins: [imp.RESET, io.AD0], pull_up: 10000}
power: {switch: hub.1}
reset: {line: io.AD0}
control: {primary: {uart: uart0}}
"""
Proven = Callable[..., dict[str, tuple[bool | None, str]]]


@pytest.fixture
def proven(tmp_path: Path) -> Iterator[Proven]:
    """Proves a bench whose wires differ from the rig file by (old, new) pairs."""
    believed, wired = tmp_path / "believed.yaml", tmp_path / "wired.yaml"
    believed.write_text(AS_BELIEVED)
    with ExitStack() as stack:

        def prove(*changes: tuple[str, str]) -> dict[str, tuple[bool | None, str]]:
            text = AS_BELIEVED
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            wired.write_text(text)
            twin = open_virtual(load_rig(wired))
            bench = Bench(load_rig(believed), twin.host, lambda: twin.cloud, twin.close)
            stack.enter_context(bench)
            return {finding.what: (finding.proven, finding.detail) for finding in prove_wiring(bench)}

        yield prove


def test_a_bench_wired_as_its_rig_file_says(proven: Proven) -> None:
    found = proven()
    assert found.pop("net q (imp.Q)") == (None, "no line, capture port or pull of the bench is on it")
    assert found.pop("net t (imp.T)") == (None, "no line, capture port or pull of the bench is on it")
    assert found.pop("uart2 and its bench UART") == (None, "this rig has no bench UART facing uart2")
    assert found.pop("i2c0 and what is on it") == (None, "this rig has no bench I2C on i2c0")
    assert found.pop("uart0 and its bench UART") == (
        None,
        "this rig has no control link clear of pins UART0_RX, UART0_TX",
    )
    assert {proven for proven, _ in found.values()} == {True}
    assert set(found) == {
        *("power switch", "reset line", "net m (imp.M)", "net p (imp.P)", "SPI part nor"),
        *("net scl (imp.J)", "net sda (imp.K)", "i2cJK and what is on it"),
        "uart1 and its bench UART",
    }


FAULTS = {
    "missing wire": (
        ["m: {pins: [imp.M, io.AD1, la.AD0]}", "m: {pins: [imp.M, la.AD0]}"],
        {"net m (imp.M)": "the imp does not follow the bench's line to"},
    ),
    "crossed lines": (
        ["imp.M, io.AD1", "imp.M, io.AD9", "imp.P, io.AD2", "imp.P, io.AD1", "io.AD9", "io.AD2"],
        {"net m (imp.M)": "does not follow", "net p (imp.P)": "does not follow"},
    ),
    "crossed probes": (
        ["io.AD1, la.AD0", "io.AD1, la.AD7", "io.AD2, la.AD1", "io.AD2, la.AD0", "la.AD7", "la.AD1"],
        {
            "net m (imp.M)": "la.AD0 does not see the imp's edges; net p moves with it",
            "net p (imp.P)": "la.AD1 does not see the imp's edges; net m moves with it",
        },
    ),
    "short": (
        ["  m: {pins: [imp.M, io.AD1, la.AD0]}\n", "", "imp.P, io.AD2", "imp.M, io.AD1, la.AD0, imp.P"],
        {"net m (imp.M)": "net p moves with it", "net p (imp.P)": "net m moves with it"},
    ),
    "pull-up not fitted": (
        ["la.AD1], pull_up: 10000", "la.AD1], pull_down: 10000"],
        {"net p (imp.P)": "it is not pulled up"},
    ),
    "UART of the imp not wired": (
        ["u1_rx: [imp.UART1_RX, quad.DD0]", "u1_rx: [quad.DD0]"],
        {"uart1 and its bench UART": "the imp got 0 of 52 bytes"},
    ),
    "UART of the bench not wired": (
        ["u1_tx: [imp.UART1_TX, quad.DD1]", "u1_tx: [imp.UART1_TX]"],
        {"uart1 and its bench UART": "0 of 52 bytes came"},
    ),
    "no EEPROM": (
        ["eeprom.SDA, ", ""],
        {"i2cJK and what is on it": "nobody answers at 0x50"},
    ),
    "SDA shorted to ground": (
        ["quad.BD2], pull_up: 2200", "quad.BD2], pull_up: 2200, pull_down: 2"],
        {"i2cJK and what is on it": "SDA of quad B is low", "net sda (imp.K)": "it is not pulled up"},
    ),
    "no flash": (["nor.CIPO, ", ""], {"SPI part nor": "nobody drives CIPO"}),
}


@pytest.mark.parametrize(("changes", "wrong"), FAULTS.values(), ids=FAULTS)
def test_what_is_wired_otherwise_is_named(proven: Proven, changes: list[str], wrong: dict[str, str]) -> None:
    found = proven(*zip(changes[::2], changes[1::2], strict=True))
    failed = {what: detail for what, (proven, detail) in found.items() if proven is False}
    assert set(failed) == set(wrong)
    for what, detail in wrong.items():
        assert detail in failed[what]
