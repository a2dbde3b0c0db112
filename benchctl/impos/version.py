"""The version of impOS that an imp runs, or from which on something holds."""

import re
from dataclasses import dataclass
from typing import Self

from benchctl.errors import UserError

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, order=True)
class ImposVersion:
    """An impOS version, major and minor; ordered as released."""

    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `34.11`, or `34` for the start of a line, as in "from impOS 34 on".

        A user who names the line alone means its latest minor: see `releases.wanted`.

        Raises:
            UserError: the text is not a version.
        """
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            raise UserError(f"{text!r} is not an impOS version", "write it like 34.11")
        return cls(int(match[1]), int(match[2] or 0))

    def since(self, major: int, minor: int = 0) -> bool:
        """True from that version on."""
        return (self.major, self.minor) >= (major, minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"
