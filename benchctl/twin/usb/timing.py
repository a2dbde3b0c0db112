"""How long transfers take on the wire, from the USB 2.0 specification.

Chapter 5.8.4 gives the protocol overhead of one bulk transaction: 13 bytes at full speed, 55 at high speed
(so at most 19 packets of 64 bytes in a 1 ms frame, 13 of 512 bytes in a 125 µs microframe); a low-speed
transaction of 8 bytes costs 19 (5.7.4). Host controllers report completions at frame boundaries, which is
why the smallest transfer costs about one to two microframes (frames at full and low speed).
"""

from dataclasses import dataclass

from benchctl.twin.usb.device import Speed

# From the submit in the host's software to the first token on the wire: an interrupt and a schedule update.
TURNAROUND_NS = 20_000


@dataclass(frozen=True)
class _Signalling:
    frame_ns: int
    bytes_per_ms: int
    overhead_bytes: int


_SIGNALLING = {
    "high": _Signalling(125_000, 60_000, 55),
    "full": _Signalling(1_000_000, 1_500, 13),
    "low": _Signalling(1_000_000, 187, 19),
}


def frame_ns(speed: Speed) -> int:
    """Length of a microframe (high speed) or frame."""
    return _SIGNALLING[speed].frame_ns


def packet_ns(speed: Speed, payload: int) -> int:
    """Bus time of one data packet with its token and handshake."""
    wire = _SIGNALLING[speed]
    return (payload + wire.overhead_bytes) * 1_000_000 // wire.bytes_per_ms


def completion_ns(speed: Speed, busy_until_ns: int) -> int:
    """When the host hears of a transfer whose last packet is over at `busy_until_ns`."""
    frame = _SIGNALLING[speed].frame_ns
    return -(-(busy_until_ns + TURNAROUND_NS) // frame) * frame
