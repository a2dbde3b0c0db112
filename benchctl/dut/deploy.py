"""Contract of getting a program onto an imp and its log back.

On a real bench that is impCentral (`benchctl.dut.impcentral`); the virtual bench's imp takes programs
directly.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class LogEntry:
    """One line of the device log.

    Attributes:
        t_ns: bench time at which the bench got it.
        kind: "server.log", "server.error", "status", "lastexitcode" ... (impcentral.yaml, log_entry).
        text: the message.
    """

    t_ns: int
    kind: str
    text: str


class Deployment(ABC):
    """Where programs for the imp go in and its log comes out."""

    @abstractmethod
    def deploy(self, source: str, name: str) -> None:
        """Put a device program on the imp and restart it. `name` is used in messages.

        Raises:
            UserError: the program does not compile; the message has file, line and column.
        """

    @abstractmethod
    def read_log(self, timeout_s: float) -> LogEntry | None:
        """The next log entry, or None when none came in `timeout_s` s of bench time."""

    @abstractmethod
    def idle(self) -> bool | None:
        """True when the program has nothing left to wait for; None where that cannot be known."""

    @abstractmethod
    def close(self) -> None:
        """Stop listening."""
