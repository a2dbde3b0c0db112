"""What gpio lines of the bench stand for beyond supply and reset."""

from benchctl.buses.gpio import Gpio
from benchctl.buses.power import Power, Reset
from benchctl.errors import NotEquippedError


class ByHand(Power):
    """A rig whose imp is supplied by hand: it is on whenever somebody uses the bench."""

    def on(self) -> None:
        """The imp is on already."""

    def off(self) -> None:
        """Raises NotEquippedError."""
        raise NotEquippedError(
            "power switch", "wire the supply to a hub port or a gpio line and name it under `power`"
        )


class NoReset(Reset):
    """A rig without a wire to the imp's reset."""

    def hold(self) -> None:
        """Raises NotEquippedError."""
        raise NotEquippedError("reset line", "wire the imp's reset to a gpio line and name it under `reset`")

    def release(self) -> None:
        """The imp runs already."""


class SwitchablePull:
    """A resistor from a net to a bench line: pulls to the level the line is driven to."""

    def __init__(self, line: Gpio, ohms: float) -> None:
        self._line, self.ohms = line, ohms

    def to(self, level: bool) -> None:
        """Pull the net high or low."""
        self._line.drive(level)

    def off(self) -> None:
        """Let go of the net."""
        self._line.release()
