"""Our decoders and sigrok's on the same session files: bytes, positions and errors."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from benchctl.capture import encode, i2c, modbus, sampling, spi, uart
from benchctl.capture.encode import I2cPattern, SpiPattern
from benchctl.capture.files import open_capture, save_capture
from benchctl.capture.spi import SpiFormat
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import Waveform

pytestmark = [
    pytest.mark.debian("sigrok-cli"),
    pytest.mark.skipif(which("sigrok-cli") is None, reason="sigrok-cli is not installed"),
]


@dataclass(frozen=True)
class Note:
    """One annotation of sigrok-cli: samples from, to, and its text."""

    start: int
    end: int
    text: str


def sigrok(path: Path, decoder: str, *rows: str) -> list[Note]:
    name = decoder.split(":")[0]
    shown = f"{name}={':'.join(rows)}"
    output = subprocess.run(
        ["sigrok-cli", "-i", str(path), "--protocol-decoder-samplenum", "-P", decoder, "-A", shown],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    found = re.findall(r"^(\d+)-(\d+) [^:]+: (.*)$", output, re.MULTILINE)
    return [Note(int(start), int(end), text) for start, end, text in found]


def saved(tmp_path: Path, wave: Waveform, rate: int) -> tuple[Path, Waveform]:
    path = tmp_path / "capture.sr"
    save_capture(wave, path, Fraction(rate))
    return path, open_capture(path).read()


def near(ours: np.ndarray, theirs: list[int]) -> bool:
    return len(ours) == len(theirs) and bool(np.all(np.abs(ours - np.array(theirs)) <= 1))


rng = np.random.default_rng(11)
TRAFFIC = rng.integers(0, 512, 60).tolist()


def traffic(fmt: UartFormat, gap_bits: float = 2.3, actual: float | None = None) -> Waveform:
    values = [value & ((1 << fmt.bits) - 1) for value in TRAFFIC]
    baud = actual or fmt.baud
    sent = UartFormat(baud, fmt.bits, fmt.parity, fmt.stop, fmt.invert, fmt.msb_first)
    bit = 1e9 / baud
    level, edges = encode.uart_edges(values, sent, start=5 * bit, gaps=gap_bits * bit)
    return Waveform.from_edges({"RX": (level, edges)}, int(edges[-1] + 40 * bit))


def with_noise(wave: Waveform, count: int, fmt: UartFormat) -> Waveform:
    edges = wave.edges("RX")
    spikes = rng.integers(0, wave.span, count)
    widths = rng.integers(1, int(2e9 / fmt.baud), count)
    toggled = np.sort(np.concatenate((edges, spikes, spikes + widths)))
    unique, counts = np.unique(toggled, return_counts=True)
    return Waveform.from_edges({"RX": (wave.initial_level("RX"), unique[counts % 2 == 1])}, wave.span + 10**9)


def breaks(fmt: UartFormat) -> Waveform:
    bit = round(1e9 / fmt.baud)
    wave = traffic(fmt)
    edges = np.concatenate((wave.edges("RX"), wave.span + bit * np.array([0, 15, 20, 90])))
    return Waveform.from_edges({"RX": (1, edges)}, wave.span + 120 * bit)


F8 = UartFormat(115200)
PE = UartFormat(9600, parity="even")
UART_CASES: dict[str, tuple[UartFormat, Callable[[], Waveform], float]] = {
    "8n1": (F8, lambda: traffic(F8), 8.68),
    "8n1 back to back": (F8, lambda: traffic(F8, 0.0), 10),
    "8n1 four samples a bit": (F8, lambda: traffic(F8), 4),
    "8n1 two per cent fast": (F8, lambda: traffic(F8, 0.0, 115200 * 1.02), 16),
    "8n1 four per cent slow": (F8, lambda: traffic(F8, 1.0, 115200 * 0.96), 16),
    "8n1 nine per cent fast": (F8, lambda: traffic(F8, 0.0, 115200 * 1.09), 16),
    "8n1 decoded at half the rate": (F8, lambda: traffic(F8, 0.0, 230400), 16),
    "8n1 with spikes": (F8, lambda: with_noise(traffic(F8), 40, F8), 12),
    "8n1 mostly noise": (F8, lambda: with_noise(traffic(F8), 600, F8), 12),
    "8n1 with breaks": (F8, lambda: breaks(F8), 10),
    "8e1": (PE, lambda: traffic(PE), 20),
    "8e1 seen as 8o1": (UartFormat(9600, parity="odd"), lambda: traffic(PE), 20),
    "8e1 with spikes": (PE, lambda: with_noise(traffic(PE), 60, PE), 20),
    "7o1": (f := UartFormat(19200, 7, "odd"), lambda f=f: traffic(f), 10),
    "5n1 msb first": (f := UartFormat(300, 5, msb_first=True), lambda f=f: traffic(f), 33.3),
    "6 mark 1": (f := UartFormat(4800, 6, "mark"), lambda f=f: traffic(f), 9.5),
    "8 space 1": (f := UartFormat(4800, 8, "space"), lambda f=f: traffic(f), 9.5),
    "9n1 inverted": (f := UartFormat(38400, 9, invert=True), lambda f=f: traffic(f), 26),
    "8n2": (f := UartFormat(57600, stop=2), lambda f=f: traffic(f), 17.4),
    "8n1 at 3 Mbaud": (f := UartFormat(3_000_000), lambda f=f: traffic(f, 0.0), 8),
}


@pytest.mark.parametrize("case", UART_CASES)
def test_uart(tmp_path: Path, case: str) -> None:
    fmt, make, samples_per_bit = UART_CASES[case]
    rate = round(fmt.baud * samples_per_bit)
    path, wave = saved(tmp_path, make(), rate)
    parity = {"mark": "one", "space": "zero"}.get(fmt.parity, fmt.parity)
    decoder = (
        f"uart:rx=RX:baudrate={fmt.baud}:data_bits={fmt.bits}:parity={parity}"
        f":bit_order={'msb' if fmt.msb_first else 'lsb'}-first:invert_rx={'yes' if fmt.invert else 'no'}"
    )
    ours = uart.decode(wave, "RX", fmt)
    data = ours.where("data")
    theirs = sigrok(path, decoder, "rx-data")
    assert theirs
    assert data.value.tolist() == [int(note.text, 16) for note in theirs]
    # sigrok shows the data bits: from one bit after the start edge, half a bit around their middles.
    bit = rate / fmt.baud
    assert near(data.start + bit, [note.start for note in theirs])
    assert near(data.start + bit * (1 + fmt.bits), [note.end for note in theirs])
    spoiled = sigrok(path, decoder, "rx-parity-err")
    mistaken = data.where(error="parity")
    framing = sigrok(path, decoder, "rx-warnings")
    bad_stops = {note.end for note in framing}
    both = data.where(error="framing")  # a bad stop bit hides a bad parity bit
    ends = mistaken.start + bit * (2 + fmt.bits)
    assert len(mistaken) <= len(spoiled) <= len(mistaken) + len(both)
    assert all(min(abs(end - note.end) for note in spoiled) <= 1 for end in ends)
    false = ours.where("start")
    ours_bad = sorted([*(both.start + bit * (fmt.stop_bit + 1)).tolist(), *(false.start + bit).tolist()])
    assert len(framing) == len(ours_bad)
    assert all(abs(a - b) <= 2 for a, b in zip(ours_bad, sorted(bad_stops), strict=True))
    broken = sigrok(path, decoder, "rx-break")
    assert near(ours.where("break").end, [note.end for note in broken])


def spi_bus(fmt: SpiFormat, quarter: int = 25, cut: bool = False) -> Waveform:
    pattern = SpiPattern(fmt, quarter)
    for length in (1, 4, 9):
        pattern.select(True)
        for _ in range(length):
            mosi, miso = rng.integers(0, 1 << fmt.bits, 2).tolist()
            pattern.word(mosi, miso)
        if cut:
            pattern.bit(1, 0)
            pattern.bit(0, 1)
        pattern.select(False)
        pattern.word(0)  # to somebody else
    return pattern.waveform()


SPI_CASES: dict[str, tuple[SpiFormat, bool, bool]] = {
    "mode 0": (SpiFormat(0), True, False),
    "mode 1": (SpiFormat(1), True, False),
    "mode 2": (SpiFormat(2), True, False),
    "mode 3": (SpiFormat(3), True, False),
    "lsb first": (SpiFormat(0, lsb_first=True), True, False),
    "12 bits": (SpiFormat(3, bits=12), True, False),
    "16 bits lsb first": (SpiFormat(1, bits=16, lsb_first=True), True, False),
    "4 bits": (SpiFormat(0, bits=4), True, False),
    "chip select active high": (SpiFormat(0, cs_active_high=True), True, False),
    "words cut short": (SpiFormat(0), True, True),
    "without chip select": (SpiFormat(0), False, True),
}


@pytest.mark.parametrize("case", SPI_CASES)
def test_spi(tmp_path: Path, case: str) -> None:
    fmt, with_cs, cut = SPI_CASES[case]
    path, wave = saved(tmp_path, spi_bus(fmt, cut=cut), 93_000_000)
    decoder = (
        f"spi:clk=clk:mosi=mosi:miso=miso{':cs=cs' if with_cs else ''}"
        f":cpol={fmt.mode >> 1}:cpha={fmt.mode & 1}"
        f":wordsize={fmt.bits}:bitorder={'lsb' if fmt.lsb_first else 'msb'}-first"
        f":cs_polarity=active-{'high' if fmt.cs_active_high else 'low'}"
    )
    ours = spi.decode(wave, "clk", "mosi", "miso", "cs" if with_cs else None, fmt)
    for line in ("mosi", "miso"):
        theirs = sigrok(path, decoder, f"{line}-data")
        words = ours.where("data", channel=line)
        assert theirs
        assert words.value.tolist() == [int(note.text, 16) for note in theirs]
        assert near(words.start, [note.start for note in theirs])
        assert near(words.end, [note.end for note in theirs])


def i2c_bus(kind: str) -> Waveform:
    pattern = I2cPattern()
    pattern.start()
    pattern.byte(0xA0, nack=kind == "nobody there")
    if kind != "nobody there":
        pattern.byte(0x12, stretch=40_000 if kind == "stretching" else 0)
        pattern.byte(0x34, nack=kind == "byte refused")
        if kind == "stop within a byte":
            for level in (1, 1, 0):
                pattern.bit(level)
        if kind == "start within a byte":
            for level in (1, 0, 1, 1):
                pattern.bit(level)
        if kind in ("repeated start", "start within a byte"):
            pattern.start()
            pattern.byte(0xA1)
            for value in rng.integers(0, 256, 6).tolist():
                pattern.byte(value)
            pattern.byte(0x77, nack=True)
    if kind != "no stop":
        pattern.stop()
    pattern.start()
    pattern.byte(0x91)
    pattern.byte(0x5A, nack=True)
    pattern.stop()
    return pattern.waveform()


I2C_CASES = (
    "write",
    "repeated start",
    "nobody there",
    "byte refused",
    "stretching",
    "stop within a byte",
    "start within a byte",
    "no stop",
)
I2C_TEXT = {
    "start": "Start",
    "repeated start": "Start repeat",
    "stop": "Stop",
    "ack": "ACK",
    "nack": "NACK",
    "address write": "Address write: {:02X}",
    "address read": "Address read: {:02X}",
    "data write": "Data write: {:02X}",
    "data read": "Data read: {:02X}",
}


@pytest.mark.parametrize("case", I2C_CASES)
def test_i2c(tmp_path: Path, case: str) -> None:
    path, wave = saved(tmp_path, i2c_bus(case), 3_000_000)
    rows = ("start", "repeat-start", "stop", "ack", "nack")
    rows += ("address-read", "address-write", "data-read", "data-write")
    theirs = [
        note for note in sigrok(path, "i2c:scl=scl:sda=sda", *rows) if note.text not in ("Read", "Write")
    ]
    theirs.sort(key=lambda note: note.start)
    ours = i2c.decode(wave, "scl", "sda")
    ours = ours.where(*(kind for kind in ours.kinds if kind != "partial"))
    assert [I2C_TEXT[i["kind"]].format(i["value"] or 0) for i in ours.dicts()] == [n.text for n in theirs]
    assert near(ours.start, [note.start for note in theirs])
    assert near(ours.end, [note.end for note in theirs])


def test_modbus(tmp_path: Path) -> None:
    good = bytes.fromhex("01030000000ac5cd")
    bad = good[:-1] + b"\0"
    data = good + bad + good
    character = 11e9 / 9600
    gaps = [4 * character if place % 8 == 7 else 0.0 for place in range(len(data))]
    level, edges = encode.uart_edges(data, PE, start=10 * character, gaps=gaps)
    wave = Waveform.from_edges({"RX": (level, edges)}, int(edges[-1] + 9 * character))
    path, seen = saved(tmp_path, wave, 96_000)
    decoder = "uart:rx=RX:baudrate=9600:parity=even,modbus:cschannel=RX:scchannel=TX:framegap=28"
    output = subprocess.run(
        ["sigrok-cli", "-i", str(path), "-P", decoder, "-A", "modbus"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    verdicts = re.findall(r"CRC correct|CRC should be", output)
    ours = ["CRC should be" if f.error == "crc" else "CRC correct" for f in modbus.decode(seen, "RX", PE)]
    assert ours == verdicts == ["CRC correct", "CRC should be", "CRC correct"]


def test_value_change_dump_opens_in_sigrok(tmp_path: Path) -> None:
    wave = traffic(F8)
    sampled = Waveform.from_samples(sampling.sample(wave, 1_000_000), ["RX"], 1_000_000)
    save_capture(sampled, tmp_path / "a.vcd")
    ours = uart.decode(open_capture(tmp_path / "a.vcd").read(), "RX", F8)
    theirs = sigrok(tmp_path / "a.vcd", "uart:rx=RX:baudrate=115200", "rx-data")
    assert ours.value.tolist() == [int(note.text, 16) for note in theirs]


def test_sigrok_writes_what_we_read(tmp_path: Path) -> None:
    path, wave = saved(tmp_path, traffic(F8), 1_000_000)
    for name in ("a.vcd", "b.sr"):
        form = "vcd" if name.endswith("vcd") else "srzip"
        subprocess.run(
            ["sigrok-cli", "-i", str(path), "-O", form, "-o", str(tmp_path / name)], check=True, timeout=60
        )
        again = open_capture(tmp_path / name).read()
        scale = ceil(again.rate / wave.rate)
        assert (again.edges("RX")).tolist() == (wave.edges("RX") * scale).tolist()
        assert all(b > a for a, b in pairwise(again.times.tolist()))
