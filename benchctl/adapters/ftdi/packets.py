"""What an FTDI chip puts on its IN endpoint: packets that each begin with two status bytes."""

from typing import NamedTuple

import numpy as np

STATUS_BYTES = 2

# Second status byte, as in the line status register of a 16550 (pyftdi: MODEM_OE to MODEM_BI).
OVERRUN, PARITY, FRAMING, BREAK = 0x02, 0x04, 0x08, 0x10
_ERRORS = {OVERRUN: "overrun", PARITY: "parity", FRAMING: "framing", BREAK: "break"}


class Payload(NamedTuple):
    """The data of one bulk transfer, and the line status bits that any of its packets had set."""

    data: bytes
    status: int


def strip(raw: bytes, packet_size: int) -> Payload:
    """Take the two status bytes off every packet; `raw` holds whole packets, the last may be short.

    The status of a packet without data counts too: an overrun may be told there.
    """
    if len(raw) < STATUS_BYTES:
        return Payload(b"", 0)
    if len(raw) <= packet_size:
        return Payload(raw[STATUS_BYTES:], raw[1])
    whole = len(raw) - len(raw) % packet_size
    packets = np.frombuffer(raw, np.uint8, whole).reshape(-1, packet_size)
    rest = raw[whole:]
    status = int(np.bitwise_or.reduce(packets[:, 1]))
    if len(rest) >= STATUS_BYTES:
        status |= rest[1]
    return Payload(packets[:, STATUS_BYTES:].tobytes() + rest[STATUS_BYTES:], status)


def transfer_size(count: int, packet_size: int) -> int:
    """Bytes to ask for so that `count` data bytes arrive in one transfer of whole packets."""
    return -(-max(count, 1) // (packet_size - STATUS_BYTES)) * packet_size


def line_errors(status: int) -> frozenset[str]:
    """The names of the line errors in a status byte."""
    return frozenset(name for bit, name in _ERRORS.items() if status & bit)
