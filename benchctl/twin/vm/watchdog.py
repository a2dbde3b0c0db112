"""Ends device code that computes for too long without asking the bench for anything.

What counts is processor time of the thread that runs the VM, so a busy machine changes nothing.
"""

import _thread
import time
from collections.abc import Callable

_TICK_S = 0.05


class Watchdog:
    """Watches the thread that creates it.

    Args:
        budget_s: processor time it may take between two messages, seconds.
        on_endless: called in another thread when it took more; it must end the process.
    """

    def __init__(self, budget_s: float, on_endless: Callable[[], None]) -> None:
        self.progress = 0
        """Count this up at each message."""
        self._budget_s = budget_s
        self._on_endless = on_endless
        self._clock = time.pthread_getcpuclockid(_thread.get_ident())
        self._never = _thread.allocate_lock()
        self._never.acquire()
        started = _thread.allocate_lock()
        started.acquire()
        _thread.start_new_thread(self._watch, (started,))
        # Whatever a new thread allocates is allocated before device code runs, each time.
        started.acquire()

    def _watch(self, started: _thread.LockType) -> None:
        started.release()
        progress, since = -1, 0.0
        while True:
            self._never.acquire(timeout=_TICK_S)
            now = time.clock_gettime(self._clock)
            if progress != self.progress:
                progress, since = self.progress, now
            elif now - since > self._budget_s:
                self._on_endless()
