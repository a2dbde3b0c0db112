"""hardware.spi...: SPI controllers. Facts: api/spi.yaml; the ids in comments are its."""

from collections.abc import Generator, Sequence
from typing import Literal

import numpy as np

from benchctl.dut.modules.buses import Spi
from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import api
from benchctl.twin.imp.api.bus import PinnedBus
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import SPI_MODE
from benchctl.twin.imp.values import DATA, INTEGER, NUMBER, Blob, Param, Thrown, as_bytes, as_string
from benchctl.twin.wires.clocked import Bits, Train, exchange
from benchctl.twin.wires.timeline import Drive, strong

_FS = 1_000_000
_FS_PER_KHZ = 10**12
_CHUNK = 64
# The imp005 has no DMA for SPI, which leaves gaps between bytes (modules/imp005.yaml). choice: how long.
_IMP005_GAP_FS = 200_000_000
# choice: where one rate is known of a bus, it has eight, each half the one before (SPI-CFG-03 has the limits
# of the imp005); where none is, the fastest is 15 MHz.
_FASTEST_OF_ONE, _RATES = 4, 8
_FASTEST_OF_NONE_KHZ = 15_000.0

CS_INVERTED = declare(
    "spi-chipselect-inverted", "r34-spi-chipselect-imp005", "chipselect(1) drives CS high", ["imp005"]
)
CS_SILENT = declare(
    "spi-chipselect-silent-elsewhere",
    "r34-spi-chipselect-throws-elsewhere",
    "chipselect() does nothing instead of throwing",
    ["imp001", "imp003"],
)
STILL_CLOCKS = declare("spi-no-sclk-still-clocks", "r30-spi-no-sclk", "NO_SCLK leaves the clock running")
DISABLE_DRIVES = declare(
    "spi-disable-keeps-driving", "r30-spi-disable", "after disable() the pins are still driven"
)
READ_GARBAGE = declare(
    "spi-read-clocks-garbage",
    "r30-spi-read-clocks-out-zeros",
    "reads put arbitrary bytes on COPI instead of zeros",
)


