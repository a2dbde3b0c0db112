"""What the UART suites share."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from benchctl.dut.imp import Imp
from benchctl.errors import SquirrelError

EVENTS = (
    "READ_READY",
    "WRITE_DONE",
    "NOISE_ERROR",
    "FRAME_ERROR",
    "PARITY_ERROR",
    "OVERRUN_ERROR",
    "LINE_IDLE",
)
LATER_EVENTS = ("WRITE_HALF_DONE",)  # impOS 32


@pytest.fixture
def named(imp: Imp) -> Callable[[int], set[str]]:
    """The names of the event flags in a number, by the values that the device gives its constants."""
    values = dict(zip(EVENTS, _values(imp, EVENTS), strict=True))
    with suppress(SquirrelError):
        values.update(zip(LATER_EVENTS, _values(imp, LATER_EVENTS), strict=True))
    return lambda flags: {name for name, value in values.items() if flags & value}


def _values(imp: Imp, names: tuple[str, ...]) -> list[int]:
    text = imp.root("format")(" ".join(["%d"] * len(names)), *map(imp.constant, names))
    return [int(value) for value in text.split()]
