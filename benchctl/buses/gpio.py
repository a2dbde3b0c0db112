"""Contract of digital lines on the bench."""

from abc import ABC, abstractmethod


class Gpio(ABC):
    """One digital line of the bench, wired to one net. High impedance until driven."""

    @abstractmethod
    def drive(self, level: bool) -> None:
        """Drive the net high or low, push-pull."""

    @abstractmethod
    def release(self) -> None:
        """Stop driving: high impedance."""

    @abstractmethod
    def read(self) -> bool:
        """The level at the pin now."""

    @abstractmethod
    def pulse(self, level: bool, width_us: float, *, count: int = 1, period_us: float | None = None) -> None:
        """Drive `count` pulses of `width_us` µs to `level` and back, exact to the pattern clock; blocks."""

    @abstractmethod
    def close(self) -> None:
        """Release the line."""
