"""Time a test takes on the rig's clock."""

from collections.abc import Callable


class BenchTime:
    """A stopwatch over a clock that comes and goes with the bench.

    A test may open the bench late, close it, or never have one; only what passes while a clock is attached
    counts.
    """

    def __init__(self) -> None:
        self._now_ns: Callable[[], int] | None = None
        self._since_ns = 0
        self._spent_ns = 0

    def start(self) -> None:
        """A test begins: count from zero."""
        self._spent_ns = 0
        if self._now_ns is not None:
            self._since_ns = self._now_ns()

    def attach(self, now_ns: Callable[[], int]) -> None:
        """The bench is open: `now_ns` gives its time in ns."""
        self.detach()
        self._now_ns, self._since_ns = now_ns, now_ns()

    def detach(self) -> None:
        """The bench is closing: its clock will not be asked again."""
        self._spent_ns = self._total_ns()
        self._now_ns = None

    @property
    def seconds(self) -> float:
        """Bench time since `start`, in s."""
        return self._total_ns() / 1e9

    def _total_ns(self) -> int:
        if self._now_ns is None:
            return self._spent_ns
        return self._spent_ns + self._now_ns() - self._since_ns
