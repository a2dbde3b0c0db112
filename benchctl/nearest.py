"""Suggesting the name that was probably meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher

_MOST_LISTED = 12
_ALIKE = 0.6


def nearest(name: str, known: Iterable[str]) -> str:
    """The cure for an unknown name: the nearest known one (the first of equals), or the choice there is."""
    choices = list(dict.fromkeys(known))
    if not choices:
        return "there is none to choose from"

    def likeness(choice: str) -> float:
        return SequenceMatcher(None, name.lower(), choice.lower()).ratio()

    best = max(choices, key=likeness)
    if likeness(best) >= _ALIKE:
        return f"perhaps you meant {best!r}"
    listed = ", ".join(choices[:_MOST_LISTED])
    return f"choose one of: {listed}{', ...' if len(choices) > _MOST_LISTED else ''}"
