"""The contract of a pin mode."""

from typing import Any

from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.values import Thrown


class PinMode:
    """One configuration of a pin, from configure() until the next one.

    Attributes:
        outlives_program: keeps running when the Squirrel program stops.
    """

    outlives_program = False

    def __init__(self, chip: Chip, pad: Pad) -> None:
        self.chip, self.pad = chip, pad

    @property
    def armed(self) -> bool:
        """A callback may still come."""
        return False

    def read(self) -> Any:
        """pin.read(): the real level at the pin in every mode but the analog ones (PIN-RD-02)."""
        return self.pad.level()

    def write(self, value: float) -> None:
        """pin.write()."""
        raise Thrown("pin is not an output")  # choice: PIN-WR-04

    def close(self) -> None:
        """The pin gets another mode: stop, leaving the level on the wire."""
