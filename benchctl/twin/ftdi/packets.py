"""IN packets: two status bytes, then data, sent when full, on time-out, or at once when asked.

AN232B-04 gives the conditions: 62 (510) data bytes are there, the event character came, a modem line
changed, or the latency timer ran out; the timer starts anew with each packet sent, and what it finds when it
ends, even nothing, is sent.
"""

from collections.abc import Callable
from typing import Protocol

from benchctl.twin.world import Event, World

STATUS_BYTES = 2
DEFAULT_LATENCY_MS = 16


class Source(Protocol):
    """Where the data bytes come from."""

    def available(self) -> int:
        """Bytes ready now."""

    def full_ns(self, count: int) -> int | None:
        """When `count` bytes will be (or, where known, were) ready; None while they are not coming."""

    def flush_ns(self) -> int | None:
        """When a packet must be sent without waiting, None when nothing asks for one."""

    def take(self, count: int) -> bytes:
        """Remove bytes that are ready."""


class InPipe:
    """One IN endpoint.

    Args:
        world: simulated time.
        packet: packet size in bytes, status included.
        status: the two status bytes of the packet about to be sent.
        ready: called when the endpoint, having NAKed, would answer.
    """

    def __init__(
        self, world: World, packet: int, status: Callable[[], bytes], ready: Callable[[], None]
    ) -> None:
        self._world, self._status, self._ready = world, status, ready
        self._payload = packet - STATUS_BYTES
        self._sent_ns = world.now
        self._wake: Event | None = None
        self._waiting = False
        self.latency_ms = DEFAULT_LATENCY_MS
        self.collect = 1  # whole packets to let collect before answering a NAKed read

    def read(self, source: Source) -> bytes | None:
        """The next packet, or None when the endpoint NAKs."""
        now = self._world.now
        have = source.available()
        if have < self._payload and now < self._due_ns(source):
            self._waiting = True
            self._plan(source)
            return None
        full_ns = source.full_ns(self._payload) if have >= self._payload else None
        self._sent_ns = now if full_ns is None else max(self._sent_ns, min(full_ns, now))
        self._waiting = False
        data = source.take(min(have, self._payload))
        return self._status() + data

    def poke(self, source: Source) -> None:
        """The source's prospects changed: answer a NAKed read earlier or later."""
        if self._waiting:
            self._plan(source)

    def reset(self) -> None:
        """Forget who waits; the latency timer starts anew."""
        self._waiting = False
        self._sent_ns = self._world.now
        if self._wake is not None:
            self._wake.cancel()

    def _due_ns(self, source: Source) -> int:
        due = self._sent_ns + self.latency_ms * 1_000_000
        flush = source.flush_ns()
        return due if flush is None else min(due, flush)

    def _plan(self, source: Source) -> None:
        t_ns = self._due_ns(source)
        full = source.full_ns(self._payload * self.collect)
        if full is not None and full < t_ns:
            t_ns = full
        if self._wake is not None:
            if self._wake.pending and self._wake.t_ns == t_ns:
                return
            self._wake.cancel()
        self._wake = self._world.at(t_ns, self._answer)

    def _answer(self) -> None:
        self._waiting = False
        self._ready()
