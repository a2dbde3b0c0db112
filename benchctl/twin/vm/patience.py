"""How long the bench waits for a VM that cannot speak for itself any more.

The VM reports its own crashes and endless loops. This is for the process that did not manage to.
"""

import os
import signal
from pathlib import Path

from benchctl.twin.vm.messages import Crashed, CrashKind

TICK_S = 1
"""How often to ask for a verdict while waiting, seconds."""

# A process that sleeps while the bench waits for it will never answer; waiting for its turn it is runnable.
_SLEEPS_TO_BE_LOST = 5
_CPU_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Patience:
    """One wait for a process.

    Args:
        pid: the process.
        cpu_budget_s: processor time after which the VM should have reported an endless loop itself.
    """

    def __init__(self, pid: int, cpu_budget_s: float) -> None:
        self._pid = pid
        self._budget_ticks = (2 * cpu_budget_s + TICK_S) * _CPU_TICKS_PER_S
        self._first: int | None = None
        self._last = 0
        self._sleeps = 0

    def verdict(self) -> Crashed | None:
        """What to make of another tick without an answer; None to wait on."""
        # After the name, which is in parentheses: state, then ten fields, then user and system time.
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        used = int(fields[11]) + int(fields[12])
        if self._first is None:
            self._first = used
        self._sleeps = self._sleeps + 1 if fields[0] == "S" and used == self._last else 0
        self._last = used
        if used - self._first > self._budget_ticks:
            return Crashed(
                CrashKind.ENDLESS, "the device code computes without end where it cannot be observed", ()
            )
        if self._sleeps >= _SLEEPS_TO_BE_LOST:
            return Crashed(CrashKind.LOST, "the process of the Squirrel VM hangs", ())
        return None


def post_mortem(status: int) -> Crashed:
    """What the wait status of a process says that closed its channel without a word."""
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        kind = CrashKind.MEMORY_FAULT if name in ("SIGSEGV", "SIGBUS", "SIGABRT") else CrashKind.LOST
        return Crashed(kind, f"the process of the Squirrel VM was ended by {name}", ())
    return Crashed(CrashKind.LOST, f"the process of the Squirrel VM ended with {os.WEXITSTATUS(status)}", ())
