"""The imp's own controller on its flash bus: serial NOR commands over the FLASH_ pins.

Each operation is a generator that waits for its time on the bus, for a native to `yield from`.
"""

from collections.abc import Generator

import numpy as np

from benchctl.twin.imp.chip import Chip
from benchctl.twin.wires.clocked import Train, exchange
from benchctl.twin.wires.timeline import Drive

_READ, _PROGRAM, _ERASE_4K, _WRITE_ENABLE, _STATUS, _ID = 0x03, 0x02, 0x20, 0x06, 0x05, 0x9F
ERASE_64K = 0xD8
_BUSY = 1
_PAGE = 256
_CHUNK = 1024
_GAP_NS = 100  # choice: CS setup, hold and high time
# choice: how often the status is read while the chip is busy
_PROGRAM_POLL_NS = 50_000
_ERASE_POLL_NS = 1_000_000
_TIMEOUT_NS = 5_000_000_000  # choice: when a chip that stays busy is given up

_ROLES = ("FLASH_SCLK", "FLASH_COPI", "FLASH_CIPO", "FLASH_CS")

Bus = Generator[int, None, None]
Reading = Generator[int, None, bytes]


class NorBus:
    """Drives the flash bus while enabled; otherwise leaves it to others.

    Args:
        chip: the imp.
        hz: clock rate.
    """

    def __init__(self, chip: Chip, hz: int) -> None:
        self._world = chip.world
        self._pads = [chip.pads[role] for role in _ROLES]
        self._sclk, self._copi, self._cipo, self._cs = self._pads
        self._period_fs = 10**15 // hz
        for pad in self._pads:
            pad.claim(self)
        self._cs.driver.set(Drive.HIGH)
        self._sclk.driver.set(Drive.LOW)
        self._copi.driver.set(Drive.LOW)

    def release(self) -> None:
        """Stop driving the bus."""
        for pad in self._pads:
            pad.release(self)

    def identify(self) -> Reading:
        """Three bytes of JEDEC id."""
        return self._command(bytes([_ID]), 3)

    def read(self, address: int, count: int) -> Reading:
        """Bytes from a physical address."""
        return self._command(_addressed(_READ, address), count)

    def program(self, address: int, data: bytes, *, whole_pages: bool = True) -> Bus:
        """Program, page by page; `whole_pages` False lets it run over page ends, where the chip wraps."""
        while data:
            room = _PAGE - address % _PAGE if whole_pages else _PAGE
            yield from self._change(_addressed(_PROGRAM, address) + data[:room], _PROGRAM_POLL_NS)
            address, data = address + len(data[:room]), data[room:]

    def erase(self, address: int, opcode: int = _ERASE_4K) -> Bus:
        """Erase the sector at a physical address."""
        return self._change(_addressed(opcode, address), _ERASE_POLL_NS)

    def _change(self, command: bytes, poll_ns: int) -> Bus:
        yield from self._command(bytes([_WRITE_ENABLE]), 0)
        yield from self._command(command, 0)
        deadline = self._world.now + _TIMEOUT_NS
        while self._world.now < deadline:
            status = yield from self._command(bytes([_STATUS]), 1)
            if not status[0] & _BUSY:
                return
            yield self._world.now + poll_ns

    def _command(self, command: bytes, reply: int) -> Reading:
        self._cs.driver.set(Drive.LOW)
        yield self._world.now + _GAP_NS
        yield from self._shift(command)
        got = bytearray()
        while len(got) < reply:
            got += yield from self._shift(bytes(min(_CHUNK, reply - len(got))))
        yield self._world.now + _GAP_NS
        self._cs.driver.set(Drive.HIGH)
        yield self._world.now + _GAP_NS
        return bytes(got)

    def _shift(self, data: bytes) -> Reading:
        bits = np.unpackbits(np.frombuffer(data, np.uint8))
        train = Train(self._world.now, self._period_fs)
        got = exchange(
            self._sclk.driver,
            train,
            len(bits),
            out=self._copi.driver,
            bits=bits,
            read=self._cipo.net,
            launch_rising=False,
            sample_rising=True,
        )
        yield train.end_ns(len(bits))
        return np.packbits(got).tobytes()


def _addressed(opcode: int, address: int) -> bytes:
    return bytes([opcode]) + address.to_bytes(3, "big")
