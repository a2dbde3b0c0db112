"""The rig's clock: the only thing above the seam that knows how to wait.

On a real bench it is the monotonic clock of the PC; on the virtual bench it is simulated time. Code that
waits, polls a deadline or runs beside a test does so through this contract and never through `time` or
`threading`, so that the same code is right on both.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(ABC, Generic[T]):
    """Something that runs beside the caller, started by `Clock.spawn`."""

    @property
    @abstractmethod
    def done(self) -> bool:
        """True once the function returned or raised."""

    @abstractmethod
    def join(self, timeout_s: float | None = None) -> T:
        """Wait for the end and return the result; raises what the function raised.

        Raises:
            BusTimeoutError: still running after `timeout_s` seconds of bench time.
        """


class Clock(ABC):
    """Time on a bench."""

    @property
    @abstractmethod
    def resolution_ns(self) -> int:
        """Smallest step `now_ns` can show, in ns."""

    @abstractmethod
    def now_ns(self) -> int:
        """Bench time in ns since an arbitrary start; never goes back."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let `seconds` of bench time pass (at least)."""

    @abstractmethod
    def wait_readable(self, fd: int, timeout_s: float) -> bool:
        """Wait until the file descriptor has data; False when `timeout_s` passed without any."""

    @abstractmethod
    def spawn(self, function: Callable[[], T], name: str) -> Task[T]:
        """Run `function` beside the caller."""

    def keep_wall_time(self) -> None:  # noqa: B027 (a real bench does so anyway)
        """Let bench time pass as wall time does (never faster), for programs outside that know no other."""

    def deadline_ns(self, timeout_s: float) -> int:
        """The bench time `timeout_s` from now."""
        return self.now_ns() + round(timeout_s * 1e9)
