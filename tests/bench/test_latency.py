"""Latency audit: figures of the control link, of stamps and of each port, and what ports cannot do."""

from pathlib import Path

from benchctl.bench import open_bench
from benchctl.bench.latency import audit

KERNEL = Path(__file__).parents[1] / "adapters/kernel/virtual.yaml"


def test_figures_of_a_virtual_bench() -> None:
    with open_bench("virtual-imp003") as bench:
        found = audit(bench)
    figures = {latency.what: latency for latency in found.latencies}
    assert 100 < figures["control link, one call"].typical_us < 5000
    assert figures["stamps of this machine (± allows for 100 µs)"].worst_us == 0
    # A USB serial port is no better than its latency timer.
    assert figures["uartUVGD, time of a received chunk (±)"].worst_us >= 1000
    assert not found.limitations


def test_a_tty_says_what_it_cannot_do() -> None:
    with open_bench(str(KERNEL)) as bench:
        found = audit(bench)
    assert "gaps between bytes and line errors cannot be made" in found.limitations["uartUVGD"]
    assert set(found.limitations) == {"uartUVGD"}
