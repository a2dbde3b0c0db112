"""Contracts of DUT supply and reset."""

from abc import ABC, abstractmethod


class Power(ABC):
    """The imp's supply."""

    @abstractmethod
    def on(self) -> None:
        """Switch the supply on."""

    @abstractmethod
    def off(self) -> None:
        """Switch the supply off."""


class Reset(ABC):
    """The imp's reset line."""

    @abstractmethod
    def hold(self) -> None:
        """Hold the imp in reset."""

    @abstractmethod
    def release(self) -> None:
        """Let the imp run."""
