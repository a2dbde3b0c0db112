"""A FIFO whose bytes become ready one after another at a known rate."""

from collections import deque
from dataclasses import dataclass

_FS = 1_000_000


@dataclass
class _Block:
    data: bytes
    at: int  # bytes already taken
    start_ns: int
    byte_fs: int

    def ready(self, now_ns: int) -> int:
        """Bytes ready and not taken."""
        if not self.byte_fs:
            return len(self.data) - self.at
        came = (now_ns - self.start_ns) * _FS // self.byte_fs
        return min(max(came, 0), len(self.data)) - self.at

    def ready_ns(self, count: int) -> int:
        """When `count` bytes more than those taken are ready."""
        return self.start_ns - (-(self.at + count) * self.byte_fs) // _FS


class TimedFifo:
    """Bytes in order; `len` counts those still to come too."""

    def __init__(self) -> None:
        self._blocks: deque[_Block] = deque()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, data: bytes, start_ns: int, byte_fs: int = 0) -> None:
        """Append bytes: the first is ready one `byte_fs` after `start_ns`; with 0 all are at once."""
        self._blocks.append(_Block(data, 0, start_ns, byte_fs))
        self._size += len(data)

    def available(self, now_ns: int) -> int:
        """Bytes ready."""
        total = 0
        for block in self._blocks:
            ready = block.ready(now_ns)
            total += ready
            if ready < len(block.data) - block.at:
                break
        return total

    def ready_ns(self, count: int) -> int | None:
        """When `count` bytes are ready; None when they are not known to come."""
        if count > self._size:
            return None
        for block in self._blocks:
            left = len(block.data) - block.at
            if count <= left:
                return block.ready_ns(count)
            count -= left
        return None

    def take(self, count: int) -> bytes:
        """Remove `count` bytes, which must be ready."""
        pieces: list[bytes] = []
        self._size -= count
        while count:
            block = self._blocks[0]
            piece = block.data[block.at : block.at + count]
            pieces.append(piece)
            count -= len(piece)
            block.at += len(piece)
            if block.at == len(block.data):
                self._blocks.popleft()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def clear(self) -> None:
        """Drop everything."""
        self._blocks.clear()
        self._size = 0
