"""What every I²C adapter asks of a request."""

from benchctl.errors import UserError

ADDRESSES = range(0x08, 0x78)
"""7-bit addresses that are not reserved."""


def require_address(address: int) -> int:
    """The address, if it has 7 bits. Raises UserError."""
    if not 0 <= address <= 0x7F:
        raise UserError(f"{address:#x} is not a 7-bit I²C address", "give it without the read/write bit")
    return address


def require_count(count: int) -> int:
    """The number of bytes to read, if it is one or more. Raises UserError."""
    if count < 1:
        raise UserError("an I²C read is of one byte or more", "use `write` without data to probe an address")
    return count
