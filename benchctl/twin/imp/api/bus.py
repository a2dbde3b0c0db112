"""What SPI and I2C ports share: taking pins, giving them back, stopping with the program."""

from collections.abc import Mapping

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pads import Pad

STAY_CONFIGURED = declare(
    "buses-stay-configured",
    "r30-buses-disabled-when-squirrel-stops",
    "SPI and I2C buses keep driving their pins when Squirrel stops",
)


class PinnedBus(ApiObject):
    """A bus on pins of the module.

    Attributes:
        configured: True from configure() to disable().
    """

    def __init__(self, chip: Chip, path: str, pins: Mapping[str, str]) -> None:
        super().__init__(chip, path)
        self.configured = False
        self._pins = pins

    def pad(self, role: str) -> Pad:
        """The pad in a role."""
        return self.chip.pads[self._pins[role]]

    def take(self, *roles: str) -> None:
        """Take the pins for the bus; those in no role given are let go."""
        for role in self._pins:
            if role in roles:
                self.pad(role).claim(self, self._lost_pin)
            else:
                self.pad(role).release(self)
        self.configured = True

    def stop(self, *, release: bool = True) -> None:
        """No longer configured; the pins are let go."""
        self.configured = False
        if release:
            self.take_back()

    def take_back(self) -> None:
        """Let every pin go (r30-spi-disable, r30-i2c-disable).

        choice: to high impedance, also where the default state is driven.
        """
        for label in self._pins.values():
            pad = self.chip.pads[label]
            if pad.owner is self:
                pad.off()

    def _lost_pin(self) -> None:
        """choice: a bus that another function took a pin from is no longer configured."""
        self.configured = False

    def squirrel_stopped(self) -> None:
        """Buses are disabled when Squirrel stops (SPI-DIS-02, I2C-DIS-02)."""
        self.stop(release=not self.chip.broken(STAY_CONFIGURED))

    def powered_off(self) -> None:
        """Off in any case."""
        self.stop()
