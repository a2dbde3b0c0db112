"""24xx EEPROM accesses, from the items of an I²C bus."""

from dataclasses import dataclass

from benchctl.capture.items import ItemDict, Items

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
    written: bytes = b""
    read: bytes = b""
    reads: bool = False
    foreign: bool = False
    error: str = ""


def accesses(bus: Items, *, address_bytes: int = 2) -> list[Access]:
    """The accesses to 24xx parts in decoded I²C items, in order; other targets are left out.

    Args:
        bus: from `i2c`.
        address_bytes: 1 for parts up to 24xx16, whose upper word address bits are in the control byte,
            2 for larger ones.
    """
    found = []
    seen: _Seen | None = None
    for item in bus.dicts():
        kind, value = item["kind"], item["value"]
        if kind == "start":
            seen = _Seen(item["start_ns"])
        elif seen is None:
            continue
        elif kind in ("address write", "address read"):
            assert isinstance(value, int)
            _address(seen, value, kind == "address read")
        elif kind in ("data write", "data read"):
            assert isinstance(value, int)
            if kind == "data read":
                seen.read += bytes([value])
            else:
                seen.written += bytes([value])
        elif kind == "stop":
            if seen.device >= 0 and not seen.foreign:
                found.append(_access(seen, item["end_ns"], address_bytes))
            seen = None
        if seen is not None and item["error"]:
            seen.error = seen.error or item["error"]
    return found


def _address(seen: _Seen, address: int, reads: bool) -> None:
    if address >> 3 != CONTROL >> 3 or seen.device not in (-1, address):
        seen.foreign = True
    seen.device, seen.reads = address, reads


def _access(seen: _Seen, end_ns: int, address_bytes: int) -> Access:
    known = len(seen.written) >= address_bytes
    address = int.from_bytes(seen.written[:address_bytes], "big") if known else None
    if known and address is not None and address_bytes == 1:
        address |= (seen.device & 7) << 8
    data = seen.read if seen.reads else seen.written[address_bytes:]
    if seen.reads:
        kind = "read" if known else "current read"
    elif not seen.written:
        kind = "poll"
    else:
        kind = "write" if data else "set address"
    return Access(seen.start_ns, end_ns, seen.device, kind, address, data, seen.error)
