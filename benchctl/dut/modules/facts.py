"""A fact about a module, as the data files state it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Flag = bool | None
"""True, False, or None for "not documented"."""


@dataclass(frozen=True)
class Fact:
    """One fact; `value` is None when it is unknown or does not apply.

    `known` tells the two apart: None with `known` means "does not apply".
    """

    value: Any
    source: tuple[str, ...]
    confidence: str
    note: str = ""
    known: bool = True


def read_fact(row: Mapping[str, Any]) -> Fact:
    """A leaf of a data file."""
    return Fact(
        value=or_none(row["value"]),
        source=sources(row["source"]),
        confidence=row["confidence"],
        note=row.get("note", ""),
        known=row["value"] != "unknown",
    )


def or_none(value: Any) -> Any:
    """The value, None where the file says `unknown`."""
    return None if value == "unknown" else value


def sources(row: Any) -> tuple[str, ...]:
    """The keys of one source or several."""
    return (row,) if isinstance(row, str) else tuple(row)
