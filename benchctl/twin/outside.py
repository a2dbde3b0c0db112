"""What reaches the virtual bench from outside: wall time, and file descriptors that other programs write to.

The world asks before every event whether it may happen. Simulated time can be kept at wall time, for
programs that know no other (a terminal, mbpoll). Whenever the twin is too slow for that, or the host was busy
elsewhere, simulated time has lost that much for good: running faster afterwards, it would outrun them.
"""

import select
import time
from collections.abc import Callable, Mapping

from benchctl.twin.world import World

_SLICE_S = 0.01  # how long a descriptor whose other end is closed goes unlooked at
_LOST_NS = 10_000_000  # simulated time does not catch up with more than this


class Outside:
    """The `pacer` of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._poll = select.poll()
        self._watched: dict[int, Callable[[], None]] = {}
        self._pacing: set[int] = set()
        self._due: set[int] = set()
        self._always = False
        self._left_ns = 0  # wall time at which the host last went about its own business
        self._ahead_ns: int | None = None  # simulated minus wall time; None when they are not kept together

    def watch(self, fd: int, on_readable: Callable[[], None], *, pacing: bool = False) -> None:
        """Let `on_readable` happen whenever the descriptor has data; it must read it, or stop watching.

        With `pacing`, simulated time is kept at wall time while the descriptor's other end is open.
        """
        self._watched[fd] = on_readable
        if pacing:
            self._pacing.add(fd)
        self._poll.register(fd, select.POLLIN)
        self._world.pacer = self._pace

    def unwatch(self, fd: int) -> None:
        """Stop watching."""
        del self._watched[fd]
        self._pacing.discard(fd)
        self._due.discard(fd)
        self._poll.unregister(fd)

    def keep_wall_time(self) -> None:
        """From now on let simulated time pass as fast as wall time."""
        self._always = True
        self._world.pacer = self._pace

    def _pace(self, t_ns: int) -> bool:
        away_ns = time.monotonic_ns() - self._left_ns
        if self._ahead_ns is not None and away_ns > _LOST_NS:
            self._ahead_ns -= away_ns
        try:
            return self._may_happen(t_ns)
        finally:
            self._left_ns = time.monotonic_ns()

    def _may_happen(self, t_ns: int) -> bool:
        while True:
            found = dict(self._poll.poll(0)) if self._watched else {}
            now_ns = self._now_ns(t_ns, found)
            came = [fd for fd, what in found.items() if what & select.POLLIN and fd not in self._due]
            for fd in came:
                self._due.add(fd)
                # Unpaced, nothing happens between two events: it is there since the last one.
                self._world.at(0 if self._ahead_ns is None else min(now_ns, t_ns), self._happening(fd))
            if came:
                return False
            if now_ns >= t_ns:
                return True
            quiet = self._watched.keys() - found.keys()
            select.select(quiet, [], [], min((t_ns - now_ns) / 1e9, _SLICE_S))

    def _now_ns(self, t_ns: int, found: Mapping[int, int]) -> int:
        """The simulated time that wall time stands for now; unpaced, that of the next event."""
        if not (self._always or any(not found.get(fd, 0) & select.POLLHUP for fd in self._pacing)):
            self._ahead_ns = None
            return t_ns
        wall_ns = time.monotonic_ns()
        if self._ahead_ns is None:
            self._ahead_ns = self._world.now - wall_ns
        self._ahead_ns -= max(0, wall_ns + self._ahead_ns - t_ns - _LOST_NS)
        return wall_ns + self._ahead_ns

    def _happening(self, fd: int) -> Callable[[], None]:
        def happen() -> None:
            if fd in self._due:
                self._due.discard(fd)
                self._watched[fd]()

        return happen
