import os
import signal

import pytest

from benchctl.errors import BenchError, BusTimeoutError
from benchctl.twin.clock import VirtualClock
from benchctl.twin.interrupts import interrupting
from benchctl.twin.world import Signal, World


def test_events_happen_in_order_of_time_then_of_planning() -> None:
    world = World()
    seen: list[str] = []
    world.at(20, lambda: seen.append("late"))
    world.at(10, lambda: seen.append("first"))
    world.at(10, lambda: seen.append("second"))
    world.at(15, lambda: seen.append("never")).cancel()
    world.sleep_until(30)
    assert seen == ["first", "second", "late"]
    assert world.now == 30


def test_wait_ends_by_signal_or_deadline() -> None:
    world = World()
    signal = Signal(world)
    world.at(50, signal.fire)
    assert world.wait(signal, 100)
    assert world.now == 50
    assert not world.wait(signal, 100)
    assert world.now == 100


def test_tasks_run_side_by_side_in_simulated_time() -> None:
    world = World()
    clock = VirtualClock(world)
    seen: list[tuple[int, str]] = []

    def blink() -> str:
        for _ in range(3):
            clock.sleep(10e-9)
            seen.append((clock.now_ns(), "task"))
        return "done"

    task = clock.spawn(blink, "blink")
    clock.sleep(15e-9)
    seen.append((clock.now_ns(), "main"))
    assert not task.done
    assert task.join(1) == "done"
    assert seen == [(10, "task"), (15, "main"), (20, "task"), (30, "task")]


def test_join_gives_up_and_passes_errors_on() -> None:
    world = World()
    clock = VirtualClock(world)
    with pytest.raises(BusTimeoutError):
        clock.spawn(lambda: clock.sleep(10), "sleeper").join(1)

    def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        clock.spawn(fail, "failer").join(1)


def test_an_error_in_an_event_reaches_the_main_task_and_the_world_goes_on() -> None:
    world = World()

    def fail() -> None:
        raise ValueError("boom")

    world.at(5, fail)
    with pytest.raises(ValueError, match="boom"):
        world.sleep_until(10)
    world.sleep_until(20)
    assert world.now == 20


def test_ctrl_c_reaches_the_main_task_and_no_other() -> None:
    world = World()
    clock = VirtualClock(world)

    def work() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        clock.sleep(2)
        return world.now

    with interrupting(world):
        task = clock.spawn(work, "reader")
        with pytest.raises(KeyboardInterrupt):
            clock.sleep(10)
        assert world.now == 0
        assert task.join() == 2_000_000_000
        world.after(0, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            clock.sleep(10)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        clock.sleep(1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_standstill_is_an_error() -> None:
    world = World()
    with pytest.raises(BenchError, match="standstill"):
        world.wait(Signal(world))
