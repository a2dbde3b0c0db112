"""Digital outputs and inputs. Facts: api/pin.yaml."""

from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import PIN_MODE
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.pinmode.base import PinMode
from benchctl.twin.imp.values import Closure
from benchctl.twin.wires.net import EdgeWatch
from benchctl.twin.wires.timeline import Drive

GLITCH_NS = 2_000

STARTS_LOW = declare(
    "pin-starts-low",
    "r30-digital-out-initial-state",
    "a DIGITAL_OUT pin is low for 2 us before it takes its starting state",
)
DEFAULT_HIGH = declare(
    "pin-default-high", "r30-digital-out-default-low", "DIGITAL_OUT without a starting state starts high"
)
OD_STARTS_LOW = declare(
    "pin-open-drain-starts-low",
    "r30-digital-out-od-initial-float",
    "an open-drain output pulls low until it is first written, whatever its starting state",
)
TAKEOVER_GLITCH = declare(
    "pin-takeover-glitch",
    "r30-pin-reconfigure-glitch-free",
    "a pin taken from a bus pulses low for 2 us before the output drives it",
)
MISSES_EDGES = declare(
    "pin-q-misses-edges",
    "r34-imp003-pinq-callback-consistent",
    "every fourth state change of pin Q does not call back",
    ["imp003"],
)

_OUTPUTS = {
    PIN_MODE["DIGITAL_OUT"]: (Drive.LOW, Drive.HIGH),
    PIN_MODE["DIGITAL_OUT_OD"]: (Drive.LOW, Drive.Z),
    PIN_MODE["DIGITAL_OUT_OD_PULLUP"]: (Drive.LOW, Drive.WEAK_HIGH),
}
_INPUTS = {
    PIN_MODE["DIGITAL_IN"]: Drive.Z,
    PIN_MODE["DIGITAL_IN_PULLUP"]: Drive.WEAK_HIGH,
    PIN_MODE["DIGITAL_IN_PULLDOWN"]: Drive.WEAK_LOW,
    PIN_MODE["DIGITAL_IN_WAKEUP"]: Drive.WEAK_LOW,  # weak pull-down: pins_in_deep_sleep, modules/imp003.yaml
}


class DigitalOut(PinMode):
    """An output, push-pull or open drain; `start` is its level from the moment it is one (PIN-OUT-01)."""

    def __init__(self, chip: Chip, pad: Pad, mode: int, start: int | None, *, from_bus: bool) -> None:
        super().__init__(chip, pad)
        self._levels = _OUTPUTS[mode]
        first = int(start) if start is not None else int(chip.broken(DEFAULT_HIGH))
        drive = self._levels[first != 0]
        push_pull = mode == PIN_MODE["DIGITAL_OUT"]
        if not push_pull and chip.broken(OD_STARTS_LOW):
            drive = Drive.LOW
        pad.driver.set(drive)
        glitch = TAKEOVER_GLITCH if from_bus else STARTS_LOW
        if push_pull and chip.broken(glitch) and drive != Drive.LOW:
            pad.driver.set(Drive.LOW)
            chip.world.after(GLITCH_NS, lambda: pad.driver.set(drive))

    def write(self, value: float) -> None:
        """choice: everything but 0 is high (PIN-WR-04)."""
        self.pad.driver.set(self._levels[value != 0])


class DigitalIn(PinMode):
    """An input, with a callback at each change of level (PIN-SC-01)."""

    def __init__(self, chip: Chip, pad: Pad, mode: int, callback: Closure | None) -> None:
        super().__init__(chip, pad)
        self.wakes = mode == PIN_MODE["DIGITAL_IN_WAKEUP"]
        pad.driver.set(_INPUTS[mode])
        self._callback, self._posted, self._edges = callback, False, 0
        self._watch = EdgeWatch(pad.net, self._changed) if callback is not None else None

    @property
    def armed(self) -> bool:
        """A callback may still come."""
        return self._callback is not None

    def close(self) -> None:
        """No more callbacks."""
        if self._watch is not None:
            self._watch.close()
        self.chip.runtime.forget(self._callback)

    def _changed(self, _level: int) -> None:
        self._edges += 1
        missed = self.pad.pin.name == "Q" and self._edges % 4 == 0 and self.chip.broken(MISSES_EDGES)
        # choice: while one callback of a pin waits to run, further edges add none (PIN-SC-03, -04)
        if self._callback is not None and not self._posted and not missed:
            self._posted = True
            self.chip.runtime.post(self._callback, self._arguments)

    def _arguments(self) -> list[Any]:
        self._posted = False
        return []


def is_output(mode: int) -> bool:
    """True for the digital output modes."""
    return mode in _OUTPUTS


def is_input(mode: int) -> bool:
    """True for the digital input modes."""
    return mode in _INPUTS
