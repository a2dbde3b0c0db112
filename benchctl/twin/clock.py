"""The rig's clock on the virtual bench: simulated time and host tasks in it."""

import select
from collections.abc import Callable
from typing import Generic, TypeVar

from benchctl.buses.clock import Clock, Task
from benchctl.errors import BusTimeoutError
from benchctl.twin.world import Signal, World

T = TypeVar("T")
_POLL_NS = 100_000


class VirtualClock(Clock):
    """`Clock` over a `World`."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def resolution_ns(self) -> int:
        """Simulated time is exact to the nanosecond."""
        return 1

    def now_ns(self) -> int:
        """Simulated time in ns."""
        return self._world.now

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._world.sleep_until(self._world.now + round(seconds * 1e9))

    def wait_readable(self, fd: int, timeout_s: float) -> bool:
        """Let simulated time pass in small steps until the kernel says the descriptor has data."""
        deadline = self.deadline_ns(timeout_s)
        while not select.select([fd], [], [], 0)[0]:
            if self._world.now >= deadline:
                return False
            self._world.sleep_until(min(deadline, self._world.now + _POLL_NS))
        return True

    def spawn(self, function: Callable[[], T], name: str) -> Task[T]:
        """Run `function` as a host task in simulated time."""
        return _VirtualTask(self._world, function, name)


class _VirtualTask(Task[T], Generic[T]):
    def __init__(self, world: World, function: Callable[[], T], name: str) -> None:
        self._world, self._name = world, name
        self._ended = Signal(world)
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._done = False
        world.spawn(lambda: self._run(function))

    def _run(self, function: Callable[[], T]) -> None:
        try:
            self._result.append(function())
        except BaseException as error:
            self._error = error
        self._done = True
        self._ended.fire()

    @property
    def done(self) -> bool:
        return self._done

    def join(self, timeout_s: float | None = None) -> T:
        deadline = None if timeout_s is None else self._world.now + round(timeout_s * 1e9)
        if not self._done and not self._world.wait(self._ended, deadline):
            raise BusTimeoutError(f"{self._name} is still running after {timeout_s} s of bench time")
        if self._error is not None:
            raise self._error
        return self._result[0]
