"""Contract of a logic capture."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchctl.capture.waveform import Waveform


class LogicCapture(ABC):
    """Records the levels of several nets against one sample clock.

    Samples that a host was too slow to fetch are an error (AdapterOverrunError), never a silent gap.
    """

    @property
    @abstractmethod
    def nets(self) -> tuple[str, ...]:
        """The nets this capture can record together."""

    @abstractmethod
    def configure(self, sample_hz: float) -> float:
        """Set the sample rate; returns the rate really used, in Hz."""

    @abstractmethod
    def start(self) -> None:
        """Begin recording; returns once the first sample has been taken."""

    @abstractmethod
    def stop(self) -> "Waveform":
        """End recording and return what was seen since `start`."""

    @abstractmethod
    def close(self) -> None:
        """Release the adapter."""
