"""`benchctl decode` against sigrok-cli, and the decoders inside the process. Prints a table.

    .venv/bin/python benchmarks/decode.py [--quick]

Whole processes: dense captures of 10 M samples, output thrown away, the best of several runs of ours and of
two of sigrok-cli's. Inside: 100 M samples from memory, and up to 1 G samples from a file, chunk by chunk. A
"sparse" 1 G samples costs less per sample, so every length repeats the same dense traffic.
"""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import benchctl
from benchctl.capture import raw
from benchctl.capture.encode import uart_bits
from benchctl.capture.i2c import I2cDecoder
from benchctl.capture.spi import SpiDecoder
from benchctl.capture.stream import CHUNK
from benchctl.capture.uart import UartDecoder, UartFormat
from benchctl.capture.waveform import Waveform

Samples = NDArray[np.uint8]
RATE = 10_000_000
TEN_M = 10_000_000
RUNS = 5
rng = np.random.default_rng(1)


def uart_samples(count: int, per_bit: int) -> Samples:
    """Random characters back to back on D0."""
    characters = count // (10 * per_bit) + 1
    bits = uart_bits(rng.integers(0, 256, characters), UartFormat(1)).ravel()
    return np.concatenate((np.ones(per_bit, np.uint8), np.repeat(bits, per_bit)))[:count]


def spi_samples(count: int, per_clock: int) -> Samples:
    """Random words on D1 (MOSI) and D2 (MISO), clock on D0, mode 0, D3 (CS) low for all of it."""
    clocks = count // per_clock + 1
    data = rng.integers(0, 4, clocks).astype(np.uint8) << 1
    high = np.arange(per_clock) >= per_clock // 2
    return (data[:, None] | high.astype(np.uint8)).ravel()[:count]


def i2c_samples(count: int, per_bit: int) -> Samples:
    """Writes of 16 bytes to 0x50, back to back: SCL on D0, SDA on D1."""
    quarter = per_bit // 4
    transfers = count // ((9 * 17 + 3) * per_bit) + 1
    octets = rng.integers(0, 256, (transfers, 17))
    octets[:, 0] = 0xA0
    levels = np.zeros((transfers, 17, 9), dtype=np.uint8)
    levels[:, :, :8] = octets[:, :, None] >> np.arange(7, -1, -1) & 1
    clocked = np.array([0, 1, 1, 0], dtype=np.uint8)  # SCL over the quarters of a bit
    bits = levels.reshape(transfers, -1, 1) << 1 | clocked
    start = np.array([3, 3, 1, 0], dtype=np.uint8)
    stop = np.array([0, 1, 3, 3], dtype=np.uint8)
    whole = [np.tile(start, (transfers, 1)), bits.reshape(transfers, -1), np.tile(stop, (transfers, 1))]
    return np.repeat(np.concatenate(whole, axis=1).ravel(), quarter)[:count]


