import os
import threading

import pytest

from benchctl.adapters.monotonic import MonotonicClock
from benchctl.adapters.stamp_jitter import measure_stamp_jitter
from benchctl.errors import BusTimeoutError


def test_sleep_lets_time_pass() -> None:
    clock = MonotonicClock()
    start = clock.now_ns()
    clock.sleep(0.002)
    clock.sleep(-1)
    assert clock.now_ns() - start >= 2_000_000
    assert 1 <= clock.resolution_ns < 1_000_000


def test_wait_readable() -> None:
    clock = MonotonicClock()
    reader, writer = os.pipe()
    assert not clock.wait_readable(reader, 0.001)
    os.write(writer, b"x")
    assert clock.wait_readable(reader, 1.0)
    os.close(writer)
    os.close(reader)


def test_task_gives_result_and_error() -> None:
    clock = MonotonicClock()
    assert clock.spawn(lambda: 42, "answer").join(1.0) == 42

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        clock.spawn(fail, "failing").join(1.0)


def test_join_gives_up() -> None:
    clock = MonotonicClock()
    go_on = threading.Event()
    task = clock.spawn(go_on.wait, "waiting")
    with pytest.raises(BusTimeoutError, match=r"waiting is still running after 0\.001 s"):
        task.join(0.001)
    assert not task.done
    go_on.set()
    task.join(1.0)
    assert task.done


def test_stamp_jitter_is_measured() -> None:
    jitter = measure_stamp_jitter(MonotonicClock(), 50)
    assert jitter.samples == 50
    assert 0 < jitter.median_ns <= jitter.p99_ns <= jitter.worst_ns
