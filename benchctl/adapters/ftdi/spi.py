"""An SPI controller on the MPSSE of an FTDI channel: SCLK D0, COPI D1, CIPO D2, CS D3 to D7.

An MPSSE makes modes 0 and 2 (FTDI AN_135). Modes 3 and 1 are those with the clock idling at the other level:
the first edge is made by hand after CS, and the last one after CS is released.
"""

from collections.abc import Iterator

from pyftdi.ftdi import Ftdi

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.mpsse import Mpsse, Segment
from benchctl.buses.spi import Spi, SpiFormat
from benchctl.errors import UserError

SCLK, COPI, CIPO = 0x01, 0x02, 0x04
_CS_BIT = 3

_WRITE, _READ, _LSB_FIRST = 0x10, 0x20, 0x08
_WRITE_FALLING, _READ_FALLING = 0x01, 0x04
_PIECE = 1 << 16
_MAX_TRANSFER = 1 << 26


class FtdiSpi(Spi):
    """`Spi` on one channel with an MPSSE.

    Args:
        chip: the open chip.
        channel: its letter.
        cs_bit: the pin that selects the target, 3 (D3) to 7 (D7).
    """

    def __init__(self, chip: FtdiChip, channel: str, *, cs_bit: int = _CS_BIT) -> None:
        self._channel = chip.channel(channel)
        self._cs = 1 << cs_bit
        self._outputs = SCLK | COPI | self._cs
        try:
            self._mpsse = Mpsse(self._channel)
            self.configure(SpiFormat(1e6))
        except BaseException:
            self._channel.close()
            raise

    @property
    def max_transfer(self) -> int:
        """64 MiB: what one call can hold in memory without strain; the chip sets no limit."""
        return _MAX_TRANSFER

    def configure(self, fmt: SpiFormat) -> float:
        """Set rate and mode; SCLK takes its idle level."""
        if fmt.mode not in range(4):
            raise UserError(f"there is no SPI mode {fmt.mode}", "use 0, 1, 2 or 3")
        hz = self._mpsse.set_clock(fmt.hz)
        cpol, cpha = fmt.mode >> 1, fmt.mode & 1
        self._idle_clock = SCLK if cpol else 0
        self._start_clock = SCLK if cpol ^ cpha else 0
        order = _LSB_FIRST if fmt.lsb_first else 0
        falling_first = bool(self._start_clock)
        self._write_op = _WRITE | order | (0 if falling_first else _WRITE_FALLING)
        self._read_op = _READ | order | (_READ_FALLING if falling_first else 0)
        self._duplex_op = self._write_op | self._read_op
        self._deselect()
        return hz

    def exchange(self, write: bytes, read_count: int = 0, *, duplex: bool = False) -> bytes:
        """One transaction; the bytes pass the chip in pieces with CS held."""
        if duplex:
            segments = self._duplex(write + bytes(read_count))
        else:
            segments = self._half_duplex(write, read_count)
        return self._mpsse.run(self._selected(segments))

    def exchange_many(self, transactions: list[tuple[bytes, int]]) -> list[bytes]:
        """Many transactions in as few USB transfers as the chip allows."""
        segments = (
            segment
            for write, read_count in transactions
            for segment in self._selected(self._half_duplex(write, read_count))
        )
        replies = memoryview(self._mpsse.run(segments))
        answers, at = [], 0
        for _, read_count in transactions:
            answers.append(bytes(replies[at : at + read_count]))
            at += read_count
        return answers

    def close(self) -> None:
        """Release CS while it is driven high, then the lines and the channel."""
        if self._channel.is_open:
            close_all([self._deselect, self._channel.close])

    def _deselect(self) -> None:
        self._mpsse.run([Segment(self._pins(self._cs | self._idle_clock))])

    def _selected(self, segments: Iterator[Segment]) -> Iterator[Segment]:
        select = self._pins(self._idle_clock)
        deselect = self._pins(self._cs | self._idle_clock)
        if self._start_clock != self._idle_clock:
            select += self._pins(self._start_clock)
            deselect = self._pins(self._cs | self._start_clock) + deselect
        yield Segment(select)
        yield from segments
        yield Segment(deselect)

    def _half_duplex(self, write: bytes, read_count: int) -> Iterator[Segment]:
        for at in range(0, len(write), _PIECE):
            piece = write[at : at + _PIECE]
            yield Segment(_command(self._write_op, len(piece)) + piece)
        for at in range(0, read_count, _PIECE):
            count = min(_PIECE, read_count - at)
            yield Segment(_command(self._read_op, count), count)

    def _duplex(self, write: bytes) -> Iterator[Segment]:
        most = self._channel.fifo[1] // 2
        for at in range(0, len(write), most):
            piece = write[at : at + most]
            yield Segment(_command(self._duplex_op, len(piece)) + piece, len(piece))

    def _pins(self, levels: int) -> bytes:
        return bytes((Ftdi.SET_BITS_LOW, levels, self._outputs))


def _command(operation: int, count: int) -> bytes:
    return bytes((operation,)) + (count - 1).to_bytes(2, "little")
