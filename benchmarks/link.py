"""A control-link call in wall time, with a bare request and answer over a pty beside. Prints a table.

    .venv/bin/python benchmarks/link.py [--quick]

The call is `imp.hardware.millis()` on the virtual imp005: over USB into the virtual adapter, as bits over the
wire, into the firmware in its Squirrel VM, and back. The peer is what frames of that size cost where nothing
is simulated: pyserial on one end, another process that answers at once on the other. Both are taken in turns,
and a plain loop of Python with them: where its median is far from its best, others use the machine's
processors, and medians tell about them rather than about benchctl.
"""

import os
import pty
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import serial

from benchctl.bench import open_bench

ROUNDS = 4 if "--quick" in sys.argv[1:] else 20
CALLS = 100
REQUEST, ANSWER = bytes(13), bytes(11)


@contextmanager
def answering() -> Iterator[serial.Serial]:
    """A port whose other end answers every request."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    child = os.fork()
    if child == 0:
        while True:
            left = len(REQUEST)
            while left:
                left -= len(os.read(ours, left))
            os.write(ours, ANSWER)
    try:
        with serial.Serial(os.ttyname(theirs), timeout=5) as port:
            yield port
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(ours)
        os.close(theirs)


def plain_loop() -> None:
    """About half a millisecond of Python."""
    total = 0
    for number in range(10_000):
        total += number * number % 7


def wall_ms(action: Callable[[], object]) -> list[float]:
    """Wall time of each of many calls, ms."""
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main() -> None:
    """Measure and print."""
    with open_bench("virtual-imp005") as bench, answering() as port:

        def exchange() -> None:
            port.write(REQUEST)
            assert len(port.read(len(ANSWER))) == len(ANSWER)

        rows: dict[str, Callable[[], object]] = {
            "control-link call": bench.imp.hardware.millis,
            "pyserial over a pty": exchange,
            "plain Python loop": plain_loop,
        }
        taken: dict[str, list[float]] = {name: [] for name in rows}
        for action in rows.values():
            wall_ms(action)
        for _ in range(ROUNDS):
            for name, action in rows.items():
                taken[name] += wall_ms(action)
    medians = {}
    print(f"{'ms':22} {'best':>8} {'median':>8} {'mean':>8} {'90 %':>8}")
    for name, times in taken.items():
        times.sort()
        n = len(times)
        medians[name] = times[n // 2]
        print(
            f"{name:22} {times[0]:8.3f} {medians[name]:8.3f} {sum(times) / n:8.3f} {times[9 * n // 10]:8.3f}"
        )
    ratio = medians["control-link call"] / medians["pyserial over a pty"]
    print(f"{ratio:.1f} times a bare exchange")


if __name__ == "__main__":
    main()
