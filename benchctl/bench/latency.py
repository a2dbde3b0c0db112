"""Latency audit: how fast and how exact this bench is, as measured on it, and what its ports cannot do."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchctl.adapters.stamp_jitter import ALLOWED_NS, measure_stamp_jitter
from benchctl.bench.bench import Bench
from benchctl.buses.uart import Uart
from benchctl.errors import NotEquippedError

_CALLS = 50


@dataclass(frozen=True)
class Latency:
    """One figure of the audit, in µs of bench time."""

    what: str
    typical_us: float
    worst_us: float


@dataclass(frozen=True)
class Audit:
    """What the audit found; `limitations` by imp UART."""

    latencies: tuple[Latency, ...]
    limitations: Mapping[str, tuple[str, ...]]


def audit(bench: Bench) -> Audit:
    """Measure the control link's round trip and this machine's stamps; state what serial stamps are worth."""
    found = [_round_trip(bench), _stamps(bench)]
    limitations = {}
    for name, uart in _uarts(bench).items():
        uncertainty = uart.stamp_uncertainty_ns / 1e3
        found.append(Latency(f"{name}, time of a received chunk (±)", uncertainty, uncertainty))
        if uart.limitations:
            limitations[name] = uart.limitations
    bench.release()
    return Audit(tuple(found), limitations)


def _round_trip(bench: Bench) -> Latency:
    trips = []
    for _ in range(_CALLS):
        start = bench.clock.now_ns()
        bench.imp.hardware.millis()
        trips.append((bench.clock.now_ns() - start) / 1e3)
    return Latency("control link, one call", median(trips), max(trips))


def _stamps(bench: Bench) -> Latency:
    jitter = measure_stamp_jitter(bench.clock)
    what = f"stamps of this machine (± allows for {ALLOWED_NS / 1e3:.0f} µs)"
    return Latency(what, jitter.median_ns / 1e3, jitter.p99_ns / 1e3)


def _uarts(bench: Bench) -> Mapping[str, Uart]:
    """The bench UARTs that face the imp's, but for the control link's and those the bench does not have."""
    found = {}
    for name in bench.uarts_facing:
        if name != bench.control.uart:
            try:
                found[name] = bench.uart(name)
            except NotEquippedError:
                continue
    return found
