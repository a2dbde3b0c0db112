"""A serial NOR flash behind any `Spi`: identify, read, erase, program. What is written is always verified.

The caller has seen to it that nobody else drives the bus: the imp is held in reset.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchctl.buses.clock import Clock
from benchctl.buses.spi import Spi, SpiFormat
from benchctl.errors import BusTimeoutError, UserError, WiringError
from benchctl.flash.erasing import plan
from benchctl.flash.jedec import READ_LENGTH, JedecId
from benchctl.flash.parameters import Addressing, Parameters
from benchctl.flash.protection import Protection, Rule
from benchctl.flash.sfdp import Sfdp, SfdpError
from benchctl.flash.spans import FlashMismatchError, Span, differing, octets, true_spans
from benchctl.flash.timing import Duration

Progress = Callable[[int], None]
"""Called with the number of bytes dealt with since the last call."""

_READ_ID, _READ_SFDP, _READ_STATUS, _WRITE_ENABLE, _WAKE_UP = b"\x9f", 0x5A, b"\x05", b"\x06", b"\xab"
_RESET = ((b"\x66", 0), (b"\x99", 0))
_BUSY, _NOTHING, _ERASED = 0x01, 0xFF, 0xFF
_WAKE_UP_S, _RESET_S = 100e-6, 100e-6
# A reset may find the chip erasing: the longest time a chip of this kind takes to give that up or finish.
_LEFT_BUSY = Duration(0.0, 5.0)
_PATIENCE = 2
_PAGES_AT_ONCE = 16
_WRITE_AT_ONCE = 0x10000
_READ_AT_ONCE = 0x40000


class FlashChip:
    """A chip that has been identified. Use `FlashChip.identify`.

    Attributes:
        identity: its JEDEC ID.
        sfdp: its SFDP, or None.
        parameters: what the driver goes by.
    """

    def __init__(
        self, spi: Spi, clock: Clock, identity: JedecId, sfdp: Sfdp | None, parameters: Parameters
    ) -> None:
        self._spi, self._clock = spi, clock
        self.identity, self.sfdp, self.parameters = identity, sfdp, parameters
        self._rule = Rule.of(identity, parameters.size)
        self.hz = 0.0

    @staticmethod
    def identify(spi: Spi, clock: Clock, hz: float) -> "FlashChip":
        """Wake the chip, wait until it is idle, ask who it is and put it into its state after power-up.

        Args:
            spi: the controller on its bus.
            clock: the bench's time.
            hz: highest SCLK, in Hz.

        Raises:
            WiringError: nothing answers.
            NotEquippedError: the chip has no SFDP and is not in parts.yaml, or is addressed in no known way.
            BusTimeoutError: it stays busy.
        """
        real_hz = spi.configure(SpiFormat(hz))
        spi.exchange(_WAKE_UP)
        clock.sleep(_WAKE_UP_S)
        status = spi.exchange(_READ_STATUS, 1)[0]
        if status & _BUSY and status != _NOTHING:
            _wait(spi, clock, "what it was doing", _LEFT_BUSY)
        answer = spi.exchange(_READ_ID, READ_LENGTH)
        identity = JedecId.decode(answer)
        if identity is None:
            raise WiringError(
                f"no flash answers: its ID reads {answer[:3].hex(' ')}",
                "check SCLK, COPI, CIPO, CS and the supply of the flash, and that the imp is held in reset",
            )
        sfdp = _read_sfdp(spi)
        parameters = Parameters.from_sfdp(sfdp) if sfdp else Parameters.of_part(identity)
        chip = FlashChip(spi, clock, identity, sfdp, parameters)
        chip.hz = real_hz
        if parameters.soft_reset:
            spi.exchange_many(list(_RESET))
            clock.sleep(_RESET_S)
            _wait(spi, clock, "the reset", _LEFT_BUSY)
        return chip

    @property
    def size(self) -> int:
        """Bytes."""
        return self.parameters.size

    def set_clock(self, hz: float) -> float:
        """Change SCLK; returns the rate really used, in Hz."""
        self.hz = self._spi.configure(SpiFormat(hz))
        return self.hz

    def protection(self) -> Protection:
        """What the status registers protect now."""
        status = self._spi.exchange_many([(bytes([opcode]), 1) for opcode in self._rule.registers])
        return self._rule.decode([value[0] for value in status])

    def read(self, address: int, count: int) -> bytes:
        """Read bytes with as few transfers as the controller allows.

        Raises:
            UserError: the region is not within the chip.
        """
        self._check(address, address + count)
        addressing = self.parameters.addressing
        most = self._spi.max_transfer - addressing.width - 2
        with self._addressed():
            pieces = [
                self._spi.exchange(
                    _command(addressing, addressing.fast_read, at) + b"\0", min(most, address + count - at)
                )
                for at in range(address, address + count, most)
            ]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_all(self, address: int, count: int, progress: Progress | None = None) -> bytes:
        """`read` piece by piece, telling how far it is."""
        pieces = []
        for at in range(address, address + count, _READ_AT_ONCE):
            pieces.append(self.read(at, min(_READ_AT_ONCE, address + count - at)))
            if progress:
                progress(len(pieces[-1]))
        return b"".join(pieces)

    def erase(self, start: int, end: int, progress: Progress | None = None) -> None:
        """Erase [start, end) with the largest blocks that fit, and verify that it reads as ones.

        Raises:
            UserError: the region is not made of whole sectors of the chip, or is protected.
            FlashMismatchError: it is not erased afterwards.
        """
        self._check(start, end)
        blocks = plan(start, end, self.parameters)
        self._check_unprotected(start, end)
        addressing = self.parameters.addressing
        with self._addressed():
            for block in blocks:
                erase = block.erase
                command = (
                    bytes([erase.opcode])
                    if erase.whole_chip
                    else _command(addressing, erase.opcode, block.address)
                )
                self._spi.exchange_many([(_WRITE_ENABLE, 0), (command, 0)])
                self._wait(f"erasing {erase.size >> 10} KiB at {block.address:#x}", erase.time)
                if progress:
                    progress(erase.size)
        for at in range(start, end, _READ_AT_ONCE):
            count = min(_READ_AT_ONCE, end - at)
            wrong = true_spans(octets(self.read(at, count)) != _ERASED, at)
            if wrong:
                raise FlashMismatchError("the flash is not erased", wrong, _WORN)

    def write(self, address: int, data: bytes, progress: Progress | None = None) -> int:
        """Make the flash hold `data` at `address`: erase only where bits must rise, program what differs.

        The rest of a sector that has to be erased is kept. Returns the number of bytes that were changed.

        Raises:
            UserError: it does not fit the chip, is protected, or the chip's sectors differ in size.
            FlashMismatchError: it does not read back.
        """
        end = address + len(data)
        self._check(address, end)
        self._check_unprotected(address, end)
        stretch = max(_WRITE_AT_ONCE, self.parameters.sector)
        changed = 0
        at = address
        while at < end:
            stop = min(end, (at // stretch + 1) * stretch)
            changed += self._update(at, data[at - address : stop - address])
            if progress:
                progress(stop - at)
            at = stop
        return changed

    def verify(self, address: int, data: bytes, progress: Progress | None = None) -> list[Span]:
        """Spans in which the flash differs from `data`."""
        wrong: list[Span] = []
        for at in range(0, len(data), _READ_AT_ONCE):
            piece = data[at : at + _READ_AT_ONCE]
            wrong += differing(self.read(address + at, len(piece)), piece, address + at)
            if progress:
                progress(len(piece))
        return wrong

    def _update(self, address: int, data: bytes) -> int:
        """`write` within one stretch of whole sectors."""
        sector = self.parameters.sector
        start, end = address // sector * sector, -(-(address + len(data)) // sector) * sector
        before = self.read(start, end - start)
        wanted = before[: address - start] + data + before[address - start + len(data) :]
        if before == wanted:
            return 0
        old, new = octets(before), octets(wanted)
        rising = ((new & ~old) != 0).reshape(-1, sector).any(axis=1)
        current = bytearray(before)
        for first, last in true_spans(rising):
            self.erase(start + first * sector, start + last * sector)
            current[first * sector : last * sector] = bytes([_ERASED]) * ((last - first) * sector)
        self._program(start, bytes(current), wanted)
        wrong = differing(self.read(start, len(wanted)), wanted, start)
        if wrong:
            raise FlashMismatchError("the flash does not hold what was written", wrong, _WORN)
        return int((old != new).sum())

    def _program(self, start: int, current: bytes, wanted: bytes) -> None:
        """Program the pages that differ; `current` can become `wanted` without erasing."""
        page = self.parameters.page
        pages = [
            (start + at, wanted[at : at + page])
            for at in range(0, len(wanted), page)
            if current[at : at + page] != wanted[at : at + page]
        ]
        with self._addressed():
            while pages:
                pages = pages[self._program_pages(pages[:_PAGES_AT_ONCE]) :]

    def _program_pages(self, pages: list[tuple[int, bytes]]) -> int:
        """Program pages back to back; returns how many of them are certain to have been taken.

        After each page the status is read on and on for as long as a page usually takes, so that a whole
        batch needs one USB round trip. A chip still busy then does not hear the next page: it comes again.
        """
        addressing, time = self.parameters.addressing, self.parameters.program
        polls = max(1, min(round(2 * time.typical_s * self.hz / 8), self._spi.max_transfer // 2))
        transactions: list[tuple[bytes, int]] = []
        for address, data in pages:
            transactions += [
                (_WRITE_ENABLE, 0),
                (_command(addressing, addressing.program, address) + data, 0),
                (_READ_STATUS, polls),
            ]
        answers = self._spi.exchange_many(transactions)[2::3]
        for done, status in enumerate(answers, 1):
            if status[-1] & _BUSY:
                self._wait(f"programming at {pages[done - 1][0]:#x}", time)
                return done
        return len(pages)

    @contextmanager
    def _addressed(self) -> Iterator[None]:
        """With the chip in the mode its addresses need, and out of it afterwards: the imp boots from it."""
        addressing = self.parameters.addressing
        if not addressing.enter:
            yield
            return
        self._spi.exchange_many([(command, 0) for command in addressing.enter])
        try:
            yield
        finally:
            self._spi.exchange_many([(command, 0) for command in addressing.leave])

    def _check(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.size:
            raise UserError(
                f"{start:#x} to {end:#x} is not within the flash", f"its addresses end at {self.size:#x}"
            )

    def _check_unprotected(self, start: int, end: int) -> None:
        protection = self.protection()
        if protection.covers(start, end):
            status = bytes(protection.status).hex(" ")
            raise UserError(
                f"the flash protects {protection.first:#x} to {protection.last:#x} (status {status})",
                "take another region, or clear the protection with flashrom through `benchctl serve serprog`",
            )

    def _wait(self, what: str, time: Duration) -> None:
        _wait(self._spi, self._clock, what, time)


_WORN = "read it again at a lower clock rate; if it stays wrong, the chip is worn out"


def _wait(spi: Spi, clock: Clock, what: str, time: Duration) -> None:
    """Until the chip is idle: first the typical time, then asking ever so often."""
    deadline = clock.deadline_ns(_PATIENCE * time.maximum_s)
    clock.sleep(time.typical_s)
    while spi.exchange(_READ_STATUS, 1)[0] & _BUSY:
        if clock.now_ns() > deadline:
            raise BusTimeoutError(
                f"the flash is still busy with {what} after {_PATIENCE * time.maximum_s:g} s",
                "check its supply voltage; if it stays so, the chip is broken",
            )
        clock.sleep(max(time.typical_s, time.maximum_s / 16) / 8)


def _command(addressing: Addressing, opcode: int, address: int) -> bytes:
    return bytes([opcode]) + address.to_bytes(addressing.width)


def _read_sfdp(spi: Spi) -> Sfdp | None:
    """The SFDP, or None without one; a damaged one is as good as none."""
    try:
        return Sfdp.read(
            lambda address, count: spi.exchange(bytes([_READ_SFDP]) + address.to_bytes(3) + b"\0", count)
        )
    except SfdpError:
        return None
