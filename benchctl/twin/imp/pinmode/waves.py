"""PWM and the pin-triggered pulse generator. Facts: api/pin.yaml."""

import math

import numpy as np

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.pinmode.base import PinMode
from benchctl.twin.imp.values import Thrown
from benchctl.twin.wires.net import EdgeWatch
from benchctl.twin.wires.timeline import strong
from benchctl.twin.world import Event

_TIMER_HZ = 60_000_000  # choice: clock of the PWM timers of every module
_MOST_STEPS = 65536  # choice: they have 16 bits
_AHEAD_NS = 10_000_000
_LONGEST_PULSE_S = 0.0655  # PIN-PT-02: delay and on-period together

FIRST_PULSE_OLD = declare(
    "ptpg-first-pulse-old",
    "r30-ptpg-first-trigger-settings",
    "the first pulse after a new configuration has the old delay and width",
    ["imp001", "imp003"],
)


class Pwm(PinMode):
    """PWM output. It goes on while Squirrel restarts (PIN-PWM-02).

    Args:
        chip: the imp.
        pad: the pin.
        period_s: wanted period.
        duty: 0.0..1.0.
        steps: wanted number of steps, or None for the most accurate period.
    """

    outlives_program = True

    def __init__(self, chip: Chip, pad: Pad, period_s: float, duty: float, steps: int | None) -> None:
        super().__init__(chip, pad)
        if period_s <= 0 or (steps is not None and not 0 < steps <= _MOST_STEPS):
            raise Thrown("bad PWM period or steps")  # choice
        clocks = period_s * _TIMER_HZ
        if steps is None:
            prescale = max(math.ceil(clocks / _MOST_STEPS), 1)
            steps = max(round(clocks / prescale), 1)
        else:
            prescale = max(round(clocks / steps), 1)
        if prescale > _MOST_STEPS:
            raise Thrown("bad PWM period or steps")
        self.steps = steps
        self.period_s = steps * prescale / _TIMER_HZ
        self._next: Event | None = None
        self.write(duty)

    def write(self, value: float) -> None:
        """New duty, rounded to a step (PIN-WR-01). choice: it begins a new period now."""
        self._on_steps = round(min(max(value, 0.0), 1.0) * self.steps)
        self._play(self.chip.world.now)

    def close(self) -> None:
        """Stop; the level stays as it is."""
        if self._next is not None:
            self._next.cancel()
        self.pad.driver.set(self.pad.driver.drive)

    def _play(self, start_ns: int) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._on_steps in (0, self.steps):
            self.pad.driver.set(strong(self._on_steps))
            return
        period = self.period_s * 1e9
        count = max(int(_AHEAD_NS / period), 4)
        rises = start_ns + np.arange(count) * period
        times = np.stack([rises, rises + period * self._on_steps / self.steps], axis=1).ravel()
        self.pad.driver.play(times.astype(np.int64), np.tile([strong(1), strong(0)], count).astype(np.uint8))
        end = start_ns + round(count * period)
        self._next = self.chip.world.at(end, lambda: self._play(end))


class TriggeredPulse(PinMode):
    """One pulse for every edge of the trigger pin: first the delay, then active (PIN-PT-01).

    An edge that comes during the delay starts it anew (PIN-WR-03). choice: one during the pulse is ignored.

    Args:
        chip: the imp.
        pad: the pin.
        trigger: the trigger's pad.
        delay_s: from edge to pulse, rounded to 1 us.
        on_s: length of the pulse, rounded to 1 us.
        active: level of the pulse.
        previous: delay and length this pin had before, us.
    """

    def __init__(
        self,
        chip: Chip,
        pad: Pad,
        trigger: Pad,
        delay_s: float,
        on_s: float,
        active: int,
        previous: tuple[int, int] | None,
    ) -> None:
        super().__init__(chip, pad)
        self._check(delay_s, on_s)
        self._active = active
        self._delay_us, self._on_us = round(delay_s * 1e6), round(on_s * 1e6)
        self._stale = previous if chip.broken(FIRST_PULSE_OLD) else None
        self._ends = 0
        pad.driver.set(strong(not active))
        self._watch = EdgeWatch(trigger.net, self._trigger)

    @property
    def settings(self) -> tuple[int, int]:
        """Delay and length in us."""
        return self._delay_us, self._on_us

    def write(self, value: float) -> None:
        """New delay in seconds; a pulse under way is finished first (PIN-WR-03)."""
        self._check(value, self._on_us / 1e6)
        self._delay_us = round(value * 1e6)

    def close(self) -> None:
        """No more pulses."""
        self._watch.close()
        self.pad.driver.set(strong(not self._active))

    def _check(self, delay_s: float, on_s: float) -> None:
        if delay_s < 0 or on_s < 0 or delay_s + on_s > _LONGEST_PULSE_S:
            raise Thrown("bad pulse generator timing")  # choice of text

    def _trigger(self, _level: int) -> None:
        now = self.chip.world.now
        idle = strong(not self._active)
        if self.pad.driver.drive != idle:
            return
        (delay, on), self._stale = self._stale or self.settings, None
        start = now + delay * 1000
        self.pad.driver.cut(now)
        values = np.array([strong(self._active), idle], np.uint8)
        self.pad.driver.play(np.array([start, start + on * 1000], np.int64), values)
