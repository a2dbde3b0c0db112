from collections.abc import Callable
from pathlib import Path

import pytest

BASE = """\
schema: 1
name: small
bench: virtual
module: imp005
adapters:
  quad: {kind: ft4232h, serial: Q1, channels: {A: spi, B: i2c, C: uart, D: uart}}
  io: {kind: ft232h, serial: I1, channels: {A: gpio}}
  la: {kind: ft4232h, serial: L1, channels: {A: capture, B: capture}}
  hub: {kind: usbhub, serial: H1}
parts:
  eeprom: {kind: eeprom24, size: 32768}
  nor: {kind: spinor, part: W25X40CL}
nets:
  tx: [imp.UART0_TX, quad.CD1]
  rx: [imp.UART0_RX, quad.CD0]
  m: [imp.M, io.AD1, la.AD0]
control: {primary: {uart: uart0}}
"""


@pytest.fixture
def rig_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small rig with replacements: (old, new) pairs, each old text present once or more."""

    def write(*changes: tuple[str, str]) -> Path:
        text = BASE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "small.yaml"
        path.write_text(text)
        return path

    return write
