"""Reading an exact number of bytes from a port that delivers chunks."""

from collections.abc import Callable
from dataclasses import replace

from benchctl.buses.clock import Clock
from benchctl.buses.uart import Received
from benchctl.errors import SilenceError


def read_exactly(
    clock: Clock, read_chunk: Callable[[float], Received | None], count: int, timeout_s: float, who: str
) -> tuple[bytes, Received | None]:
    """Exactly `count` bytes, and what the last chunk held beyond them (None for nothing).

    Raises:
        SilenceError: fewer came from `who` in `timeout_s` s of bench time.
    """
    deadline = clock.deadline_ns(timeout_s)
    data = bytearray()
    left = None
    while len(data) < count:
        chunk = read_chunk(max(0.0, (deadline - clock.now_ns()) / 1e9))
        if chunk is None:
            raise SilenceError(
                f"{len(data)} of {count} bytes came in {timeout_s:g} s on {who}", received=bytes(data)
            )
        missing = count - len(data)
        data += chunk.data[:missing]
        if len(chunk.data) > missing:
            left = replace(chunk, data=chunk.data[missing:])
    return bytes(data), left
