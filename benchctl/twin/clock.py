"""The rig's clock on the virtual bench: simulated time and host tasks in it."""

import select
from collections.abc import Callable
from typing import Generic, TypeVar

from benchctl.buses.clock import Clock, Task
from benchctl.errors import BusTimeoutError
from benchctl.twin.outside import Outside
from benchctl.twin.world import Signal, World

T = TypeVar("T")


class VirtualClock(Clock):
    """`Clock` over a `World`.

    Attributes:
        outside: descriptors of other programs, and wall time.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.outside = Outside(world)

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
        """Let simulated time pass until the kernel says the descriptor has data."""
        if select.select([fd], [], [], 0)[0]:
            return True
        readable = Signal(self._world)
        self.outside.watch(fd, readable.fire)
        try:
            return self._world.wait(readable, self.deadline_ns(timeout_s))
        finally:
            self.outside.unwatch(fd)

    def keep_wall_time(self) -> None:
        """Let simulated time pass as fast as wall time from now on."""
        self.outside.keep_wall_time()

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
