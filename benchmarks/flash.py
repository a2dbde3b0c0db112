"""Flash dumps on the virtual bench, in bench time and in wall time, with pyspiflash beside. Prints a table.

    .venv/bin/python benchmarks/flash.py [--quick]

The chip is the 16 MiB flash of the virtual imp005; both read it through the same virtual FT4232H with its USB
timing and the real pyftdi. "of the bus" is the time that the data bits alone need at that clock, as a part of
the time the dump took.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from pyftdi.spi import SpiController
from spiflash.serialflash import SerialFlashManager

from benchctl.bench import Bench
from benchctl.bench.flash import flash_chip
from benchctl.flash.dump import Region, dump
from benchctl.rig.loader import load_rig
from benchctl.twin.bench import VirtualBench
from benchctl.twin.build import open_virtual

RIG = load_rig("virtual-imp005")
QUAD_A = "ftdi://ftdi:4232h:BCQUAD01/1"
SIZE = (1 if "--quick" in sys.argv[1:] else 16) << 20
RATES = (30e6, 15e6, 6e6, 1e6)
CONTENT = np.random.default_rng(0).integers(0, 256, SIZE, np.uint8)


def ours(hz: float, reads: int) -> tuple[float, float]:
    """(bench seconds, wall seconds) of a dump."""
    with tempfile.TemporaryDirectory() as folder, filled() as twin:
        image = Path(folder) / "flash.bin"
        with (
            Bench(RIG, twin.host, lambda: twin.cloud, lambda: None) as bench,
            flash_chip(bench, "flash", hz) as chip,
        ):
            start = time.perf_counter()
            result = dump(chip, bench.clock, Region(0, SIZE, reads, (hz,)), image)
            wall_s = time.perf_counter() - start
        assert image.read_bytes() == CONTENT.tobytes()
    return result.bench_s, wall_s


def theirs(hz: float) -> tuple[float, float]:
    """The same of pyspiflash: one read, no comparison, no file."""
    with filled() as twin:
        controller = SpiController()
        controller.configure(QUAD_A)
        flash = SerialFlashManager.get_from_controller(controller, 0, hz)
        start, start_ns = time.perf_counter(), twin.world.now
        data = flash.read(0, SIZE)
        bench_s, wall_s = (twin.world.now - start_ns) / 1e9, time.perf_counter() - start
        controller.close()
        assert bytes(data) == CONTENT.tobytes()
    return bench_s, wall_s


@contextmanager
def filled() -> Iterator[VirtualBench]:
    """A fresh virtual bench whose flash holds random bytes."""
    with closing(open_virtual(RIG)) as twin:
        twin.parts["flash"].memory.cells[:SIZE] = CONTENT
        yield twin


def row(who: str, hz: float, reads: int, bench_s: float, wall_s: float) -> None:
    """One line of the table."""
    wire = reads * SIZE * 8 / hz
    print(
        f"{who:22} {hz / 1e6:6.1f} {reads:6d} {bench_s:10.3f} {reads * SIZE / bench_s / 1e6:8.3f} "
        f"{wire / bench_s:10.1%} {wall_s:8.2f}"
    )


def main() -> None:
    """Measure and print."""
    print(f"{SIZE >> 20} MiB from {RIG.name}")
    print(f"{'':22} {'MHz':>6} {'reads':>6} {'bench s':>10} {'MB/s':>8} {'of the bus':>10} {'wall s':>8}")
    for hz in RATES:
        row("benchctl", hz, 1, *ours(hz, 1))
        row("benchctl", hz, 2, *ours(hz, 2))
        row("pyspiflash", hz, 1, *theirs(hz))


if __name__ == "__main__":
    main()
