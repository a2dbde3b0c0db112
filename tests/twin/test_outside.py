import os
import time
from collections.abc import Iterator

import pytest

from benchctl.twin.clock import VirtualClock
from benchctl.twin.world import World


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_waiting_for_a_descriptor_ends_at_the_event_that_wrote_it(pipe: tuple[int, int]) -> None:
    world = World()
    clock = VirtualClock(world)
    world.at(5_000, lambda: os.write(pipe[1], b"x"))
    assert clock.wait_readable(pipe[0], 1.0)
    assert world.now == 5_000
    assert clock.wait_readable(pipe[0], 1.0)
    os.read(pipe[0], 1)
    assert not clock.wait_readable(pipe[0], 1.0)
    assert world.now == 1_000_005_000


def test_watched_descriptor_is_read_before_time_goes_on(pipe: tuple[int, int]) -> None:
    world = World()
    clock = VirtualClock(world)
    came: list[tuple[int, bytes]] = []
    clock.outside.watch(pipe[0], lambda: came.append((world.now, os.read(pipe[0], 9))))
    clock.sleep(1)
    os.write(pipe[1], b"a")
    clock.sleep(1)
    assert came == [(10**9, b"a")]


def test_closed_far_end_does_not_stop_time() -> None:
    world = World()
    clock = VirtualClock(world)
    near, far = os.openpty()
    os.close(far)
    clock.outside.watch(near, lambda: pytest.fail("there is nothing to read"))
    clock.keep_wall_time()
    clock.sleep(0.03)
    assert world.now == 30_000_000
    os.close(near)


def test_time_lost_is_not_made_up_for() -> None:
    clock = VirtualClock(World())
    clock.keep_wall_time()
    clock.sleep(0.001)
    time.sleep(0.1)  # the host is busy elsewhere
    began = time.monotonic_ns()
    clock.sleep(0.05)
    clock.sleep(0.05)
    assert time.monotonic_ns() - began >= 80_000_000


def test_paced_time_is_wall_time(pipe: tuple[int, int]) -> None:
    world = World()
    clock = VirtualClock(world)
    clock.sleep(100)
    clock.keep_wall_time()
    began = time.monotonic_ns()
    clock.sleep(0.05)
    assert 50_000_000 <= time.monotonic_ns() - began < 2_000_000_000
    os.write(pipe[1], b"x")
    began = time.monotonic_ns()
    came: list[int] = []
    clock.outside.watch(pipe[0], lambda: came.append(len(os.read(pipe[0], 9)) * world.now))
    clock.sleep(0.02)
    assert len(came) == 1
    assert came[0] < world.now
