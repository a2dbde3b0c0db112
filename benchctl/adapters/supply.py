"""DUT supply and reset through a hub port or a digital line."""

from benchctl.buses.gpio import Gpio
from benchctl.buses.power import Power, Reset
from benchctl.buses.usb import UsbPort


class HubPower(Power):
    """The supply is VBUS of a hub port."""

    def __init__(self, port: UsbPort) -> None:
        self._port = port

    def on(self) -> None:
        """Switch the port on."""
        self._port.power(True)

    def off(self) -> None:
        """Switch the port off."""
        self._port.power(False)


class LinePower(Power):
    """A line enables the supply when at its active level; it is driven at the other level when off."""

    def __init__(self, line: Gpio, *, active_high: bool) -> None:
        self._line, self._active = line, active_high

    def on(self) -> None:
        """Drive the line to its active level."""
        self._line.drive(self._active)

    def off(self) -> None:
        """Drive the line to its inactive level."""
        self._line.drive(not self._active)


class LineReset(Reset):
    """A line holds the imp in reset while at its active level, and is let go of otherwise.

    It is never driven to the inactive level: somebody may press the board's reset button.
    """

    def __init__(self, line: Gpio, *, active_high: bool) -> None:
        self._line, self._active = line, active_high

    def hold(self) -> None:
        """Drive the line to its active level."""
        self._line.drive(self._active)

    def release(self) -> None:
        """Let the pull resistor take the line to its inactive level."""
        self._line.release()
