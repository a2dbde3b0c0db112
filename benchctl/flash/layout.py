"""What is where on an imp's flash: impOS below, the user's part (hardware.spiflash) above it.

Squirrel's address 0 is the first user byte, and impOS' area cannot be reached from Squirrel (SF-ADR-01,
developer.electricimp.com node/2312).
"""

from dataclasses import dataclass

from benchctl.errors import NotEquippedError, UserError
from benchctl.nearest import nearest

IMPOS, USER, WHOLE = "impos", "user", "flash"


@dataclass(frozen=True)
class Area:
    """A named region [start, end) in bytes."""

    name: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


@dataclass(frozen=True)
class Layout:
    """The areas of a chip, in order and without gaps."""

    areas: tuple[Area, ...]

    @staticmethod
    def plain(size: int) -> "Layout":
        """A chip that is not an imp's own, or whose areas are not known: one area."""
        return Layout((Area(WHOLE, 0, size),))

    @staticmethod
    def of_imp(size: int, *, reserved_bytes: int | None, user_bytes: int | None) -> "Layout":
        """The areas of an imp's own flash.

        Args:
            size: of the chip, bytes.
            reserved_bytes: what the module's documentation says impOS takes (448 KiB on the imp003, 776 KiB
                on the imp004m: SF-ADR-02, SF-ADR-03), None where it says nothing.
            user_bytes: what the imp's own hardware.spiflash.size() returned, None if nobody asked. It counts
                before the documentation, which disagrees with itself (SF-ADR-04).

        Raises:
            NotEquippedError: neither is known.
            UserError: the areas do not fit the chip.
        """
        if user_bytes is not None:
            border = size - user_bytes
        elif reserved_bytes is not None:
            border = reserved_bytes
        else:
            raise NotEquippedError(
                "documented border between the impOS and the user area of this module's flash",
                "let the imp run with the benchctl firmware, so that it can be asked for spiflash.size()",
            )
        if not 0 < border < size:
            raise UserError(
                f"an impOS area of {border} bytes does not fit a flash of {size} bytes",
                "check that the rig file names the right module and flash part",
            )
        return Layout((Area(IMPOS, 0, border), Area(USER, border, size)))

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.areas[-1].end

    def area(self, name: str) -> Area:
        """An area by name.

        Raises:
            UserError: there is none of that name.
        """
        for area in self.areas:
            if area.name == name:
                return area
        names = [area.name for area in self.areas]
        raise UserError(f"this flash has no area {name!r}", nearest(name, names))

    def touched(self, start: int, end: int) -> tuple[Area, ...]:
        """The areas that [start, end) reaches into."""
        return tuple(area for area in self.areas if max(start, area.start) < min(end, area.end))
