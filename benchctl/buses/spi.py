"""Contract of an SPI controller on the bench."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class SpiFormat:
    """`hz` is the wanted SCLK; `mode` 0 to 3 (CPOL in bit 1, CPHA in bit 0); CS is active low."""

    hz: float
    mode: int = 0
    lsb_first: bool = False


class Spi(ABC):
    """An SPI controller with one chip select, wired to one target."""

    @property
    @abstractmethod
    def max_transfer(self) -> int:
        """Largest number of bytes one call can move with CS held."""

    @abstractmethod
    def configure(self, fmt: SpiFormat) -> float:
        """Set rate and mode; returns the SCLK really used, in Hz (never above the request).

        Raises:
            UserError: the adapter cannot do the mode or the rate.
        """

    @abstractmethod
    def exchange(self, write: bytes, read_count: int = 0, *, duplex: bool = False) -> bytes:
        """Assert CS, clock `write` out, then clock `read_count` bytes in, release CS.

        With `duplex` the bytes read are those clocked in while writing; `read_count` then extends the write
        with zeros. Always returns exactly the bytes asked for.

        Raises:
            AdapterError: the adapter returned fewer bytes than it clocked.
        """

    @abstractmethod
    def exchange_many(self, transactions: list[tuple[bytes, int]]) -> list[bytes]:
        """Run several (write, read_count) transactions, each with its own CS, pipelined over USB."""

    @abstractmethod
    def close(self) -> None:
        """Release the lines (high impedance) and the adapter."""