class SpiPort(PinnedBus):
    """One SPI controller."""

    def __init__(self, chip: Chip, path: str, spi: Spi) -> None:
        super().__init__(chip, path, spi.pins)
        self._spi = spi
        self._imp005 = chip.module.name == "imp005"
        self._rates = _rates(spi.rates_khz)
        self._flags = 0
        self._period_fs = 0
        self._garbage = chip.random(path)

    @api("configure", Param("modeFlags", INTEGER), Param("dataRate", NUMBER))
    def configure(self, flags: int, rate_khz: float) -> int:
        """Set mode and rate and enable the bus; the rate in use, kHz, rounded down (SPI-CFG-01, -02).

        choice: mode flags that do not exist are ignored.
        """
        mode = _mode(flags)
        if mode not in self._spi.modes:
            raise Thrown("spi mode not supported")  # choice: SPI-CFG-07
        if flags & SPI_MODE["USE_CS_L"] and not self._imp005:
            raise Thrown("USE_CS_L not supported")  # choice
        rate = max((r for r in self._rates if r <= rate_khz), default=self._rates[0])
        self._flags, self._period_fs = flags, round(_FS_PER_KHZ / rate)
        roles = [*self._data_roles()]
        if not flags & SPI_MODE["NO_SCLK"] or self.chip.broken(STILL_CLOCKS):
            roles.append("sclk")
        if flags & SPI_MODE["USE_CS_L"]:
            roles.append("cs")
        self.take(*roles)
        for role, drive in (
            ("sclk", strong(mode in (2, 3))),
            ("copi", Drive.LOW),  # choice: before the first bit
            ("cipo", Drive.Z),
            ("cs", Drive.HIGH),  # SPI-CFG-04
        ):
            if role in roles:
                self.pad(role).driver.set(drive)
        return int(rate)

    @api("write", Param("data", DATA))
    def write(self, data: str | Blob) -> Generator[int, None, int]:
        """Send; the number of bytes (SPI-WR-01)."""
        sent = yield from self._transfer(as_bytes(data))
        return len(sent)

    @api("writeread", Param("data", DATA))
    def writeread(self, data: str | Blob) -> Generator[int, None, str | Blob]:
        """Send and receive: the same type and length as `data`."""
        got = yield from self._transfer(as_bytes(data))
        return Blob(got) if isinstance(data, Blob) else as_string(got)

    @api("readblob", Param("numberOfBytes", INTEGER))
    def readblob(self, count: int) -> Generator[int, None, Blob]:
        """Receive while sending zeros (SPI-RB-01)."""
        got = yield from self._read(count, blob=True)
        return Blob(got)

    @api("readstring", Param("numberOfChars", INTEGER))
    def readstring(self, count: int) -> Generator[int, None, str]:
        """Receive while sending zeros, as a string."""
        got = yield from self._read(count, blob=False)
        return as_string(got)

    @api("disable", since=(30, 0))
    def disable(self) -> None:
        """Stop and give the pins back."""
        self.stop(release=not self.chip.broken(DISABLE_DRIVES))

    @api("chipselect", Param("select", INTEGER), since=(34, 0))
    def chipselect(self, select: int) -> None:
        """Drive the chip-select pin: 1 low, 0 high; imp005 only (SPI-CS-01, SPI-CS-E1, -E2).

        choice: any other number is as 1.
        """
        if not self._imp005:
            if self.chip.broken(CS_SILENT):
                return
            raise Thrown("chipselect not supported")
        if not self.configured or not self._flags & SPI_MODE["USE_CS_L"]:
            raise Thrown("chipselect requires USE_CS_L")
        self.pad("cs").driver.set(strong((select == 0) ^ self.chip.broken(CS_INVERTED)))

    def _data_roles(self) -> tuple[str, ...]:
        # choice: the wire of SIMPLEX_RX is CIPO, that of SIMPLEX_TX is COPI; with both flags it receives.
        # What is read without a wire to read from is all ones.
        if self._flags & SPI_MODE["SIMPLEX_RX"]:
            return ("cipo",)
        return ("copi",) if self._flags & SPI_MODE["SIMPLEX_TX"] else ("copi", "cipo")

    def _read(self, count: int, *, blob: bool) -> Generator[int, None, bytes]:
        if count < 0:
            raise Thrown("bad length")  # choice
        self.chip.room_for(count, blob=blob)  # choice: SPI-E2, all lengths that fit
        filler = self._garbage.randbytes(count) if self.chip.broken(READ_GARBAGE) else bytes(count)
        got: bytes = yield from self._transfer(filler)
        return got

    def _transfer(self, data: bytes) -> Generator[int, None, bytes]:
        if not self.configured:
            raise Thrown("spi not configured")  # choice: SPI-E1
        order: Literal["little", "big"] = "little" if self._flags & SPI_MODE["LSB_FIRST"] else "big"
        gap_fs = _IMP005_GAP_FS if self._imp005 else 0
        got = bytearray()
        start = self.world.now
        for i in range(0, len(data), _CHUNK):
            chunk = np.frombuffer(data[i : i + _CHUNK], np.uint8)
            bits = np.unpackbits(chunk, bitorder=order)
            train = Train(start, self._period_fs, _mode(self._flags) in (2, 3), gap_fs)
            read = self._shift(train, bits)
            end = train.end_ns(len(bits))
            yield end
            if read is None:
                read = self._sampled(train, len(bits))
            got += np.packbits(read, bitorder=order).tobytes()
            start = end + gap_fs // _FS
        return bytes(got)

    def _shift(self, train: Train, bits: Bits) -> Bits | None:
        """Exchange bits; None when what is read must be sampled from the wire, no clock telling targets."""
        clocked = self.pad("sclk").owner is self
        reads, sends = "cipo" in self._data_roles(), "copi" in self._data_roles()
        rising = _mode(self._flags) in (0, 3)
        got = exchange(
            self.pad("sclk").driver if clocked else None,
            train,
            len(bits),
            out=self.pad("copi").driver if sends else None,
            bits=bits if sends else None,
            read=self.pad("cipo").net if reads else None,
            launch_rising=not rising,
            sample_rising=rising,
        )
        return got if clocked or not reads else None

    def _sampled(self, train: Train, count: int) -> Bits:
        middles = train.start_ns + (train.pulse_starts(count) + self._period_fs // 2) // _FS
        return self.pad("cipo").net.sample(middles)


def _rates(known: Sequence[float] | None) -> list[float]:
    """Rates of a bus in kHz, the slowest first, from those that are known of it."""
    if known and len(known) > 1:
        return sorted(known)
    fastest = known[0] * _FASTEST_OF_ONE if known else _FASTEST_OF_NONE_KHZ
    return sorted(fastest / 2**halved for halved in range(_RATES))


def _mode(flags: int) -> int:
    high = 2 if flags & SPI_MODE["CLOCK_IDLE_HIGH"] else 0
    return high | (1 if flags & SPI_MODE["CLOCK_2ND_EDGE"] else 0)
