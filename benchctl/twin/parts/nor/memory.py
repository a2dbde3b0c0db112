"""The cells of a NOR flash: programming only clears bits, erasing sets them all."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchctl.errors import UserError
from benchctl.twin.parts.nor.chip import PAGE

Bytes = NDArray[np.uint8]
ERASED = 0xFF


class NorMemory:
    """An array of cells, erased when new. `cells` is the content itself, shape (size,), uint8."""

    def __init__(self, size: int) -> None:
        self.cells: Bytes = np.full(size, ERASED, np.uint8)

    def read(self, address: int, count: int) -> Bytes:
        """`count` bytes from `address` on, going round at the end of the array."""
        size = len(self.cells)
        start = address % size
        if start + count <= size:
            return self.cells[start : start + count]
        return self.cells[(start + np.arange(count)) % size]

    def program(self, address: int, data: Bytes) -> None:
        """Program within one page: writing goes round at its end, and only the last 256 bytes count."""
        page = address % len(self.cells) // PAGE * PAGE
        offset = address % PAGE
        kept = data[-PAGE:]
        first = offset + len(data) - len(kept)
        where = page + (first + np.arange(len(kept))) % PAGE
        self.cells[where] &= kept

    def erase(self, start: int, count: int) -> None:
        """Set every bit of a region."""
        self.cells[start : start + count] = ERASED

    def load(self, file: Path, address: int = 0) -> None:
        """Put the content of a file into the array.

        Raises:
            UserError: it does not fit.
        """
        image = np.fromfile(file, np.uint8)
        if address + len(image) > len(self.cells):
            raise UserError(
                f"{file} has {len(image)} bytes and the flash has room for {len(self.cells) - address}",
                "take an image of the chip's own size, or a rig with a larger flash",
            )
        self.cells[address : address + len(image)] = image

    def save(self, file: Path) -> None:
        """Write the whole array to a file."""
        self.cells.tofile(file)
