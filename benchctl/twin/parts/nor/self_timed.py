"""An operation a memory carries out by itself while the bus goes on."""

from collections.abc import Callable

from benchctl.twin.parts.nor.chip import Span
from benchctl.twin.world import World

Effect = Callable[[float], None]


class SelfTimed:
    """At most one operation at a time; its effect shows when it is over.

    `slowness` (0 to 1) is where this unit lies between the data sheet's typical and maximum times.
    """

    def __init__(self, world: World, slowness: float) -> None:
        self._world, self._slowness = world, slowness
        self._start_ns = self.end_ns = -1
        self._effect: Effect | None = None

    def duration_ns(self, span: Span) -> int:
        """How long an operation of a data sheet span takes on this unit."""
        typical, maximum = span
        return typical + round(self._slowness * (maximum - typical))

    def start(self, duration_ns: int, effect: Effect) -> None:
        """Begin; `effect` gets 1.0 when it finishes, or the part of its time that had passed when cut off."""
        self._start_ns = self._world.now
        self.end_ns = self._start_ns + duration_ns
        self._effect = effect

    @property
    def busy(self) -> bool:
        """True while an operation runs."""
        return self._world.now < self.end_ns

    def settle(self) -> None:
        """Let an operation that is over by now have its effect."""
        if self._effect is not None and not self.busy:
            effect, self._effect = self._effect, None
            effect(1.0)

    def cut_off(self) -> None:
        """Stop in the middle, as a reset or a power failure does.

        choice: the first part of the region has changed by then, the rest has not.
        """
        self.settle()
        if self._effect is not None:
            effect, self._effect = self._effect, None
            effect((self._world.now - self._start_ns) / (self.end_ns - self._start_ns))
            self.end_ns = self._world.now
