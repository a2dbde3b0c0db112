"""The pipe between the bench and the process of a VM, the same on both ends.

A message is a tuple, marshalled. It is left in shared memory (mailbox.py) where it fits and the reader is
awake; otherwise it goes through a socket, behind its length in four bytes. A length of zero wakes the reader.

Values of Squirrel cross the pipe as plain Python values (a Squirrel string is a `str` with one character per
byte, latin-1) and, where Python has no equal, as a tuple that starts with one of the tags below.
"""

import marshal
import socket
import struct
from typing import Any

from benchctl.twin.vm.mailbox import Inbox, Outbox

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
_WAKE = _LENGTH.pack(0)
# The newer formats of marshal have the reader intern strings: Python's table of them then grows by 200 KB at
# some call or other, which would count as memory of the device code.
_FORMAT = 2
_CHUNK = 1 << 16
# A reader that sleeps is woken on the other core in 30 us at best, in half a millisecond where a hypervisor
# has taken an idle core away. One that looks out has the answer in a few: so look out as long as that takes.
_WATCH_NS = 1_000_000


class Channel:
    """One end of the pipe. It owns the socket.

    Args:
        sock: the socket.
        memory: the descriptor of the memory that both ends share (`mailbox.new_memory`).
        end: 0 for one end, 1 for the other.
    """

    def __init__(self, sock: socket.socket, memory: int, end: int) -> None:
        self._socket = sock
        self._outbox, self._inbox = Outbox(memory, end), Inbox(memory, 1 - end)
        self._pending = b""
        self._buffer = bytearray(_CHUNK)
        self._view = memoryview(self._buffer)

    def send(self, message: Message) -> None:
        """Send one message.

        Raises BrokenPipeError or ConnectionResetError when the other end is gone, if it comes to notice:
        `receive` always does.
        """
        payload = marshal.dumps(message, _FORMAT)
        outbox = self._outbox
        left = outbox.put(payload)
        reader_sleeps = outbox.announce()
        if not left:
            self._socket.sendall(_LENGTH.pack(len(payload)) + payload)
        elif reader_sleeps:
            self._socket.sendall(_WAKE)

    def receive(self) -> Message | None:
        """The next message, or None once the other end is gone.

        Raises BlockingIOError when the socket has a receive timeout and it passes; what has arrived is kept.
        """
        inbox = self._inbox
        while True:
            # Asked first: what was announced is here or on its way through the socket.
            announced = inbox.announced or inbox.watch(_WATCH_NS)
            payload = inbox.held or self._whole()
            if payload is not None:
                break
            data = self._read() if announced else self._sleep()
            if not data:
                return None
            self._pending += data
        message: Message = marshal.loads(payload)
        inbox.taken()
        return message

    def close(self) -> None:
        """Close this end. The other end then receives None."""
        self._socket.close()

    def _sleep(self) -> bytes:
        """Wait until something comes through the socket; a wake where a message came unseen."""
        inbox = self._inbox
        inbox.fall_asleep()
        try:
            return _WAKE if inbox.announced else self._read()
        finally:
            inbox.wake_up()

    def _whole(self) -> bytes | None:
        """The first message of what came through the socket, once all of it is there."""
        while len(self._pending) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._pending)[0]
            if len(self._pending) < end:
                break
            message, self._pending = self._pending[_LENGTH.size : end], self._pending[end:]
            if message:
                return message
        return None

    def _read(self) -> bytes:
        # Into one buffer, so that a reader whose memory is limited needs no room for the largest message.
        return bytes(self._view[: self._socket.recv_into(self._buffer)])
