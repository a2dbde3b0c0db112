"""Ctrl-C while something is being recorded."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """An interrupt in here comes at the end: what is being recorded is recorded everywhere or nowhere."""
    if threading.current_thread() is not threading.main_thread():  # it is the main one that is interrupted
        yield
        return
    waiting: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if waiting:
            signal.raise_signal(signal.SIGINT)
