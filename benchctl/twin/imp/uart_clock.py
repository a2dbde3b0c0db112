"""Baud rate generators: which rates a UART can really make.

Model: a clock divided by a whole number. For the imp005 it was found by fitting (uart_clocks.yaml); for the
others the highest documented rate is an eighth of the peripheral clock (imp001: 60 MHz, imp003: 36 MHz), and
the documented lowest rates are that clock divided by 16 bits.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from benchctl.data import load_data
from benchctl.dut.modules.buses import Uart


@dataclass(frozen=True)
class UartClock:
    """A clock and the divisors it can be divided by.

    Attributes:
        hz: what is divided.
        lowest, highest: range of the divisor.
        rounds_up: the divisor is cut to a whole number, so the rate comes out too high rather than nearest.
    """

    hz: int
    lowest: int
    highest: int
    rounds_up: bool = False

    def divisor(self, baud: int) -> int:
        """The divisor the driver takes for a requested rate; out-of-range requests get the end of the range.

        Rounding to the nearest rate: UART-CFG-02, api/uart.yaml.
        """
        low = min(max(self.hz // max(baud, 1), self.lowest), self.highest)
        if self.rounds_up or low == self.highest:
            return low
        return min(low, low + 1, key=lambda n: abs(self.hz / n - baud))

    def rate(self, divisor: int) -> int:
        """Bits per second, as configure() returns it: whole."""
        return self.hz // divisor

    def bit_fs(self, divisor: int) -> int:
        """One bit time in fs."""
        return round(divisor * 10**15 / self.hz)


@cache
def _fitted() -> dict[str, dict[str, dict[str, Any]]]:
    data: dict[str, dict[str, dict[str, Any]]] = load_data("benchctl.twin.imp", "data/uart_clocks.yaml")
    return data


def uart_clock(module: str, uart: Uart) -> UartClock:
    """The baud rate generator of one UART."""
    fitted = _fitted().get(module, {}).get(uart.name)
    if fitted is not None:
        return UartClock(fitted["hz"], fitted["lowest"], fitted["highest"], fitted["rounding"] == "up")
    # choice: a UART whose highest rate is not documented is given 1 Mbit/s
    hz = (uart.max_baud or 1_000_000) * 8
    return UartClock(hz, 8, hz // uart.min_baud if uart.min_baud else 65535)
