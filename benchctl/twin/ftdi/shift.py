"""MPSSE data shifting commands, 0x10 to 0x3F and the TMS ones (AN_108, section 3.2).

Bits of the opcode: 0 write on the falling edge, 1 bits instead of bytes, 2 read on the falling edge,
3 least significant bit first, 4 write TDI/DO, 5 read TDO/DI, 6 write TMS/CS.
"""

from dataclasses import dataclass

import numpy as np

from benchctl.twin.wires.clocked import Bits

_WRITE_FALLING, _BIT_MODE, _READ_FALLING, _LSB_FIRST, _WRITE, _READ, _TMS = (1 << i for i in range(7))


@dataclass(frozen=True)
class Shift:
    """A decoded shifting opcode."""

    write: bool
    read: bool
    tms: bool
    bit_mode: bool
    lsb_first: bool
    launch_rising: bool
    sample_rising: bool

    @property
    def length_bytes(self) -> int:
        """Bytes of the length field."""
        return 1 if self.bit_mode else 2

    def unpack(self, data: bytes, count: int) -> Bits:
        """The first `count` bits of `data` in the order they go out."""
        order = "little" if self.lsb_first else "big"
        return np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder=order)  # type: ignore[call-overload, no-any-return]

    def pack(self, bits: Bits) -> bytes:
        """Bits that came in, as bytes.

        A byte that was not filled has been shifted in from one end: most significant first leaves its bits
        at the bottom, least significant first at the top.
        """
        unfilled = -len(bits) % 8
        if unfilled:
            bits = np.concatenate((np.zeros(unfilled, np.uint8), bits))
        return np.packbits(bits, bitorder="little" if self.lsb_first else "big").tobytes()


def decode(opcode: int) -> Shift | None:
    """The shift an opcode stands for, None when it is not one."""
    write, read, tms = (bool(opcode & bit) for bit in (_WRITE, _READ, _TMS))
    if opcode & 0x80 or not (write or read or tms):
        return None
    bit_mode, lsb_first = bool(opcode & _BIT_MODE), bool(opcode & _LSB_FIRST)
    if tms and (write or not bit_mode or not lsb_first):
        return None
    return Shift(
        write=write,
        read=read,
        tms=tms,
        bit_mode=bit_mode,
        lsb_first=lsb_first,
        launch_rising=not opcode & _WRITE_FALLING,
        sample_rising=not opcode & _READ_FALLING,
    )
