"""hardware.spiflash: the user part of the flash chip. Facts: api/spiflash.yaml (ids in comments are its)."""

from collections.abc import Generator
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.nor_bus import ERASE_64K, NorBus
from benchctl.twin.imp.values import BLOB, DATA, INTEGER, NUMBER, Blob, Param, Thrown, as_bytes

SECTOR = 4096
_POSTVERIFY, _PREVERIFY = 1, 2
_CHOSEN_RESERVE = 0x400000  # choice: where no source says (SF-ADR-05 has this for the imp005, inferred)
_CHOSEN_HZ = 20_000_000  # choice: clock of modules that have no setspeed()

INFO_MISSING = declare(
    "spiflash-info-missing",
    "r34-spiflash-timing-info-method",
    "spiflash.info() does not exist",
    ["imp005"],
)
UNPAIRED = declare(
    "spiflash-unpaired-disable",
    "r34-spiflash-unpaired-enable-disable",
    "a disable() too many makes the next enable() go without effect",
    ["imp003", "imp005"],
)
SIZE_FIXED = declare(
    "spiflash-size-fixed",
    "r30-imp003-flash-is-external",
    "size() is 64 KB whatever chip is fitted",
    ["imp003"],
)
PAGES_WRAP = declare(
    "spiflash-pages-wrap",
    "r30-spiflash-read-write",
    "a write across a page end wraps to the start of the page",
    ["imp003"],
)
ERASES_TOO_MUCH = declare(
    "spiflash-erases-64k",
    "r30-spiflash-sector-erase",
    "erasesector() erases the whole 64 KB around the sector",
    ["imp003"],
)
OBJECT_MISSING = declare(
    "spiflash-missing", "r30-spiflash-object-at-startup", "hardware.spiflash does not exist", ["imp003"]
)
NO_RESERVE = declare(
    "spiflash-size-whole-chip",
    "r30-imp003-flash-size-range",
    "size() is the size of the whole chip",
    ["imp003"],
)
RESERVE_512K = declare(
    "spiflash-reserves-512k",
    "r30-imp003-flash-448k-reserved",
    "the first 512 KB are reserved, not 448",
    ["imp003"],
)
USER_32K = declare(
    "spiflash-user-32k", "r30-imp003-flash-min-64k-user", "only 32 KB are given to the program", ["imp003"]
)


