"""The transmit-active pin of a UART: high or low around everything it sends (settxactive, api/uart.yaml)."""

import numpy as np

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad
from benchctl.twin.wires.timeline import strong

# imp005: the post delay is a minimum, the real value usually within this of it (UART-TXA-04).
_IMP005_LATE_NS = 40_000

INVERTED = declare(
    "uart-txactive-inverted", "r34-uart-settxactive-method", "the transmit-active pin has the wrong polarity"
)
EARLY = declare(
    "uart-txactive-drops-early",
    "r34-settxactive-drives-rs485-de",
    "the transmit-active pin drops one bit before the last stop bit ends",
)
GOES_ON = declare(
    "uart-txactive-does-not-wait",
    "r34-uart-settxactive-method",
    "the program goes on while the transmit-active pin is held after sending",
)


class TransmitActive:
    """Drives a pin to its active level before sending and back after.

    Args:
        chip: the imp.
        pad: the pin, which goes to its inactive level now.
        active: level while sending.
        pre_us: from the pin's change to the first start bit; the whole imp waits (UART-TXA-03).
        post_us: from the end of the last stop bit to the pin's change; the whole imp waits.
    """

    def __init__(self, chip: Chip, pad: Pad, active: int, pre_us: int, post_us: int) -> None:
        self._chip, self._pad = chip, pad
        self._active = int(active) ^ chip.broken(INVERTED)
        self.pre_ns, self._post_ns = pre_us * 1000, post_us * 1000
        self._late = chip.random(f"txactive {pad.pin.name}")
        pad.claim(self)
        pad.driver.set(strong(not self._active))

    def begin(self) -> None:
        """Make the pin active; sending starts `pre_ns` later."""
        if self._pad.owner is self:
            self._pad.driver.set(strong(self._active))

    def planned(self, end_ns: int, bit_ns: int) -> None:
        """The last stop bit known so far ends at `end_ns`."""
        if self._chip.broken(EARLY):
            self.begin()
            self._inactive_at(max(end_ns - bit_ns, self._chip.world.now))

    def end(self) -> None:
        """The last stop bit is over: the pin goes inactive after the post delay, the imp busy until then."""
        end = self._chip.world.now + self._post_ns
        if self._chip.module.name == "imp005":
            end += self._late.randrange(_IMP005_LATE_NS)
        if not self._chip.broken(EARLY):
            self._inactive_at(end)
        if not self._chip.broken(GOES_ON):
            self._chip.runtime.stall_until(end)

    def release(self) -> None:
        """Give the pin up."""
        self._pad.release(self)

    def _inactive_at(self, t_ns: int) -> None:
        if self._pad.owner is self:
            level = np.array([strong(not self._active)], np.uint8)
            self._pad.driver.play(np.array([t_ns], np.int64), level)
