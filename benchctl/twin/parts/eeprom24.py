"""An I²C EEPROM of the 24 series (24C02 to 24LC512)."""

import numpy as np
from numpy.typing import NDArray

from benchctl.twin.parts.i2c_target import I2cTarget
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net

_ERASED = 0xFF
_ONE_BYTE_LIMIT = 2048  # up to 24C16: one word address byte, higher bits in the device address
_BLOCK = 256


class Eeprom24(I2cTarget):
    """Write cycle, page, address counter and write protection of a 24-series part.

    With WP high it acknowledges what is written, starts no write cycle and keeps its content, as
    Microchip's 24LC256 data sheet has it.

    Args:
        size: bytes.
        address: 7-bit I²C address of its first block.
        page: bytes of one page write.
        write_cycle_ns: the data sheet's maximum; this unit is somewhat faster, by the world's seed.
        wp: write-protect pin, None when tied low.
        vcc: supply pin, None when it is always on.
    """

    def __init__(
        self,
        name: str,
        scl: ClockNet,
        sda: Net,
        *,
        size: int,
        address: int,
        page: int,
        write_cycle_ns: int,
        wp: Net | None = None,
        vcc: Net | None = None,
    ) -> None:
        super().__init__(name, scl, sda, vcc)
        self.cells: NDArray[np.uint8] = np.full(size, _ERASED, np.uint8)
        self._page, self._wp = page, wp
        self._word_bytes = 1 if size <= _ONE_BYTE_LIMIT else 2
        self._blocks = max(size // _BLOCK, 1) if self._word_bytes == 1 else 1
        self._base = address & ~(self._blocks - 1)
        # choice: a healthy unit needs this part of the maximum
        self._cycle_ns = round(write_cycle_ns * self.world.random(f"{name}/unit").uniform(0.6, 0.95))
        self._busy_until_ns = -1
        self._counter = 0
        self._block = 0
        self._word: list[int] = []
        self._latched: dict[int, int] = {}

    @property
    def busy(self) -> bool:
        """True during a write cycle, when it answers to nothing."""
        return self.world.now < self._busy_until_ns

    def power_off(self) -> None:
        """Lose power; the address counter starts at 0 again."""
        self._counter, self._busy_until_ns = 0, -1
        self.started()
        super().power_off()

    def started(self) -> None:
        """A new transaction; data that no STOP followed is dropped."""
        self._word = []
        self._latched = {}

    def addressed(self, address: int, read: bool) -> bool:
        """Acknowledge the own address, unless in a write cycle."""
        block = address - self._base
        if self.busy or not 0 <= block < self._blocks:
            return False
        if not read:
            self._block = block
        return True

    def written(self, value: int) -> bool:
        """Word address first, then data into the page latch, going round at the end of the page."""
        if len(self._word) < self._word_bytes:
            self._word.append(value)
            self._counter = (self._block * _BLOCK + int.from_bytes(bytes(self._word))) % len(self.cells)
            return True
        self._latched[self._counter] = value
        page = self._counter // self._page * self._page
        self._counter = page + (self._counter + 1 - page) % self._page
        return True

    def next_byte(self) -> int:
        """Sequential read, going round at the end of the array."""
        value = int(self.cells[self._counter])
        self._counter = (self._counter + 1) % len(self.cells)
        return value

    def stopped(self, whole_bytes: bool) -> None:
        """Begin the write cycle."""
        latched, self._latched = self._latched, {}
        protected = self._wp is not None and self._wp.level()
        if latched and whole_bytes and not protected:
            for where, value in latched.items():
                self.cells[where] = value
            self._busy_until_ns = self.world.now + self._cycle_ns
