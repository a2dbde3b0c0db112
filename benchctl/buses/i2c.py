"""Contract of an I²C controller on the bench."""

from abc import ABC, abstractmethod

from benchctl.errors import BenchError


class I2cNackError(BenchError):
    """A target did not acknowledge. `index` is the byte refused: 0 is the address."""

    def __init__(self, address: int, index: int) -> None:
        self.address, self.index = address, index
        what = f"address {address:#04x}" if index == 0 else f"byte {index} to address {address:#04x}"
        super().__init__(f"{what} was not acknowledged", "check the address, the supply and the pull-ups")


class I2c(ABC):
    """An I²C controller; addresses are 7-bit."""

    @abstractmethod
    def configure(self, hz: float) -> float:
        """Set the SCL rate; returns the rate really used (never above the request), in Hz."""

    @abstractmethod
    def write(self, address: int, data: bytes) -> None:
        """Write `data`; empty data probes the address.

        Raises:
            I2cNackError: the address or a byte was refused.
        """

    @abstractmethod
    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes (>= 1). Raises I2cNackError when the address is refused."""

    @abstractmethod
    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write, repeated start, read. Raises I2cNackError."""

    @abstractmethod
    def scan(self) -> list[int]:
        """Addresses (0x08 to 0x77) that acknowledge."""

    @abstractmethod
    def close(self) -> None:
        """Release both lines and the adapter."""
