"""Pins of an FTDI chip: each on a net of the bench, or alone on one of its own."""

from collections.abc import Mapping, Sequence

from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive, strong
from benchctl.twin.world import World


class Pin:
    """One pin with its output driver and its weak pull-up.

    FTDI I/O pins have internal pull-ups when they are inputs: 75 kΩ on the H series (DS_FT2232H, DS_FT4232H,
    DS_FT232H: table "I/O pins DC characteristics"), 200 kΩ on the FT232R (DS_FT232R, section 3). They are
    there while the chip has power, and lose against any pull resistor to ground on the board.
    """

    def __init__(self, world: World, chip: str, name: str, net: Net | None) -> None:
        self.name = name
        self.net = net if net is not None else ClockNet(world, f"{chip}.{name}")
        self.driver = self.net.driver(f"{chip}.{name}")
        self._pull = self.net.driver(f"{chip}.{name} pull-up")

    def power(self, on: bool) -> None:
        """Give the pin its pull-up, or take everything from it."""
        self._pull.set(Drive.WEAK_HIGH if on else Drive.Z)
        if not on:
            self.driver.set(Drive.Z)

    def release(self) -> None:
        """Stop driving."""
        self.driver.set(Drive.Z)

    def drive(self, level: int | bool) -> None:
        """Drive a level from now on."""
        self.driver.set(strong(level))

    def level(self) -> int:
        """The level on the wire now."""
        return self.net.level()


class PinBank:
    """The pins of one channel: `low` is D0..D7, `high` C0..C7 where the chip has them."""

    def __init__(
        self, world: World, chip: str, low: Sequence[str], high: Sequence[str], nets: Mapping[str, Net]
    ) -> None:
        self.low = [Pin(world, chip, name, nets.get(name)) for name in low]
        self.high = [Pin(world, chip, name, nets.get(name)) for name in high]

    @property
    def all(self) -> list[Pin]:
        """Every pin."""
        return self.low + self.high

    def find(self, name: str) -> Pin:
        """A pin by its name.

        Raises:
            KeyError: the channel has no such pin.
        """
        for pin in self.all:
            if pin.name == name:
                return pin
        raise KeyError(name)

    def release(self) -> None:
        """Stop driving all of them."""
        for pin in self.all:
            pin.release()


def levels(pins: Sequence[Pin]) -> int:
    """Levels of up to eight pins as a byte, the first pin in bit 0."""
    return sum(pin.level() << i for i, pin in enumerate(pins))
