"""A pty in the place of a serial port: what the program on its other side has set, as the near side sees it.

A pty shows 8 bits without parity (Linux's pty_set_termios clears the rest), no modem lines and no break.
"""

import fcntl
import os
import struct
import termios
import tty
from dataclasses import dataclass
from typing import Any

# From asm-generic/ioctls.h and asm-generic/termbits.h: termios2 has the rate as a number.
_TCGETS2, _TCSETS2 = 0x802C542A, 0x402C542B
_TERMIOS2 = struct.Struct("4IB19s2I")
_CBAUD, _BOTHER = 0o10017, 0o10000


@dataclass(frozen=True)
class PtySettings:
    """What termios says: `baud` in bit/s, 0 for "hang up"; RTS/CTS flow control asked for."""

    baud: int
    two_stops: bool
    flow_control: bool


def open_pty() -> tuple[int, int]:
    """A raw pty: the near side, which does not block, and the far side, whose path is `os.ttyname`'s."""
    near, far = os.openpty()
    tty.setraw(far)
    os.set_blocking(near, False)
    return near, far


def pty_settings(side: int) -> PtySettings:
    """The settings in force, from either side."""
    _, _, flags, _, _, _, _, baud = _read(side)
    return PtySettings(baud, bool(flags & termios.CSTOPB), bool(flags & termios.CRTSCTS))


def tty_baud(descriptor: int) -> int:
    """The rate in force on any tty, in bit/s: drivers put the one they really made into its settings."""
    return int(_read(descriptor)[-1])


def set_pty_baud(side: int, baud: int) -> None:
    """Set the rate that a program finds which does not set one itself."""
    i, o, flags, local, line, chars, _, _ = _read(side)
    flags = flags & ~_CBAUD | _BOTHER
    fcntl.ioctl(side, _TCSETS2, _TERMIOS2.pack(i, o, flags, local, line, chars, baud, baud))


def _read(side: int) -> tuple[Any, ...]:
    raw = bytearray(_TERMIOS2.size)
    fcntl.ioctl(side, _TCGETS2, raw)
    return _TERMIOS2.unpack(raw)
