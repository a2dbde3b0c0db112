"""The clock of a real bench: the PC's monotonic clock, threads and select."""

import select
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from benchctl.buses.clock import Clock, Task
from benchctl.errors import BusTimeoutError

T = TypeVar("T")


class MonotonicClock(Clock):
    """`Clock` over CLOCK_MONOTONIC."""

    @property
    def resolution_ns(self) -> int:
        """What the kernel states, at least 1 ns."""
        return max(1, round(time.get_clock_info("monotonic").resolution * 1e9))

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC in ns."""
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread; returns at once when `seconds` is not positive."""
        if seconds > 0:
            select.select((), (), (), seconds)

    def wait_readable(self, fd: int, timeout_s: float) -> bool:
        """Block in select until `fd` has data or hung up."""
        return bool(select.select((fd,), (), (), max(0.0, timeout_s))[0])

    def spawn(self, function: Callable[[], T], name: str) -> Task[T]:
        """Run `function` in a thread that does not keep the process alive."""
        return _ThreadTask(function, name)


class _ThreadTask(Task[T], Generic[T]):
    def __init__(self, function: Callable[[], T], name: str) -> None:
        self._function = function
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._function())
        except BaseException as error:
            self._error = error

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def join(self, timeout_s: float | None = None) -> T:
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise BusTimeoutError(f"{self._thread.name} is still running after {timeout_s} s of bench time")
        if self._error is not None:
            raise self._error
        return self._result[0]
