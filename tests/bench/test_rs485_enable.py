"""RS485 as a rig file has it wired: what enables the bench's driver, and whether the bench hears itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchctl.bench import Bench, open_bench
from benchctl.buses.uart import Received, Uart, UartFormat
from benchctl.rig.loader import find_rig

FMT = UartFormat(19_200)
DE = "far_de: {pins: [bench_xcvr.DE, %s, la.AD6], pull_down: 10000}"
ENABLES = {
    "line, receiver always on": DE % "io.AD7",
    "line, receiver off while driving": DE % "bench_xcvr.RE, io.AD7",
    "TXDEN, receiver off while driving": DE % "bench_xcvr.RE, rs485.AD7",
}


@pytest.fixture(params=ENABLES.values(), ids=ENABLES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    rig = tmp_path / "rig.yaml"
    rig.write_text(
        f"schema: 1\ninclude: [{find_rig('virtual-imp005')}]\nname: rs485\nbench: virtual\n"
        f"nets:\n  xa: [imp.XA]\n  {request.param}\n  far_rx: {{pull_up: 10000}}\n"
    )
    with open_bench(str(rig)) as opened:
        yield opened


def test_both_ways_and_the_same_bytes_back(bench: Bench) -> None:
    imp = bench.imp
    bench.use("L")
    theirs = imp.hardware.uart2
    theirs.configure(FMT.baud, 8, imp.PARITY_NONE, 1, imp.NO_CTSRTS)
    theirs.settxactive(imp.hardware.pinL, 1, 100, 100)
    ours = bench.rs485("uart2")
    ours.configure(FMT)
    ours.discard_input()
    for text in (b"question", b"answer"):
        ours.write(text)
        ours.drain()
        bench.clock.sleep(0.002)
        assert theirs.readblob(100) == text
        theirs.write(text)  # as a Modbus server repeats the address and the function
        chunks = [chunk for chunk in heard(ours, len(text)) if chunk]
        assert b"".join(chunk.data for chunk in chunks) == text
        assert not any(chunk.errors for chunk in chunks)
    assert ours.read_chunk(0.05) is None


def heard(uart: Uart, count: int) -> Iterator[Received | None]:
    """Chunks until `count` bytes came or nothing came for a while."""
    while count > 0 and (chunk := uart.read_chunk(0.1)) is not None:
        count -= len(chunk.data)
        yield chunk
