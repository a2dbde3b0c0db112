"""Playing levels on the pins of a channel, one byte per tick of its bit-bang clock."""

from fractions import Fraction

from benchctl.adapters.ftdi.channel import FtdiChannel
from benchctl.errors import AdapterError

_STALL_S = 0.005
_STALL_PART = 0.01
_POLL_S = 0.0002


def play(channel: FtdiChannel, states: bytes, rate: Fraction, outputs: int) -> None:
    """Play `states` on the pins of `outputs`, and return when the last one is on the pins.

    The channel is in bit-bang mode with its clock set, and stays there, holding the last state. The first
    state should be what the wire does already: it is latched before the pins become outputs.

    Raises:
        AdapterError: playing took so long that the chip must have run dry in between.
    """
    clock = channel.clock
    channel.write(states[:1])
    channel.drive(outputs)
    start = clock.now_ns()
    expected_s = float(len(states) / rate)
    limit_s = expected_s * (1 + _STALL_PART) + _STALL_S
    channel.stream(states, expected_s)
    # Whatever the chip says of its buffer in this mode: it cannot be through before that time.
    clock.sleep(expected_s - (clock.now_ns() - start) / 1e9)
    while not channel.idle() and clock.now_ns() - start <= limit_s * 1e9:
        clock.sleep(_POLL_S)
    played_s = (clock.now_ns() - start) / 1e9
    if played_s > limit_s:
        raise _stalled(channel, expected_s, played_s)


def _stalled(channel: FtdiChannel, expected_s: float, played_s: float) -> AdapterError:
    return AdapterError(
        f"{channel.who} took {played_s:.4f} s to play a pattern of {expected_s:.4f} s, so it has gaps",
        "put the adapter on a USB port of its own, or use a lower rate",
    )
