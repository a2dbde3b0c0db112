"""The ioctl calls of spidev and i2c-dev (linux/spi/spidev.h, linux/i2c-dev.h), answered by controllers."""

import errno
import struct
from typing import Protocol

from benchctl.twin.kernel.controllers import HeldLowError, I2cController, NackError, SpiController


class Memory(Protocol):
    """Memory of the program that calls."""

    def read(self) -> bytes:
        """The bytes of this piece."""

    def write(self, data: bytes) -> None:
        """Replace its first bytes."""

    def follow(self, offset: int, size: int) -> "Memory":
        """The piece of `size` bytes a pointer at `offset` points to."""


class CallError(Exception):
    """The call fails with an errno."""

    def __init__(self, number: int) -> None:
        super().__init__(errno.errorcode[number])
        self.number = number


_SIZE_SHIFT, _SIZE_MASK, _READS, _WRITES = 16, 0x3FFF, 0x80000000, 0x40000000


class Spidev:
    """The calls of one spidev node. `hz` is the rate until a program sets another."""

    _TRANSFER = struct.Struct("<QQIIHBBBBBx")
    _MODE, _LSB, _BITS, _SPEED, _MODE32 = 1, 2, 3, 4, 5

    def __init__(self, controller: SpiController, hz: int = 500_000) -> None:
        self._controller = controller
        self._settings = {self._MODE: 0, self._LSB: 0, self._BITS: 8, self._SPEED: hz}

    def call(self, request: int, argument: Memory) -> int:
        """Answer one ioctl; `argument` holds the pointer itself. Returns the call's result.

        Raises:
            CallError: the call fails.
        """
        number, size = request & 0xFF, request >> _SIZE_SHIFT & _SIZE_MASK
        if request >> 8 & 0xFF != ord("k"):
            raise CallError(errno.ENOTTY)
        piece = argument.follow(0, size)
        if number == 0 and request & _WRITES:
            return self._message(piece, size // self._TRANSFER.size)
        setting = self._MODE if number == self._MODE32 else number
        if setting not in self._settings:
            raise CallError(errno.ENOTTY)
        if request & _READS:
            piece.write(self._settings[setting].to_bytes(size, "little"))
        else:
            value = int.from_bytes(piece.read()[:size], "little")
            if (setting == self._BITS and value not in (0, 8)) or (setting == self._MODE and value > 3):
                raise CallError(errno.EINVAL)
            self._settings[setting] = value
        return 0

    def _message(self, piece: Memory, count: int) -> int:
        mode, total = self._settings[self._MODE], 0
        self._controller.idle_at(mode)
        self._controller.select(True)
        for index in range(count):
            at = index * self._TRANSFER.size
            tx, rx, length, hz, _, _, cs_change, *_ = self._TRANSFER.unpack_from(piece.read(), at)
            out = piece.follow(at, length).read() if tx else bytes(length)
            got = self._controller.shift(
                out, hz or self._settings[self._SPEED], mode, lsb_first=bool(self._settings[self._LSB])
            )
            if rx:
                piece.follow(at + 8, length).write(got)
            total += length
            if cs_change and index < count - 1:
                self._controller.select(False)
                self._controller.select(True)
        self._controller.select(False)
        return total


class I2cDev:
    """The calls of one i2c-dev node: plain I²C messages, no SMBus emulation."""

    _RETRIES, _TIMEOUT, _SLAVE, _FUNCS, _SLAVE_FORCE, _RDWR = 0x0701, 0x0702, 0x0703, 0x0705, 0x0706, 0x0707
    _FUNC_I2C = 0x1
    _MESSAGE = struct.Struct("<HHHxxQ")
    _READ = 0x0001

    def __init__(self, controller: I2cController) -> None:
        self._controller = controller

    def call(self, request: int, argument: Memory) -> int:
        """Answer one ioctl, as `Spidev.call`."""
        if request == self._FUNCS:
            argument.follow(0, 8).write(self._FUNC_I2C.to_bytes(8, "little"))
            return 0
        if request in (self._RETRIES, self._TIMEOUT, self._SLAVE, self._SLAVE_FORCE):
            return 0
        if request != self._RDWR:
            raise CallError(errno.ENOTTY)
        head = argument.follow(0, 16)
        count = int.from_bytes(head.read()[8:12], "little")
        table = head.follow(0, count * self._MESSAGE.size)
        rows = list(self._MESSAGE.iter_unpack(table.read()))
        buffers = [
            table.follow(i * self._MESSAGE.size + 8, length) if length else None
            for i, (_, _, length, _) in enumerate(rows)
        ]
        messages: list[bytes | int] = [
            length if flags & self._READ else buffer.read() if buffer else b""
            for (_, flags, length, _), buffer in zip(rows, buffers, strict=True)
        ]
        try:
            answers = iter(self._controller.transfer(rows[0][0], messages))
        except NackError:
            raise CallError(errno.EREMOTEIO) from None
        except HeldLowError:
            raise CallError(errno.ETIMEDOUT) from None
        for message, buffer in zip(messages, buffers, strict=True):
            if isinstance(message, int) and buffer is not None:
                buffer.write(next(answers))
        return count
