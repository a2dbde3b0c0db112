"""What reaches the virtual bench from outside: wall time, and file descriptors that other programs write to.

The world asks before every event whether it may happen. Simulated time can be kept at wall time, for programs
that know no other (a terminal, flashrom); if the twin is too slow for that it falls behind and catches up.
"""

import select
import time
from collections.abc import Callable

from benchctl.twin.world import World

_SLICE_S = 0.01  # how long a descriptor whose other end is closed goes unlooked at


class Outside:
    """The `pacer` of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._poll = select.poll()
        self._watched: dict[int, Callable[[], None]] = {}
        self._due: set[int] = set()
        self._ahead_ns: int | None = None  # simulated minus wall time; None when they are not kept together

    def watch(self, fd: int, on_readable: Callable[[], None]) -> None:
        """Let `on_readable` happen whenever the descriptor has data; it must read it, or stop watching."""
        self._watched[fd] = on_readable
        self._poll.register(fd, select.POLLIN)
        self._world.pacer = self._may_happen

    def unwatch(self, fd: int) -> None:
        """Stop watching."""
        del self._watched[fd]
        self._due.discard(fd)
        self._poll.unregister(fd)

    def keep_wall_time(self) -> None:
        """From now on let simulated time pass as fast as wall time."""
        self._ahead_ns = self._world.now - time.monotonic_ns()
        self._world.pacer = self._may_happen

    def _may_happen(self, t_ns: int) -> bool:
        while True:
            now_ns = t_ns if self._ahead_ns is None else time.monotonic_ns() + self._ahead_ns
            quiet = list(self._watched)
            came = False
            if quiet:
                for fd, what in self._poll.poll(0):
                    quiet.remove(fd)
                    if what & select.POLLIN and fd not in self._due:
                        self._due.add(fd)
                        # Unpaced, nothing happens between two events: it is there since the last one.
                        self._world.at(
                            min(now_ns, t_ns) if self._ahead_ns is not None else 0, self._happening(fd)
                        )
                        came = True
            if came:
                return False
            if now_ns >= t_ns:
                return True
            select.select(quiet, [], [], min((t_ns - now_ns) / 1e9, _SLICE_S))

    def _happening(self, fd: int) -> Callable[[], None]:
        def happen() -> None:
            if fd in self._due:
                self._due.discard(fd)
                self._watched[fd]()

        return happen
