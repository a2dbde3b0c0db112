"""Where two contents differ, as spans of addresses."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchctl.errors import DutError

Span = tuple[int, int]
_NAMED = 8


class FlashMismatchError(DutError):
    """The flash does not hold what it should. `spans` are the addresses, as [first, last) pairs."""

    def __init__(self, what: str, spans: Sequence[Span], cure: str = "") -> None:
        self.spans = tuple(spans)
        super().__init__(f"{what} at {name_spans(spans)}", cure)


def octets(data: bytes | bytearray | memoryview) -> NDArray[np.uint8]:
    """Bytes as an array, not copied."""
    return np.frombuffer(data, np.uint8)


def true_spans(mask: NDArray[np.bool_], base: int = 0) -> list[Span]:
    """Runs of True as [first, last), counted from `base`."""
    if not mask.any():
        return []
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [(base + int(first), base + int(last)) for first, last in edges.reshape(-1, 2)]


def differing(a: bytes, b: bytes, base: int = 0) -> list[Span]:
    """Spans in which two contents of one length differ."""
    return [] if a == b else true_spans(octets(a) != octets(b), base)


def name_spans(spans: Sequence[Span]) -> str:
    """Addresses for a message: the first few, and how many bytes there are in all."""
    named = ", ".join(
        f"{first:#08x}" if last == first + 1 else f"{first:#08x} to {last - 1:#08x}"
        for first, last in spans[:_NAMED]
    )
    count = sum(last - first for first, last in spans)
    rest = f" and {len(spans) - _NAMED} spans more" if len(spans) > _NAMED else ""
    return f"{named}{rest} ({count} {'byte' if count == 1 else 'bytes'})"