def best(function: Callable[[], object], runs: int) -> float:
    """The shortest of several runs, in s: what is added to it is somebody else's work."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def row(*cells: str) -> None:
    """Print one line of a table."""
    print(f"{cells[0]:<34}" + "".join(f"{cell:>16}" for cell in cells[1:]), flush=True)


def whole_processes(folder: Path) -> None:
    """Time both programs on the same files."""
    program = Path(sys.executable).with_name("benchctl")
    # As pip does when it installs; an editable install, in an environment that forbids it, would compile anew
    # at every start.
    compileall.compile_dir(Path(benchctl.__file__).parent, quiet=1)
    cases: list[tuple[str, Samples, list[str], str, str]] = [
        (
            f"UART, {per_bit} samples a bit",
            uart_samples(TEN_M, per_bit),
            ["uart", "--rx", "D0", "--baud", str(RATE / per_bit)],
            f"uart:rx=0:baudrate={RATE // per_bit}",
            "uart=rx-data:rx-warnings",
        )
        for per_bit in (10, 8, 4)
    ]
    cases += [
        (
            f"SPI, {per_clock} samples a clock",
            spi_samples(TEN_M, per_clock),
            ["spi", "--clk", "D0", "--mosi", "D1", "--miso", "D2"],
            "spi:clk=0:mosi=1:miso=2",
            "spi=mosi-data:miso-data",
        )
        for per_clock in (4, 10)
    ]
    cases.append(
        (
            "I2C, 8 samples a bit",
            i2c_samples(TEN_M, 8),
            ["i2c", "--scl", "D0", "--sda", "D1"],
            "i2c:scl=0:sda=1",
            "i2c=addr-data",
        )
    )
    row("whole process, 10 M samples", "benchctl", "--json", "sigrok-cli", "ratio")
    sigrok_cli = shutil.which("sigrok-cli")
    for name, samples, words, decoder, rows in cases:
        path = folder / "capture.bin"
        samples.tofile(path)
        ours = [str(program), "decode", words[0], str(path), "--rate", str(RATE), *words[1:]]
        text = best(lambda ours=ours: quiet(ours), RUNS)  # type: ignore[misc]
        json = best(lambda ours=ours: quiet([*ours, "--json"]), RUNS)  # type: ignore[misc]
        if sigrok_cli is None:
            row(name, f"{text * 1e3:.0f} ms", f"{json * 1e3:.0f} ms", "not installed", "")
            continue
        form = f"binary:numchannels=8:samplerate={RATE}"
        theirs = [sigrok_cli, "-i", str(path), "-I", form, "-P", decoder, "-A", rows]
        other = best(lambda theirs=theirs: quiet(theirs), 2)  # type: ignore[misc]
        row(name, f"{text * 1e3:.0f} ms", f"{json * 1e3:.0f} ms", f"{other:.1f} s", f"{other / text:.0f}×")


def quiet(command: list[str]) -> None:
    """Run a program and throw its output away."""
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


Decoder = UartDecoder | SpiDecoder | I2cDecoder
DECODERS: dict[str, tuple[Callable[[int], Samples], Callable[[], Decoder], tuple[str, ...]]] = {
    "UART, 10 samples a bit": (
        lambda count: uart_samples(count, 10),
        lambda: UartDecoder("D0", UartFormat(RATE / 10)),
        ("D0",),
    ),
    "SPI, 10 samples a clock": (
        lambda count: spi_samples(count, 10),
        lambda: SpiDecoder("D0", "D1", "D2", None),
        ("D0", "D1", "D2"),
    ),
    "SPI, 4 samples a clock": (
        lambda count: spi_samples(count, 4),
        lambda: SpiDecoder("D0", "D1", "D2", None),
        ("D0", "D1", "D2"),
    ),
    "I2C, 8 samples a bit": (
        lambda count: i2c_samples(count, 8),
        lambda: I2cDecoder("D0", "D1"),
        ("D0", "D1"),
    ),
}


def chunks(samples: Samples, names: tuple[str, ...]) -> Iterator[Waveform]:
    """Samples in memory as a stream of waveforms."""
    for start in range(0, len(samples), CHUNK):
        previous = int(samples[start - 1]) if start else None
        part = samples[start : start + CHUNK]
        yield Waveform.from_samples(part, names, RATE, start=start, previous=previous)


def drain(stream: Iterator[Waveform], decoder: Decoder) -> int:
    """Decode everything; the number of items."""
    return sum(len(decoder.feed(chunk)) for chunk in stream)


def in_process(count: int) -> None:
    """Rate of each decoder, from samples in memory to items."""
    row(f"in process, {count // 1_000_000} M samples", "time", "samples/s")
    for name, (make, decoder, names) in DECODERS.items():
        samples = make(count)
        seconds = best(lambda s=samples, d=decoder, n=names: drain(chunks(s, n), d()), RUNS)  # type: ignore[misc]
        row(name, f"{seconds * 1e3:.0f} ms", f"{count / seconds / 1e6:.0f} M")


def from_files(folder: Path, counts: tuple[int, ...]) -> None:
    """Time and memory as the file grows; each length in a process of its own, for its peak of memory."""
    row("from a file, UART", "time", "samples/s", "memory")
    unit = uart_samples(TEN_M, 10)
    path = folder / "long.bin"
    for count in counts:
        with path.open("wb") as file:
            for _ in range(count // len(unit)):
                unit.tofile(file)
        program = [sys.executable, __file__, "--stream", str(path)]
        seconds, memory = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
        rate = count / float(seconds) / 1e6
        row(f"{count // 1_000_000} M samples", f"{float(seconds):.2f} s", f"{rate:.0f} M", f"{memory} MB")


def stream_one(path: Path) -> None:
    """Decode one file and print the seconds and the peak of memory in MB."""
    begin = time.perf_counter()
    drain(raw.open_raw(path, Fraction(RATE)).chunks("D0"), UartDecoder("D0", UartFormat(RATE / 10)))
    seconds = time.perf_counter() - begin
    # Not getrusage: what it gives starts from the memory of the process that forked this one.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    print(seconds, int(peak.split()[1]) // 1024)


def main() -> None:
    """Print every table; with --quick the in-process ones on a tenth of the samples."""
    if sys.argv[1:2] == ["--stream"]:
        stream_one(Path(sys.argv[2]))
        return
    quick = "--quick" in sys.argv
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}: the figures suffer from whatever else is running\n")
    with tempfile.TemporaryDirectory() as name:
        whole_processes(Path(name))
        print()
        in_process(10 * TEN_M // (10 if quick else 1))
        print()
        from_files(Path(name), (TEN_M, 10 * TEN_M) if quick else (TEN_M, 10 * TEN_M, 100 * TEN_M))


if __name__ == "__main__":
    main()