class SpiFlash(ApiObject):
    """`hardware.spiflash`. Address 0 is the first byte behind what impOS keeps (SF-ADR-01)."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        facts = chip.module.spiflash
        self._reserve = int(facts.reserved_bytes.value or _CHOSEN_RESERVE)
        if chip.broken(RESERVE_512K):
            self._reserve = 0x80000
        self._speeds = sorted(facts.speeds_hz.value or ())
        self._default_hz = int(facts.default_speed_hz.value or _CHOSEN_HZ)
        self._bus: NorBus | None = None
        self._id = b""
        self._unpaired = False

    def available(self) -> dict[str, Method]:
        """info() is on the imp005, setspeed() on the others (methods of api/spiflash.yaml)."""
        methods = super().available()
        if self._speeds or self.chip.broken(INFO_MISSING):
            methods.pop("info", None)
        if not self._speeds:
            del methods["setspeed"]
        return methods

    @api("enable", since=(30, 0))
    def enable(self) -> Generator[int, None, None]:
        """Power the chip and take its bus. choice: calls do not nest (SF-EN-03)."""
        if self._unpaired:
            self._unpaired = False
            return
        if self._bus is None:
            hz = self.chip.kept.get(self.path, self._default_hz)
            assert isinstance(hz, int)
            self._bus = NorBus(self.chip, hz)
            self._id = yield from self._bus.identify()

    @api("disable", since=(30, 0))
    def disable(self) -> None:
        """Let the bus go; other calls throw again (SF-DIS-01)."""
        if self._bus is None:
            self._unpaired = self.chip.broken(UNPAIRED)
            return
        self._bus.release()
        self._bus = None

    @api("size")
    def size(self) -> int:
        """Bytes for the program."""
        self._enabled()
        return self._size()

    @api("chipid")
    def chipid(self) -> int:
        """JEDEC id: manufacturer in the top byte (SF-ID-01)."""
        self._enabled()
        return int.from_bytes(self._id, "big")

    @api("read", Param("address", INTEGER), Param("numberOfBytes", INTEGER))
    def read(self, address: int, count: int) -> Generator[int, None, Blob]:
        """A new blob of that many bytes."""
        data = yield from self._read(address, count)
        return Blob(data)

    @api(
        "readintoblob",
        Param("address", INTEGER),
        Param("targetBlob", BLOB),
        Param("numberOfBytes", INTEGER),
        keep_blobs=True,
    )
    def readintoblob(self, address: int, target: Blob, count: int) -> Generator[int, None, None]:
        """Into a blob at its pointer (SF-RIB-01). choice: the pointer moves on, and the blob grows."""
        data = yield from self._read(address, count)
        self.chip.control.write_blob(target, data, None)

    @api("erasesector", Param("sectorAddress", INTEGER), since=(30, 0))
    def erasesector(self, address: int) -> Generator[int, None, None]:
        """Set one sector to FFh; throws off a sector boundary (SF-ER-01, SF-ER-E1).

        choice: nothing tells of a protected sector (SF-ER-E2).
        """
        bus = self._enabled()
        self._check(address, SECTOR)
        if address % SECTOR:
            raise Thrown("address must be a multiple of 4096")
        if self.chip.broken(ERASES_TOO_MUCH):
            yield from bus.erase(self._reserve + address, ERASE_64K)
        else:
            yield from bus.erase(self._reserve + address)

    @api(
        "write",
        Param("address", INTEGER),
        Param("dataSource", DATA),
        Param("writeFlags", INTEGER, 0),
        Param("startIndex", INTEGER, 0),
        Param("endIndex", INTEGER, None),
        since=(30, 0),
    )
    def write(
        self, address: int, source: str | Blob, flags: int, start: int, end: int | None
    ) -> Generator[int, None, int]:
        """Program; 0, or the flag of the check that failed (SF-WR-01 to -04). choice: those values."""
        bus = self._enabled()
        data = _part(as_bytes(source), start, end)
        self._check(address, len(data))
        where = self._reserve + address
        if flags & _PREVERIFY:
            old = yield from bus.read(where, len(data))
            if any(new & ~now & 0xFF for now, new in zip(old, data, strict=True)):
                return _PREVERIFY
        yield from bus.program(where, data, whole_pages=not self.chip.broken(PAGES_WRAP))
        if flags & _POSTVERIFY:
            now_there = yield from bus.read(where, len(data))
            if now_there != data:
                return _POSTVERIFY
        return 0

    @api("setspeed", Param("speed", NUMBER))
    def setspeed(self, hz: float) -> int:
        """Clock from the next enable() on, rounded down; kept over warm restarts (SF-SP-01, SF-SP-E1)."""
        if not self._speeds[0] <= hz <= self._speeds[-1]:
            raise Thrown("speed out of range")
        speed = max(s for s in self._speeds if s <= hz)
        self.chip.kept[self.path] = speed
        return int(speed)

    @api("info", since=(34, 0))
    def info(self) -> dict[str, Any]:
        """Timing data of the chip. choice: every value but the size."""
        self._enabled()
        return {
            "size": self._chip_size(),
            "max_write_size": 256,
            "fast_read_freq": 80_000_000,
            "normal_read_freq": _CHOSEN_HZ,
            "supports_fast_read": True,
            "supports_quad_read": True,
            "fast_dummy_cycles": 8,
        }

    def squirrel_stopped(self) -> None:
        """The bus is free again."""
        self.disable()
        self._unpaired = False

    def _enabled(self) -> NorBus:
        if self._bus is None:
            raise Thrown("spiflash not enabled")  # SF-EN-01; the text is a choice
        return self._bus

    def _chip_size(self) -> int:
        """The third byte of the id is the binary logarithm of the size.

        choice: of chips above 16 MB those are used that three address bytes reach.
        """
        return 1 << min(self._id[2], 24) if 16 <= self._id[2] <= 31 else 0

    def _size(self) -> int:
        if self.chip.broken(SIZE_FIXED):
            return 0x10000
        if self.chip.broken(USER_32K):
            return 0x8000
        size = self._chip_size()
        return size if self.chip.broken(NO_RESERVE) else max(size - self._reserve, 0)

    def _check(self, address: int, count: int) -> None:
        if address < 0 or count < 0 or address + count > self._size():
            raise Thrown("address out of range")  # choice: SF-ADR-07

    def _read(self, address: int, count: int) -> Generator[int, None, bytes]:
        bus = self._enabled()
        self._check(address, count)
        self.chip.room_for(count, blob=True)
        data = yield from bus.read(self._reserve + address, count)
        return data


def _part(data: bytes, start: int, end: int | None) -> bytes:
    """From one index up to another. choice: indices outside the data throw."""
    stop = len(data) if end is None else end
    if not 0 <= start <= stop <= len(data):
        raise Thrown("bad length")
    return data[start:stop]
