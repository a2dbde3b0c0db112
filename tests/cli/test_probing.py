"""Probing by hand on the virtual bench."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Benchctl

RIG = "virtual-imp005"
_HEX = "00000000  {:47}  {}\n"
_POWERED = """\
{
  "powered": {
    "usbdev": false,
    "usbdev2": true,
    "usbhub": true,
    "behind1": true,
    "behind2": true
  }
}
"""
_TICKS = """
uart <- hardware.uart1;
uart.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
function tick() { uart.write("x"); imp.wakeup(0.5, tick); }
tick();
"""


@pytest.fixture
def ticks(tmp_path: Path) -> Path:
    file = tmp_path / "ticks.nut"
    file.write_text(_TICKS)
    return file


def test_monitor_shows_the_time_between_what_arrives(benchctl: "Benchctl", ticks: Path) -> None:
    options = ("--run", ticks, "--baud", "9600", "--for", "3")
    code, out, _ = benchctl("uart", "monitor", RIG, "u1_tx", *options)
    lines = out.splitlines()
    assert (code, lines[0].split()[0], lines[0].split()[-1]) == (0, "first", "b'x'")
    gaps_ms = [float(line.split()[0]) for line in lines[1:]]
    assert gaps_ms == pytest.approx([500] * len(gaps_ms), abs=20)
    assert len(gaps_ms) > 1
    _, out, _ = benchctl("uart", "monitor", RIG, "uart1", *options, "--json")
    chunks = json.loads(out)["chunks"]
    assert {chunk["data"] for chunk in chunks} == {"78"}
    assert all(chunk["uncertainty_ns"] > 0 for chunk in chunks)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("i2c", "scan", RIG, "i2cJK"), "0x20 0x50\n"),
        (("i2c", RIG, "sda"), "0x20 0x50\n"),
        (("i2c", RIG, "i2cJK", "scan", "--hz", "400e3"), "0x20 0x50\n"),
        (("i2c", RIG, "sda", "read", "0x50", "2", "--register", "0000"), _HEX.format("ff ff", "..")),
        (("spi", RIG, "f_cs", "9f", "--read", "3"), _HEX.format("ef 40 18", ".@.")),
        (("gpio", RIG, "m"), "high\n"),
        (("gpio", RIG, "m", "set", "1", "--for", "0.1"), ""),
        (("usb", RIG, "power", "usbdev", "off", "--json"), _POWERED),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_the_action_stands_before_the_rig_or_after_the_net(
    benchctl: "Benchctl", words: tuple[str, ...], said: str
) -> None:
    assert benchctl(*words) == (0, said, [])


def test_scan_says_when_there_is_nothing(benchctl: "Benchctl", monkeypatch: pytest.MonkeyPatch) -> None:
    from benchctl.adapters import usbhost

    monkeypatch.setattr(usbhost, "scan", lambda host: [])
    monkeypatch.setattr(usbhost, "cannot_see", lambda host: None)
    assert benchctl("scan") == (0, "", ["no adapter is attached"])
    assert benchctl("scan", "--json")[:2] == (0, '{\n  "adapters": []\n}\n')
    monkeypatch.setattr(usbhost, "cannot_see", lambda host: "there is no libusb")
    assert benchctl("scan") == (0, "", ["no USB adapter is seen: there is no libusb"])
