"""The pipe between the bench and the process of a VM, the same on both ends.

A message is a tuple, marshalled, behind its length in four bytes. Values of Squirrel cross it as plain Python
values (a Squirrel string is a `str` with one character per byte, latin-1) and, where Python has no equal,
as a tuple that starts with one of the tags below.
"""

import marshal
import mmap
import os
import socket
import struct
import time
from typing import Any

BLOB = "b"  # (BLOB, bytes, handle or 0); with a handle, the bytes do not matter on the way into the VM
CLOSURE = "c"  # (CLOSURE, handle)
OBJECT = "o"  # (OBJECT, index of its class in the manifest, id)
OPAQUE = "?"  # (OPAQUE, name of the Squirrel type, handle or 0)

AS_TEXT, KEEP_BLOBS = 1, 2
"""Flags of a method: its arguments arrive as text; blobs among them are kept for writing."""

ApiClass = tuple[str, bool, list[tuple[str, int]]]
"""Path (of the one object, or of the kind), whether objects of it come up at run time, methods and flags."""

Message = tuple[Any, ...]

_LENGTH = struct.Struct("<I")
# The newer formats of marshal have the reader intern strings: Python's table of them then grows by 200 KB at
# some call or other, which would count as memory of the device code.
_FORMAT = 2
_CHUNK = 1 << 16
# A blocked reader is woken on the other core in 30 us or more. One that spins has the answer in a few, but
# takes the core from its peer when the machine is busy: so spin for as long as an answer takes at most, and
# not for a good while after a miss.
_SPIN_NS = 1_000_000
_MISSES_COST = 256
_LOOKS = 64


def new_bell() -> int:
    """A descriptor of the memory that both ends of a `Channel` share. It is the caller's to close."""
    bell = os.memfd_create("bell")
    os.truncate(bell, mmap.PAGESIZE)
    return bell


class Channel:
    """One end of the pipe. It owns the socket.

    Args:
        sock: the socket.
        bell: where each end counts what it has sent. A look at it costs no system call and no memory: how
            often a reader looked must not show in what device code has left.
        end: 0 for one end, 1 for the other.
    """

    def __init__(self, sock: socket.socket, bell: int, end: int) -> None:
        self._socket = sock
        self._sent = memoryview(mmap.mmap(bell, mmap.PAGESIZE)).cast("Q")
        self._mine, self._theirs = end, 1 - end
        self._received = 0
        self._pending = b""
        self._patience = 0
        self._buffer = bytearray(_CHUNK)
        self._view = memoryview(self._buffer)

    def send(self, message: Message) -> None:
        """Send one message. Raises BrokenPipeError or ConnectionResetError when the other end is gone."""
        payload = marshal.dumps(message, _FORMAT)
        self._socket.sendall(_LENGTH.pack(len(payload)) + payload)
        self._sent[self._mine] += 1

    def receive(self) -> Message | None:
        """The next message, or None once the other end is gone.

        Raises BlockingIOError when the socket has a receive timeout and it passes; what has arrived is kept.
        """
        data = self._pending
        if not data:
            self._spin()
            data = self._read()
        while len(data) < _LENGTH.size or len(data) < (end := _LENGTH.unpack_from(data)[0] + _LENGTH.size):
            self._pending = data
            more = self._read()
            if not more:
                return None
            data += more
        self._pending = data[end:]
        self._received += 1
        message: Message = marshal.loads(data[_LENGTH.size : end])
        return message

    def close(self) -> None:
        """Close this end. The other end then receives None."""
        self._socket.close()

    def _spin(self) -> None:
        """Wait until a message is there, for as long as that may pay."""
        if self._patience:
            self._patience -= 1
            return
        sent, theirs, received = self._sent, self._theirs, self._received
        give_up = time.perf_counter_ns() + _SPIN_NS
        while time.perf_counter_ns() < give_up:
            for _ in range(_LOOKS):
                if sent[theirs] != received:
                    return
        self._patience = _MISSES_COST

    def _read(self) -> bytes:
        # Into one buffer, so that a reader whose memory is limited needs no room for the largest message.
        return bytes(self._view[: self._socket.recv_into(self._buffer)])
