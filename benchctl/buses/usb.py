"""Contracts of USB ports the bench can switch."""

from abc import ABC, abstractmethod


class UsbPort(ABC):
    """One downstream port of a hub with per-port power switching."""

    @abstractmethod
    def power(self, on: bool) -> None:
        """Switch VBUS of the port. What hangs on it is plugged (or unplugged) by it."""

    @abstractmethod
    def powered(self) -> bool:
        """True while the hub reports the port powered."""

    @abstractmethod
    def connected(self) -> bool:
        """True while the hub sees a device on the port."""

    @abstractmethod
    def close(self) -> None:
        """Release the hub; leaves the port as it is."""
