import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchctl.capture import encode
from benchctl.capture.encode import I2cPattern, SpiPattern
from benchctl.capture.files import save_capture
from benchctl.capture.modbus import crc16
from benchctl.capture.spi import SpiFormat
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import Waveform
from benchctl.cli import main, timing
from benchctl.errors import UserError

MESSAGE = b"impOS 42.1\r\n"


def line(data: bytes, fmt: UartFormat, gap_bits: float = 0.0) -> Waveform:
    bit = 1e9 / fmt.baud
    edges = encode.uart_edges(data, fmt, start=10 * bit, gaps=gap_bits * bit)
    return Waveform.from_edges({"TX": edges}, int(edges[1][-1] + 60 * bit))


@pytest.fixture
def serial(tmp_path: Path) -> Path:
    path = tmp_path / "serial.sr"
    save_capture(line(MESSAGE, UartFormat(115200), 4.0), path, Fraction(2_000_000))
    return path


def decoded(capfdbinary: pytest.CaptureFixture[bytes], *words: object) -> bytes:
    with pytest.raises(SystemExit) as end:
        main.run(["decode", *map(str, words)])
    assert end.value.code == 0
    return capfdbinary.readouterr().out


def items(output: bytes) -> list[dict[str, Any]]:
    document = json.loads(output)
    assert list(document) == ["items"]
    found: list[dict[str, Any]] = document["items"]
    assert all(list(i) == ["kind", "start_ns", "end_ns", "value", "error", "channel"] for i in found)
    return found


