"""hardware.pin...: GPIO pins. Facts: api/pin.yaml; the ids in comments are its."""

from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import PIN_MODE
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.pinmode.analog import AnalogIn, AnalogOut, PulseCounter
from benchctl.twin.imp.pinmode.base import PinMode
from benchctl.twin.imp.pinmode.digital import DigitalIn, DigitalOut, is_input, is_output
from benchctl.twin.imp.pinmode.waves import Pwm, TriggeredPulse
from benchctl.twin.imp.values import ANY, FUNCTION, INTEGER, NUMBER, Kind, ObjectRef, Param, Thrown

ONE_DAC = declare(
    "dac-on-one-pin", "mig-imp003-two-dac-pins", "of the DAC pins only A takes ANALOG_OUT", ["imp003"]
)


def pin_of(chip: Chip, reference: ObjectRef) -> Pad:
    """The pad of a pin object a program passed. Raises Thrown for any other object."""
    label = reference.path.removeprefix("hardware.pin")
    if label == reference.path or label not in chip.module.gpio_pins:
        raise Thrown("expected a pin object")  # choice of text
    return chip.pads[label]


class GpioPin(ApiObject):
    """One pin. All pins of an imp share `modes`, by pad label."""

    def __init__(self, chip: Chip, path: str, pad: Pad, modes: dict[str, PinMode]) -> None:
        super().__init__(chip, path)
        self._pad, self._modes = pad, modes
        self._last_counter_s: float | None = None
        self._last_pulse: tuple[int, int] | None = None

    @property
    def _mode(self) -> PinMode | None:
        return self._modes.get(self._pad.pin.name)

    @property
    def armed(self) -> bool:
        """A callback may still come."""
        return self._mode is not None and self._mode.armed

    def available(self) -> dict[str, Method]:
        """getsteps() is missing on pins without PWM (PIN-GS-E1)."""
        methods = super().available()
        if not self._can_pwm():
            methods.pop("getsteps")
        return methods

    @api(
        "configure",
        Param("pinType", INTEGER),
        Param("a", ANY, None),
        Param("b", ANY, None),
        Param("c", ANY, None),
    )
    def configure(self, mode: int, *arguments: Any) -> None:
        """Give the pin a mode, taking it from whatever used it. Throws when it cannot (PIN-CFG-E1)."""
        pad, given = self._pad, list(arguments)
        from_bus = pad.owner is not None and pad.owner is not self
        self._require(mode)
        pad.claim(self, self._lost)
        old = self._modes.pop(pad.pin.name, None)
        if old is not None:
            old.close()
        try:
            self._modes[pad.pin.name] = self._make(mode, given, from_bus)
        except Thrown:
            pad.release(self)
            raise

    @api("read")
    def read(self) -> Any:
        """The level, the ADC reading, or the pulses counted (PIN-RD-01 to -04)."""
        return self._mode.read() if self._mode is not None else self._pad.level()

    @api("write", Param("value", NUMBER))
    def write(self, value: float) -> None:
        """Set the level, duty, voltage or pulse delay."""
        if self._mode is None:
            raise Thrown("pin is not configured")  # choice
        self._mode.write(value)

    @api("getdelay")
    def getdelay(self) -> float:
        """Delay of the pulse generator after rounding, s (PIN-GD-E1)."""
        if not isinstance(self._mode, TriggeredPulse):
            raise Thrown("pin is not in PTPG mode")
        return self._mode.settings[0] / 1e6

    @api("getperiod")
    def getperiod(self) -> float:
        """PWM period, or on-period of the pulse generator, after rounding, s (PIN-GP-E1)."""
        if isinstance(self._mode, Pwm):
            return self._mode.period_s
        if isinstance(self._mode, TriggeredPulse):
            return self._mode.settings[1] / 1e6
        raise Thrown("pin is not in PWM or PTPG mode")

    @api("getsteps")
    def getsteps(self) -> int:
        """PWM steps in use, 0 in any other mode."""
        return self._mode.steps if isinstance(self._mode, Pwm) else 0

    @api("disable")
    def disable(self) -> None:
        """Back to the power-on state; no effect while a bus uses the pin (PIN-DIS-01, -02)."""
        if self._pad.owner is not self:
            return
        mode = self._modes.pop(self._pad.pin.name, None)
        if mode is not None:
            mode.close()
        self._pad.reset()

    def squirrel_stopped(self) -> None:
        """choice: every pin but a running PWM goes back to its power-on state."""
        if self._mode is not None and not self._mode.outlives_program:
            self.disable()

    def powered_off(self) -> None:
        """Nothing survives."""
        mode = self._modes.pop(self._pad.pin.name, None)
        if mode is not None:
            mode.close()
        self._last_counter_s = self._last_pulse = None

    def _lost(self) -> None:
        mode = self._modes.pop(self._pad.pin.name, None)
        if mode is not None:
            mode.close()

    def _can_pwm(self) -> bool:
        # PWM on the imp005 came with impOS 36 (modules/imp005.yaml).
        if self.chip.module.name == "imp005" and not self.chip.release.since(36):
            return False
        return self._pad.pin.pwm is not False

    def _require(self, mode: int) -> None:
        pin = self._pad.pin
        # choice: what no source says a pin has or has not, it has
        can = {
            PIN_MODE["DIGITAL_IN_WAKEUP"]: pin.wake,
            PIN_MODE["ANALOG_IN"]: pin.adc,
            PIN_MODE["ANALOG_OUT"]: pin.dac and (pin.name == "A" or not self.chip.broken(ONE_DAC)),
            PIN_MODE["PWM_OUT"]: self._can_pwm(),
            PIN_MODE["PWM_OUT_STEPS"]: self._can_pwm(),
            PIN_MODE["PULSE_COUNTER"]: pin.pulse_counter,
        }
        if mode not in PIN_MODE.values() or can.get(mode) is False:
            raise Thrown("pin does not support this mode")  # choice of text

    def _make(self, mode: int, given: list[Any], from_bus: bool) -> PinMode:
        chip, pad = self.chip, self._pad
        if is_output(mode):
            return DigitalOut(chip, pad, mode, _given(given, 0, INTEGER, None), from_bus=from_bus)
        if is_input(mode):
            callback = _given(given, 0, FUNCTION, None)
            if callback is not None and pad.pin.state_change is False:
                raise Thrown("pin does not support state change callbacks")  # choice
            return DigitalIn(chip, pad, mode, callback)
        if mode == PIN_MODE["ANALOG_IN"]:
            return AnalogIn(chip, pad, sum(isinstance(m, AnalogIn) for m in self._modes.values()))
        if mode == PIN_MODE["ANALOG_OUT"]:
            return AnalogOut(chip, pad, _given(given, 0, NUMBER, 0.0))
        if mode == PIN_MODE["PULSE_COUNTER"]:
            counter = PulseCounter(chip, pad, _given(given, 0, NUMBER), self._last_counter_s)
            self._last_counter_s = self._last_counter_s or counter.window_s
            return counter
        if mode in (PIN_MODE["PWM_OUT"], PIN_MODE["PWM_OUT_STEPS"]):
            steps = _given(given, 2, INTEGER) if mode == PIN_MODE["PWM_OUT_STEPS"] else None
            return Pwm(chip, pad, _given(given, 0, NUMBER), _given(given, 1, NUMBER, 0.0), steps)
        return self._pulse(mode, given)

    def _pulse(self, mode: int, given: list[Any]) -> TriggeredPulse:
        trigger = given[0]
        if not isinstance(trigger, ObjectRef):
            raise Thrown("expected a pin object")
        source = pin_of(self.chip, trigger)
        if self._pad.pin.name not in (source.pin.ptpg_trigger_for or ()):
            raise Thrown("pin cannot be triggered by that pin")  # PIN-PT-06; the text is a choice
        active = int(mode == PIN_MODE["PTPG_OUT_ACTIVE_HIGH"])
        delay, on = _given(given, 1, NUMBER), _given(given, 2, NUMBER)
        pulse = TriggeredPulse(self.chip, self._pad, source, delay, on, active, self._last_pulse)
        self._last_pulse = pulse.settings
        return pulse


def _given(given: list[Any], index: int, kind: Kind, default: Any = ...) -> Any:
    """An argument after the mode, checked."""
    value = given[index]
    if value is None and default is not ...:
        return default
    return Param("argument", kind).check(value, index + 2)
