"""Latency audit: how fast and how exact this bench is, as measured on it."""

from dataclasses import dataclass
from statistics import median

from benchctl.bench.bench import Bench

_CALLS = 50


@dataclass(frozen=True)
class Latency:
    """One figure of the audit, in µs of bench time."""

    what: str
    typical_us: float
    worst_us: float


def audit(bench: Bench) -> list[Latency]:
    """Measure the control link's round trip and state what serial stamps are worth."""
    trips = []
    for _ in range(_CALLS):
        start = bench.clock.now_ns()
        bench.imp.hardware.millis()
        trips.append((bench.clock.now_ns() - start) / 1e3)
    found = [Latency("control link, one call", median(trips), max(trips))]
    for name in bench.rig.module.uarts:
        facing = bench.uarts_facing.get(name)
        if facing is not None and name != bench.control.uart:
            uncertainty = bench.uart(name).stamp_uncertainty_ns / 1e3
            found.append(Latency(f"{name}, time of a received chunk (±)", uncertainty, uncertainty))
    bench.release()
    return found