def test_uart(serial: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    options = ("uart", serial, "--rx", "TX", "--baud", 115200)
    assert decoded(capfdbinary, *options, "--raw", "rx") == MESSAGE
    found = items(decoded(capfdbinary, *options, "--json"))
    assert bytes(i["value"] for i in found) == MESSAGE
    assert abs(found[0]["start_ns"] - 10e9 / 115200) <= 500
    assert len(decoded(capfdbinary, *options).splitlines()) == len(MESSAGE)


def test_uart_at_a_rate_nobody_knows(serial: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit):
        main.run(["decode", "uart", str(serial), "--rx", "TX", "--raw", "rx"])
    out, err = capfdbinary.readouterr()
    assert out == MESSAGE
    assert abs(float(err.split()[0]) / 115200 - 1) < 0.002
    assert err.endswith(b" baud, estimated\n")


def test_raw_samples_have_channels_d0_to_d7(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    bits = encode.uart_bits(MESSAGE, UartFormat(1, parity="even")).ravel()
    samples = np.concatenate((np.ones(20, np.uint8), np.repeat(bits, 8))) ^ 1
    (samples << 5).astype(np.uint8).tofile(tmp_path / "a.bin")
    options = ("--rx", "D5", "--baud", 1000, "--rate", 8000, "--parity", "even", "--invert", "--raw", "rx")
    assert decoded(capfdbinary, "uart", tmp_path / "a.bin", *options) == MESSAGE


def test_spi(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pattern = SpiPattern(SpiFormat(3, lsb_first=True))
    pattern.select(True)
    for sent in MESSAGE:
        pattern.word(sent, sent ^ 0xFF)
    pattern.select(False)
    save_capture(pattern.waveform(), tmp_path / "a.vcd")
    options = ("spi", tmp_path / "a.vcd", "--clk", "clk", "--mosi", "mosi", "--miso", "miso", "--cs", "cs")
    options += ("--mode", 3, "--order", "lsb")
    assert decoded(capfdbinary, *options, "--raw", "mosi") == MESSAGE
    assert decoded(capfdbinary, *options, "--raw", "miso") == bytes(b ^ 0xFF for b in MESSAGE)
    found = items(decoded(capfdbinary, *options, "--json"))
    assert bytes(i["value"] for i in found if i["channel"] == "mosi") == MESSAGE


def test_spi_selected_by_a_high_level(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pattern = SpiPattern(SpiFormat(cs_active_high=True))
    pattern.word(0xFF)
    pattern.select(True)
    pattern.word(0x12)
    pattern.select(False)
    save_capture(pattern.waveform(), tmp_path / "a.vcd")
    options = ("--clk", "clk", "--mosi", "mosi", "--cs", "cs", "--cs-high", "--raw", "mosi")
    assert decoded(capfdbinary, "spi", tmp_path / "a.vcd", *options) == b"\x12"


def test_uart_most_significant_bit_first(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    save_capture(line(MESSAGE, UartFormat(9600, msb_first=True)), tmp_path / "a.vcd")
    options = ("--rx", "TX", "--baud", 9600, "--order", "msb", "--raw", "rx")
    assert decoded(capfdbinary, "uart", tmp_path / "a.vcd", *options) == MESSAGE


def test_i2c(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pattern = I2cPattern()
    pattern.start()
    for octet in b"\xa0\x01\x02":
        pattern.byte(octet)
    pattern.stop()
    save_capture(pattern.waveform(), tmp_path / "a.sr", Fraction(4_000_000))
    options = ("i2c", tmp_path / "a.sr", "--scl", "scl", "--sda", "sda")
    assert decoded(capfdbinary, *options, "--raw", "data") == b"\x01\x02"
    found = items(decoded(capfdbinary, *options, "--json"))
    assert [i["kind"] for i in found][:3] == ["start", "address write", "ack"]
    assert found[1]["value"] == 0x50


def test_modbus(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    frame = bytes.fromhex("01030000000a")
    frame += crc16(frame).to_bytes(2, "little")
    save_capture(line(frame, UartFormat(9600, parity="even")), tmp_path / "a.vcd")
    options = ("modbus", tmp_path / "a.vcd", "--rx", "TX", "--baud", 9600, "--parity", "even")
    (found,) = items(decoded(capfdbinary, *options, "--json"))
    assert (found["kind"], found["value"], found["error"]) == ("frame", frame.hex(), None)
    assert decoded(capfdbinary, *options, "--raw", "data") == frame
    assert frame.hex().encode() in decoded(capfdbinary, *options)


def test_nor(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pattern = SpiPattern(SpiFormat())
    for sent, got in (
        (b"\x9f\0\0\0", b"\0\xef\x40\x18"),
        (b"\x03\x00\x10\x00\0\0", b"\0\0\0\0hi"),
        (b"\x77", b"\0"),
    ):
        pattern.select(True)
        for out, back in zip(sent, got, strict=True):
            pattern.word(out, back)
        pattern.select(False)
    save_capture(pattern.waveform(), tmp_path / "a.vcd")
    options = ("nor", tmp_path / "a.vcd", *["--clk", "clk", "--mosi", "mosi", "--miso", "miso", "--cs", "cs"])
    found = items(decoded(capfdbinary, *options, "--json"))
    assert [(i["kind"], i["value"], i["error"]) for i in found] == [
        ("read JEDEC ID", "ef4018", None),
        ("read 0x001000", b"hi".hex(), None),
        ("unknown", "", "unknown opcode"),
    ]
    assert decoded(capfdbinary, *options, "--raw", "data") == b"\xef\x40\x18hi"
    assert b"  read 0x001000  6869\n" in decoded(capfdbinary, *options)


def test_eeprom(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pattern = I2cPattern()
    pattern.start()
    for octet in b"\xa0\x01\x20hello":
        pattern.byte(octet)
    pattern.stop()
    save_capture(pattern.waveform(), tmp_path / "a.sr", Fraction(4_000_000))
    options = ("eeprom", tmp_path / "a.sr", "--scl", "scl", "--sda", "sda")
    (found,) = items(decoded(capfdbinary, *options, "--json"))
    assert (found["kind"], found["value"]) == ("write 0x0120", b"hello".hex())
    assert decoded(capfdbinary, *options, "--raw", "data") == b"hello"


def test_damage_in_the_middle_leaves_a_whole_document(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    save_capture(line(MESSAGE, UartFormat(9600)), tmp_path / "a.vcd")
    path = tmp_path / "b.vcd"
    path.write_text((tmp_path / "a.vcd").read_text() + "#3 0!\n")
    with pytest.raises(SystemExit) as end:
        main.run(["decode", "uart", str(path), "--rx", "TX", "--baud", "9600", "--json"])
    assert end.value.code == 2
    shown = capfdbinary.readouterr()
    assert b"time goes back to #3" in shown.err
    items(shown.out)


def test_no_items(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "a.bin").write_bytes(b"\1" * 100)
    options = ("uart", tmp_path / "a.bin", "--rx", "D0", "--baud", 100, "--rate", 1000)
    assert items(decoded(capfdbinary, *options, "--json")) == []
    assert decoded(capfdbinary, *options) == b""
    with pytest.raises(SystemExit) as end:
        main.run(["decode", "uart", str(tmp_path / "a.bin"), "--rx", "D0", "--rate", "1000"])
    assert end.value.code == 2
    assert b"too few edges to estimate its baud rate" in capfdbinary.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["uart", "FILE", "--rx", "RX", "--baud", "9600"], "Choose one of: TX"),
        (["uart", "FILE", "--rx", "TX", "--baud", "0"], "baud rate"),
        (["uart", "FILE", "--rx", "TX", "--baud", "9600", "--parity", "strange"], "parity"),
        (["uart", "FILE.none", "--rx", "TX", "--baud", "9600"], "no file"),
        (["spi", "FILE", "--clk", "TX"], "no data line"),
        (["uart", "FILE", "--rx", "TX", "--baud", "inf"], "baud rate of inf"),
        (["uart", "FILE", "--rx", "TX", "--baud", "9600", "--rate", "nan"], "a rate of nan"),
        (["uart", "FILEX", "--rx", "TX", "--baud", "9600"], "erhaps you meant 'serial.sr'"),
        (["uart", "FILE", "--rx", "TX", "--baud", "9600", "--json", "--raw", "rx"], "not allowed with"),
        (["spi", "FILE", "--clk", "TX", "--mosi", "RX", "--raw", "miso"], "--miso"),
        (["spi", "FILE", "--clk", "TX", "--mosi", "RX", "--mode", "7"], "modes"),
        (["spi", "FILE", "--clk", "TX", "--mosi", "TX"], "'TX' is named for the clock and for MOSI"),
        (["spi", "FILE", "--clk", "A", "--mosi", "B", "--cs", "B"], "named for MOSI and for chip select"),
        (["i2c", "FILE", "--scl", "TX", "--sda", "TX"], "named for SCL and for SDA"),
        (["nor", "FILE", "--clk", "TX"], "--mosi, --miso, --cs"),
        (["eeprom", "FILE", "--scl", "A", "--sda", "B", "--address-bytes", "3"], "invalid choice"),
        (["morse", "FILE"], "morse"),
    ],
)
def test_wrong_requests(
    serial: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main.run(["decode", *(word.replace("FILE", str(serial)) for word in words)])
    assert end.value.code == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


def test_decode_does_not_wait_for_typer(serial: Path) -> None:
    words = ["decode", "uart", str(serial), "--rx", "TX", "--baud", "115200", "--raw", "rx"]
    program = f"""
import sys
from benchctl.cli.main import run
try:
    run({words!r})
finally:
    assert not {{"typer", "rich", "pydantic", "yaml", "usb"}} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=os.environ)
    assert done.stdout == MESSAGE


def run_timing(*words: object) -> str:
    import typer

    app = typer.Typer()
    app.command()(timing.command)
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("baud", [("--baud", 115200), ()])
def test_timing(serial: Path, tmp_path: Path, baud: tuple[object, ...]) -> None:
    document = json.loads(run_timing(serial, "--rx", "TX", *baud, "--json"))
    assert document["characters"] == len(MESSAGE)
    gap = document["gaps"]["median"]
    assert abs(gap["ns"] - 4e9 / 115200) <= gap["uncertainty_ns"]
    assert abs(document["bit_time"]["error_ppm"]) < 10_000
    drawn, picture = tmp_path / "gaps.svg", tmp_path / "gaps.png"
    shown = run_timing(serial, "--rx", "TX", *baud, "--svg", drawn, "--png", picture)
    assert "gap, median" in shown
    assert "█" in shown
    assert Xml.fromstring(drawn.read_text()).tag == "{http://www.w3.org/2000/svg}svg"
    with Image.open(picture) as opened:
        assert opened.format == "PNG"


def test_timing_of_a_half_duplex_link(tmp_path: Path) -> None:
    bit = 1e9 / 9600
    fmt = UartFormat(9600)
    asked = encode.uart_edges(b"ab", fmt, start=10 * bit)
    answered = encode.uart_edges(b"c", fmt, start=60 * bit)
    enables = {"DE": (0, [int(5 * bit), int(33 * bit)]), "DE2": (0, [int(32 * bit), int(75 * bit)])}
    wave = Waveform.from_edges({"A": asked, "B": answered, **enables}, int(100 * bit))
    save_capture(wave, tmp_path / "a.vcd")
    options = ["--rx", "A", "--baud", "9600", "--de", "DE", "--other-de", "DE2", "--answer", "B"]
    document = json.loads(run_timing(tmp_path / "a.vcd", *options, "--json"))
    for key, bits in (("de_to_start", 5), ("stop_to_de", 3), ("turnaround", 30), ("contention", 1)):
        (value,) = document[key]["values_ns"]
        assert abs(value - bits * bit) < 0.01 * bit, key
    assert document["frame_gaps"] is None
    assert "both drivers on, longest" in run_timing(tmp_path / "a.vcd", *options)


def test_timing_of_a_clock(tmp_path: Path) -> None:
    pattern = SpiPattern(SpiFormat(), quarter=25)
    for word in b"timing":
        pattern.word(word)
    save_capture(pattern.waveform(), tmp_path / "a.vcd")
    document = json.loads(run_timing(tmp_path / "a.vcd", "--clk", "clk", "--data", "mosi", "--json"))
    assert abs(document["hz"]["value"] - 10e6) < 1e4
    assert abs(document["duty"]["value"] - 0.5) < 0.01
    assert document["setup"]["shortest"]["ns"] == 50
    assert document["hold"]["shortest"]["ns"] == 50
    shown = run_timing(tmp_path / "a.vcd", "--clk", "clk", "--data", "mosi")
    assert "setup, shortest" in shown
    assert "rate" in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--rx or --clk"),
        (["--rx", "TX", "--clk", "TX"], "--rx or --clk"),
        (["--rx", "TX", "--other-de", "DE"], "name the first with --de"),
        (["--rx", "TX", "--de", "DE"], "no channel 'DE'"),
        (["--clk", "CLK"], "no channel 'CLK'"),
        (["--rx", "TX", "--svg", "/nowhere/x.svg"], "cannot write /nowhere/x.svg"),
    ],
)
def test_wrong_timing_requests(serial: Path, options: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        run_timing(serial, *options)


def test_timing_of_a_silent_line(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\1" * 100)
    options = (tmp_path / "a.bin", "--rx", "D0", "--baud", 100, "--rate", 1000)
    assert json.loads(run_timing(*options, "--json"))["gaps"] is None
    assert "0 characters" in run_timing(*options)
    for option in ("--svg", "--png"):
        with pytest.raises(UserError, match="no gaps to draw"):
            run_timing(*options, option, tmp_path / "gaps")
