"""Ctrl-C on the virtual bench: it stops what the user waits for, and leaves the bench in working order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchctl.twin.world import World


@contextmanager
def interrupting(world: World) -> Iterator[None]:
    """Within it a signal that would raise KeyboardInterrupt anywhere does so where `world` can stand it."""

    def handle(_number: int, _frame: Any) -> None:
        world.interrupt()

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if threading.current_thread() is threading.main_thread()
        and signal.getsignal(number) is signal.default_int_handler
    ]
    for number in numbers:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.default_int_handler)
