"""24xx EEPROM accesses, from the items of an I²C bus."""

from dataclasses import dataclass, field

from benchctl.capture.i2c import I2cDecoder
from benchctl.capture.items import ItemDict, Items
from benchctl.capture.waveform import Waveform

CONTROL = 0x50  # 7-bit addresses 0x50 to 0x57


@dataclass(frozen=True)
class Access:
    """One access, from its START to its STOP.

    Attributes:
        start_ns, end_ns: bench time.
        device: 7-bit address.
        kind: "read", "write", "current read" (goes on where the last one ended), "set address", or "poll"
            (addressed and nothing more, as software does to learn whether a write cycle is over).
        address: word address; None where the access does not say it.
        data: bytes read or written.
        error: "" or "nack" when the part refused its address or a byte, "bus error" when cut short.
    """

    start_ns: int
    end_ns: int
    device: int
    kind: str
    address: int | None
    data: bytes
    error: str

    def item(self) -> ItemDict:
        """As the command line's JSON shows it; the value is the data in hexadecimal."""
        place = "" if self.address is None else f" {self.address:#06x}"
        return {
            "kind": f"{self.kind}{place}",
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "value": self.data.hex(),
            "error": self.error or None,
            "channel": "sda",
        }


@dataclass
class _Seen:
    """What a transfer has shown so far."""

    start_ns: int
    device: int = -1
    written: bytearray = field(default_factory=bytearray)
    read: bytearray = field(default_factory=bytearray)
    reads: bool = False
    foreign: bool = False
    error: str = ""


class AccessReader:
    """Reads accesses to 24xx parts from decoded I²C items, table by table; other targets are left out.

    Args:
        address_bytes: 1 for parts up to 24xx16, whose upper word address bits are in the control byte,
            2 for larger ones.
    """

    def __init__(self, *, address_bytes: int = 2) -> None:
        self._address_bytes = address_bytes
        self._seen: _Seen | None = None

    def feed(self, bus: Items) -> list[Access]:
        """Accesses that have ended with a STOP; one that is still open comes with a later table."""
        found = []
        for item in bus.dicts():
            access = self._follow(item)
            if access is not None:
                found.append(access)
        return found

    def _follow(self, item: ItemDict) -> Access | None:
        kind, value = item["kind"], item["value"]
        if kind == "start":
            self._seen = _Seen(item["start_ns"])
        seen = self._seen
        if seen is None:
            return None
        if kind in ("address write", "address read"):
            assert isinstance(value, int)
            _address(seen, value, kind == "address read")
        elif kind in ("data write", "data read"):
            assert isinstance(value, int)
            (seen.read if kind == "data read" else seen.written).append(value)
        elif kind == "stop":
            self._seen = None
            ours = seen.device >= 0 and not seen.foreign
            return _access(seen, item["end_ns"], self._address_bytes) if ours else None
        if item["error"]:
            seen.error = seen.error or item["error"]
        return None


def accesses(bus: Items, *, address_bytes: int = 2) -> list[Access]:
    """The accesses in the items of a whole capture, in order."""
    return AccessReader(address_bytes=address_bytes).feed(bus)


class EepromDecoder:
    """Decodes a bus with 24xx parts on it, chunk by chunk.

    Raises:
        UserError: see `I2cDecoder`.
    """

    def __init__(self, scl: str, sda: str, *, address_bytes: int = 2) -> None:
        self._bus = I2cDecoder(scl, sda)
        self._reader = AccessReader(address_bytes=address_bytes)

    def feed(self, chunk: Waveform) -> list[Access]:
        """Accesses that have ended."""
        return self._reader.feed(self._bus.feed(chunk))

    def finish(self) -> list[Access]:
        """What the end of the capture completes."""
        return self._reader.feed(self._bus.finish())


def _address(seen: _Seen, address: int, reads: bool) -> None:
    if address >> 3 != CONTROL >> 3 or seen.device not in (-1, address):
        seen.foreign = True
    seen.device, seen.reads = address, reads


def _access(seen: _Seen, end_ns: int, address_bytes: int) -> Access:
    known = len(seen.written) >= address_bytes
    address = int.from_bytes(seen.written[:address_bytes], "big") if known else None
    if known and address is not None and address_bytes == 1:
        address |= (seen.device & 7) << 8
    data = bytes(seen.read if seen.reads else seen.written[address_bytes:])
    if seen.reads:
        kind = "read" if known else "current read"
    elif not seen.written:
        kind = "poll"
    else:
        kind = "write" if data else "set address"
    return Access(seen.start_ns, end_ns, seen.device, kind, address, data, seen.error)
