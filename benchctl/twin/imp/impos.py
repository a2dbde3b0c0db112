"""What differs between impOS releases, in one place.

Facts: releases.yaml and the `first_impos` entries of the API fact files. What a release *has* is asked with
`since` (see `api` in `api/base.py`); what a release still gets *wrong* is `Release.bugs`.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Self

from benchctl.errors import UserError

# Fault id: releases that have the defect, as (first with it, first without it). Only defects that show every
# time belong here; a release note's rare crash does not make an old release crash on the twin.
_DEFECTS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "pin-n-driven-at-start": ((34, 0), (34, 8)),
    "spiflash-unpaired-disable": ((30, 0), (34, 8)),
    "pin-q-misses-edges": ((30, 0), (34, 0)),
    "uart-reads-before-configure": ((34, 0), (42, 1)),
    "long-timer-wraps": ((41, 34), (42, 5)),
    "timer-keeps-closure": ((30, 0), (42, 6)),
    "spi-named-abcd": ((34, 0), (34, 1)),  # choice: renamed "within the 34 line", minor not stated
    "format-floats-unpadded": ((30, 0), (34, 6)),
    "format-nonfinite-zero": ((30, 0), (34, 10)),
}
# `latest_minor` of releases.yaml
_LATEST_MINOR = {34: 11, 36: 14, 38: 19, 40: 14, 42: 9, 44: 4, 46: 12}


@dataclass(frozen=True, order=True)
class Release:
    """An impOS version, ordered as released."""

    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `34.11`; `34` stands for its latest known minor.

        Raises:
            UserError: the text is not a version.
        """
        match = re.fullmatch(r"(\d+)(?:\.(\d+))?", text.strip())
        if match is None:
            raise UserError(f"{text!r} is not an impOS version", "write it like 34.11")
        major = int(match[1])
        return cls(major, int(match[2]) if match[2] else _LATEST_MINOR.get(major, 0))

    def since(self, major: int, minor: int = 0) -> bool:
        """True from that version on."""
        return (self.major, self.minor) >= (major, minor)

    @property
    def bugs(self) -> frozenset[str]:
        """Ids of the faults this release ships with."""
        return _shipped_with(self.major, self.minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@cache
def _shipped_with(major: int, minor: int) -> frozenset[str]:
    return frozenset(bug for bug, (first, fixed) in _DEFECTS.items() if first <= (major, minor) < fixed)
