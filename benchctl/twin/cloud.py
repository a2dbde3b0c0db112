"""What impCentral is to a physical imp: programs in, log out."""

from collections import deque

from benchctl.dut.deploy import Deployment, LogEntry
from benchctl.twin.imp import chip
from benchctl.twin.imp.imp import VirtualImp
from benchctl.twin.world import Signal, World


class VirtualCloud(Deployment):
    """`Deployment` of the virtual imp; it keeps the log from the opening of the bench on."""

    def __init__(self, world: World, imp: VirtualImp) -> None:
        self._world, self._imp = world, imp
        self._entries: deque[LogEntry] = deque()
        self._came = Signal(world)
        imp.on_log = self._logged

    def deploy(self, source: str, name: str) -> None:
        """Put a program on the imp, which restarts with it."""
        self._imp.deploy(source, name)

    def read_log(self, timeout_s: float) -> LogEntry | None:
        """The next entry, or None when none came in time."""
        deadline = self._world.now + round(timeout_s * 1e9)
        while not self._entries:
            if not self._world.wait(self._came, deadline):
                return None
        return self._entries.popleft()

    def idle(self) -> bool:
        """True when the program has nothing left to wait for."""
        return self._imp.idle and not self._entries

    def close(self) -> None:
        """Nothing is held: the log goes on."""

    def _logged(self, entry: chip.LogEntry) -> None:
        self._entries.append(LogEntry(entry.t_ns, entry.kind, entry.text))
        self._came.fire()
