"""How well this machine can stamp the arrival of bytes, measured rather than assumed."""

import os
from dataclasses import dataclass

import numpy as np

from benchctl.buses.clock import Clock

ALLOWED_NS = 100_000
"""What adapters add to the uncertainty of a stamp for the host: a reader blocked in the kernel stamps 48 to
90 µs late at the 99th percentile. `benchctl check` measures what it is on this machine."""

_PAUSE_S = 0.001
_WAIT_S = 1.0


@dataclass(frozen=True)
class StampJitter:
    """Lateness of stamps in ns: median, 99th percentile and worst of `samples`."""

    median_ns: int
    p99_ns: int
    worst_ns: int
    samples: int


def measure_stamp_jitter(clock: Clock, samples: int = 200) -> StampJitter:
    """Write single bytes into a pipe from beside, and see how late a blocked reader stamps them."""
    reader, writer = os.pipe()
    sent: list[int] = []

    def send() -> None:
        for _ in range(samples):
            clock.sleep(_PAUSE_S)
            sent.append(clock.now_ns())
            os.write(writer, b".")

    stamps: list[int] = []
    try:
        task = clock.spawn(send, "stamp jitter")
        while len(stamps) < samples and clock.wait_readable(reader, _WAIT_S):
            now = clock.now_ns()
            stamps += [now] * len(os.read(reader, samples))
        task.join(_WAIT_S)
    finally:
        os.close(reader)
        os.close(writer)
    late = np.sort(np.array(stamps) - np.array(sent[: len(stamps)]))
    return StampJitter(int(np.median(late)), int(late[int(len(late) * 0.99)]), int(late[-1]), len(late))
