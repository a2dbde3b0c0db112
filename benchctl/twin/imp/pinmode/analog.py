"""ADC, DAC and the pulse counter. Facts: api/pin.yaml."""

from collections.abc import Generator

import numpy as np

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.pinmode.base import PinMode
from benchctl.twin.imp.values import Thrown
from benchctl.twin.wires.timeline import Drive

SUPPLY_VOLTS = 3.3
_CODES = 4096  # 12 bits (PIN-RD-03)
_LOOK_NS = 100_000_000
# imp003: eight of its ten ADC pins at a time (known issue of release 42).
_ADC_AT_ONCE = {"imp003": 8}

NINTH_ADC_WORKS = declare(
    "adc-nine-at-once",
    "r42-ki-imp003-eight-of-ten-adc",
    "all ten ADC pins work at once",
    ["imp003"],
)
COUNTER_RIGHT = declare(
    "pulse-counter-recovers",
    "r42-ki-pulse-counter-reconfigure",
    "the pulse counter counts right after it got another window",
    ["imp001", "imp003"],
)


class AnalogIn(PinMode):
    """ADC input: 0..65535 over the supply, 12 bits of it real."""

    def __init__(self, chip: Chip, pad: Pad, in_use: int) -> None:
        super().__init__(chip, pad)
        if in_use >= _ADC_AT_ONCE.get(chip.module.name, 99) and not chip.broken(NINTH_ADC_WORKS):
            raise Thrown("no free ADC channel")  # choice: the ninth throws
        pad.driver.set(Drive.Z)

    def read(self) -> int:
        """The voltage at the pin.

        choice: no noise; the low four bits repeat the high ones, so that full scale is 65535.
        """
        net, now = self.pad.net, self.chip.world.now
        volts = net.analog_volts(now) if net.analog_volts is not None else SUPPLY_VOLTS * net.level()
        code = min(max(int(volts / SUPPLY_VOLTS * _CODES), 0), _CODES - 1)
        return code << 4 | code >> 8


class AnalogOut(PinMode):
    """DAC output: 0.0 to 1.0 of the supply (PIN-WR-02)."""

    def __init__(self, chip: Chip, pad: Pad, start: float) -> None:
        super().__init__(chip, pad)
        pad.driver.set(Drive.Z)
        self.write(start)

    def write(self, value: float) -> None:
        """Set the level. choice: values outside 0.0..1.0 are clamped."""
        volts = int(min(max(value, 0.0), 1.0) * (_CODES - 1)) / (_CODES - 1) * SUPPLY_VOLTS
        self.pad.net.analog_volts = lambda _t: volts
        self.pad.driver.set(Drive.HIGH if volts > SUPPLY_VOLTS / 2 else Drive.LOW)

    def close(self) -> None:
        """The DAC lets go of the wire."""
        self.pad.net.analog_volts = None


class PulseCounter(PinMode):
    """Counts pulses in a window; read() blocks for all of it (PIN-RD-04).

    choice: it counts rising edges (PIN-RD-05). After a change of window it miscounts, as the known issue says
    (PIN-RD-06); choice: by the ratio of the windows.
    """

    def __init__(self, chip: Chip, pad: Pad, window_s: float, first_window_s: float | None) -> None:
        super().__init__(chip, pad)
        if window_s <= 0:
            raise Thrown("bad pulse counter window")  # choice
        pad.driver.set(Drive.Z)
        self.window_s = window_s
        self._first_s = first_window_s if first_window_s is not None else window_s

    def read(self) -> Generator[int, None, int]:
        """Count for a whole window from now."""
        start = self.chip.world.now
        end, pulses = start + round(self.window_s * 1e9), 0
        while start < end:
            until = min(start + _LOOK_NS, end)
            yield until
            edges = self.pad.net.edges(start - 1, until)
            pulses += int(np.count_nonzero(edges.levels))
            start = until
        if self.chip.broken(COUNTER_RIGHT):
            return pulses
        return int(pulses * self._first_s / self.window_s)
