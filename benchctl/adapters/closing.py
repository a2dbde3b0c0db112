"""Closing several things so that one failure neither hides another nor keeps the rest open."""

from collections.abc import Callable, Iterable

from benchctl.errors import BenchError


def close_all(closers: Iterable[Callable[[], None]]) -> None:
    """Call every closer, then raise the first error, with what else went wrong in its notes."""
    failures: list[BenchError] = []
    for close in closers:
        try:
            close()
        except BenchError as error:
            failures.append(error)
    if failures:
        for failure in failures[1:]:
            failures[0].add_note(f"and: {failure}")
        raise failures[0]
