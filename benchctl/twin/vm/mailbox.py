"""Memory that two processes share: in each direction, how far both ends have come, and room for one message.

To leave or to find a message here costs no system call, and to look for one no memory either: how often a
reader looked must not show in what device code has left.

Every word has one writer, and an aligned word is written in one piece. Words are seen by the other process in
the order they were written, as x86-64 promises (the VM's library is for that only); but a read may overtake a
write before it, which is what `_fence` is for.
"""

import _thread
import mmap
import os
import time

ROOM = 8192 - 3 * 128
"""The largest message that finds room, bytes."""

# What a reader looks at all the time has a cache line of its own, and so has what each end writes.
_SENT, _HELD, _LENGTH, _TAKEN, _ASLEEP = 0, 16, 17, 32, 33
_HEAD = 3 * 128
_SIZE = _HEAD + ROOM
_LOOKS = 64
_lock = _thread.allocate_lock()


def new_memory() -> int:
    """A descriptor of the memory of both directions. It is the caller's to close."""
    memory = os.memfd_create("mailboxes")
    os.truncate(memory, 2 * _SIZE)
    return memory


def _fence() -> None:
    """What was written is seen by the other process before anything is read from now on: x86 locks do so."""
    _lock.acquire()
    _lock.release()


def _map(memory: int, direction: int) -> tuple[memoryview, memoryview]:
    whole = memoryview(mmap.mmap(memory, 2 * _SIZE))[direction * _SIZE : (direction + 1) * _SIZE]
    return whole[:_HEAD].cast("Q"), whole[_HEAD:]


class Outbox:
    """The sender's side of one direction."""

    def __init__(self, memory: int, direction: int) -> None:
        self._words, self._room = _map(memory, direction)
        self._sent = 0

    def put(self, message: bytes) -> bool:
        """Leave the next message; False if it must go another way: there is no room or the reader sleeps."""
        words, size = self._words, len(message)
        if size > ROOM or words[_TAKEN] != self._sent or words[_ASLEEP]:
            return False
        self._room[:size] = message
        words[_LENGTH] = size
        words[_HELD] = self._sent + 1
        return True

    def announce(self) -> bool:
        """Count the next message as sent; True if the reader sleeps."""
        self._sent += 1
        self._words[_SENT] = self._sent
        _fence()
        return self._words[_ASLEEP] != 0


class Inbox:
    """The reader's side of one direction."""

    def __init__(self, memory: int, direction: int) -> None:
        self._words, self._room = _map(memory, direction)
        self._next = 1

    @property
    def held(self) -> memoryview | None:
        """The next message if it was left here; valid until `taken`."""
        words = self._words
        return self._room[: words[_LENGTH]] if words[_HELD] == self._next else None

    @property
    def announced(self) -> bool:
        """Whether the next message was sent, be it here or another way."""
        return self._words[_SENT] >= self._next

    def taken(self) -> None:
        """The next message was received, here or another way."""
        self._words[_TAKEN] = self._next
        self._next += 1

    def watch(self, for_ns: int) -> bool:
        """Look out for the next message without sleeping; False when none came in time."""
        words, number = self._words, self._next
        give_up = time.perf_counter_ns() + for_ns
        while time.perf_counter_ns() < give_up:
            for _ in range(_LOOKS):
                if words[_SENT] >= number:
                    return True
            os.sched_yield()  # on a busy machine it is the peer, or another bench, that needs this core
        return False

    def fall_asleep(self) -> None:
        """From now on the sender sees that it must wake this end; what it sent before is announced."""
        self._words[_ASLEEP] = 1
        _fence()

    def wake_up(self) -> None:
        """This end looks for itself again."""
        self._words[_ASLEEP] = 0
