"""Which erase instructions cover a region."""

from dataclasses import dataclass

from benchctl.errors import UserError
from benchctl.flash.parameters import Erase, Parameters


@dataclass(frozen=True)
class Block:
    """One erase instruction at an address."""

    address: int
    erase: Erase

    @property
    def end(self) -> int:
        """One past its last byte."""
        return self.address + self.erase.size


def plan(start: int, end: int, parameters: Parameters) -> list[Block]:
    """Cover exactly [start, end), always with the largest block that fits.

    Args:
        start: first byte.
        end: one past the last byte.
        parameters: of the chip.

    Raises:
        UserError: the region does not begin and end on sector boundaries, or the sectors differ in size.
    """
    unit = parameters.sector
    if start % unit or end % unit:
        raise UserError(
            f"{start:#x} to {end:#x} does not begin and end on a sector boundary",
            f"take multiples of {unit:#x} ({unit} bytes)",
        )
    blocks = []
    at = start
    while at < end:
        erase = next(e for e in reversed(parameters.erases) if at % e.size == 0 and at + e.size <= end)
        blocks.append(Block(at, erase))
        at += erase.size
    return blocks
