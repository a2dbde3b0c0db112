"""What the VM has allocated, and a limit to it.

Squirrel calls malloc and offers no accounting, so the figure is the allocator's own: bytes in use in this
process, less those in use before the device code ran. Pointers here are eight bytes and on an imp four, so it
is an upper bound of what the same program takes on a device.
"""

import ctypes as c
import os
import resource

_M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -2, -3, -8
_LARGEST_ON_HEAP = 1 << 25


class _Mallinfo2(c.Structure):
    _fields_ = tuple(
        (name, c.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "mapped", "usmblks", "fsmblks", "used", "free", "keepcost"
        )
    )  # fmt: skip


_libc = c.CDLL(None)
_libc.mallinfo2.restype = _Mallinfo2


def use_one_compact_heap() -> None:
    """Have malloc ask for what it needs and no more, so that the limit below is exact to a page or so."""
    for option, value in ((_M_ARENA_MAX, 1), (_M_TOP_PAD, 0), (_M_MMAP_THRESHOLD, _LARGEST_ON_HEAP)):
        _libc.mallopt(option, value)


def allocated() -> int:
    """Bytes that malloc has handed out in this process."""
    info = _libc.mallinfo2()
    return int(info.used + info.mapped)


class Meter:
    """Counts what is allocated while the VM has the processor, and nothing of what Python needs meanwhile."""

    def __init__(self) -> None:
        self._counted = 0
        self._since: int | None = None

    def enter(self) -> None:
        """The VM runs, or something is put into it or taken out of it."""
        self._since = allocated()

    def leave(self) -> None:
        """Python runs again."""
        if self._since is not None:
            self._counted += allocated() - self._since
            self._since = None

    @property
    def used(self) -> int:
        """Bytes the VM has in use, from the first `enter` on."""
        return self._counted + (allocated() - self._since if self._since is not None else 0)


class Limit:
    """Lets the VM grow by so many bytes from now on; an allocation beyond them fails.

    What Python needs between two calls is none of the device code's business: lift and impose it again. What
    it leaves behind free, device code may then take, so `check` at times.
    """

    def __init__(self, meter: Meter, more_bytes: int) -> None:
        self._meter, self._baseline = meter, meter.used
        self._more_bytes = more_bytes
        self._ceiling = _size() + more_bytes
        self.impose()

    def impose(self) -> None:
        """From now on it holds."""
        resource.setrlimit(resource.RLIMIT_AS, (self._ceiling, resource.RLIM_INFINITY))

    def used(self) -> int:
        """Bytes the program has allocated since it was made."""
        return self._meter.used - self._baseline

    def check(self, wanted: int = 0) -> None:
        """Raises MemoryError when more would be in use than was allowed, `wanted` bytes on top.

        From the next `impose` on the process may grow by what is left: its heap wears with use, and that is
        not the device code's either.
        """
        left = self._more_bytes - self.used()
        if wanted > left:
            raise MemoryError
        self._ceiling = _size() + left


def _size() -> int:
    """Bytes of this process's address space."""
    # Not through pathlib: it interns the parts of a path, and Python's table of such strings grows by leaps.
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(statm, 64).split()[0]) * resource.getpagesize()
    finally:
        os.close(statm)


def lift_limit() -> None:
    """No limit any more: the report of a crash needs memory too."""
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
