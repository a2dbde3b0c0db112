"""Suggesting the name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_LISTED = 12


def nearest(name: str, known: Iterable[str]) -> str:
    """The cure for an unknown name: the nearest known one, or what there is to choose from."""
    choices = list(dict.fromkeys(known))
    if not choices:
        return "there is none to choose from"
    lower = {choice.lower(): choice for choice in choices}
    close = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    if close:
        return f"did you mean {lower[close[0]]!r}?"
    listed = ", ".join(choices[:_MOST_LISTED])
    return f"choose one of: {listed}{', ...' if len(choices) > _MOST_LISTED else ''}"
