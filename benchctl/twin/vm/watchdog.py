"""Ends device code that computes for too long without asking the bench for anything.

What counts is processor time of the thread that runs the VM, so a busy machine changes nothing.
"""

import _thread
import time
from collections.abc import Callable

from benchctl.twin.vm.capi import DebugHook, sq

_TICK_S = 0.05
# Loops of one line and native functions of the VM never reach the debug hook.
_HOOK_GRACE_S = 0.2


class Watchdog:
    """Watches the thread that creates it.

    Args:
        vm: the VM that thread runs.
        budget_s: processor time it may take between two messages, seconds.
        on_endless: called when it took more, and told whether the VM still runs; it must end the process.
    """

    def __init__(self, vm: int, budget_s: float, on_endless: Callable[[bool], None]) -> None:
        self.progress = 0
        """Count this up at each message."""
        self._vm = vm
        self._budget_s = budget_s
        self._on_endless = on_endless
        self._hook = DebugHook(lambda *_: on_endless(False))
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
        progress, since, hooked = -1, 0.0, False
        while True:
            self._never.acquire(timeout=_TICK_S)
            now = time.clock_gettime(self._clock)
            if progress != self.progress:
                progress, since = self.progress, now
            elif hooked and now - since > self._budget_s + _HOOK_GRACE_S:
                self._on_endless(True)
            elif not hooked and now - since > self._budget_s:
                # The VM calls the hook itself at the next line, where its call stack is in order.
                sq.setnativedebughook(self._vm, self._hook)
                hooked = True
