"""What the operating system says when device code breaks the VM, turned into a call of Python.

INT_MIN / -1 raises SIGFPE, a call nested too deeply in C and an allocation that failed raise SIGSEGV. The
handler runs where the VM stopped, on a stack of its own, so the VM's call stack still names the line.
"""

import ctypes as c
import mmap
import signal
from collections.abc import Callable
from errno import ENOMEM

from benchctl.twin.vm import memory

OnCrash = Callable[[str, str], None]
"""Takes the kind of crash (see messages.CrashKind) and a sentence. It must end the process."""

_SA_SIGINFO, _SA_ONSTACK, _SA_RESETHAND = 0x4, 0x08000000, 0x80000000
_HANDLER_STACK = 1 << 20
# Squirrel writes through the null pointer that a failed allocation gave it, plus an offset inside the object.
_NEAR_NULL = 1 << 32


class _Stack(c.Structure):
    _fields_ = (("base", c.c_void_p), ("flags", c.c_int), ("size", c.c_size_t))


class _Info(c.Structure):
    _fields_ = (("signal", c.c_int), ("errno", c.c_int), ("code", c.c_int), ("address", c.c_uint64))


_Handler = c.CFUNCTYPE(None, c.c_int, c.POINTER(_Info), c.c_void_p)


class _Action(c.Structure):
    _fields_ = (
        ("handler", _Handler),
        ("mask", c.c_uint64 * 16),
        ("flags", c.c_int),
        ("restorer", c.c_void_p),
    )


_libc = c.CDLL(None)
_errno_location = _libc["__errno_location"]
_errno_location.restype = c.POINTER(c.c_int)


class CrashHandler:
    """Catches the fatal signals of this process for as long as the object lives."""

    def __init__(self, on_crash: OnCrash) -> None:
        self._on_crash = on_crash
        self._stack = mmap.mmap(-1, _HANDLER_STACK)
        base = c.addressof(c.c_char.from_buffer(self._stack))
        _libc.sigaltstack(c.byref(_Stack(base, 0, _HANDLER_STACK)), None)
        self._handler = _Handler(self._handle)
        flags = c.c_int32(_SA_SIGINFO | _SA_ONSTACK | _SA_RESETHAND).value
        for number in (signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS):
            _libc.sigaction(
                int(number), c.byref(_Action(self._handler, (c.c_uint64 * 16)(), flags, None)), None
            )

    def _handle(self, number: int, info: "c._Pointer[_Info]", _context: int) -> None:
        out_of_memory = _errno_location()[0] == ENOMEM and info.contents.address < _NEAR_NULL
        memory.lift_limit()
        if number == signal.SIGFPE:
            self._on_crash(
                "arithmetic", "the quotient of the smallest integer and -1 does not fit an integer"
            )
        elif out_of_memory:
            self._on_crash("out of memory", "the device code needs more memory than the imp has")
        else:
            self._on_crash(
                "memory fault", "the device code made the Squirrel VM touch memory it does not own"
            )


def forget_failed_allocations() -> None:
    """Call before device code runs: only an allocation that fails from here on explains a crash."""
    _errno_location()[0] = 0
