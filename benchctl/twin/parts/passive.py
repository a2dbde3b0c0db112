"""Parts without behaviour of their own: a resistor between two wires, a steady voltage."""

import numpy as np

from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive


class Resistor:
    """What drives one end strongly pulls the other. Pulls at one end do not reach through to the other."""

    def __init__(self, name: str, one: Net, other: Net) -> None:
        ends = one.driver(f"{name}.1"), other.driver(f"{name}.2")
        for near, far in (ends, ends[::-1]):
            self._follow(near, far)

    def _follow(self, near: Driver, far: Driver) -> None:
        def changed(t_ns: int) -> None:
            others = [driver for driver in near.net.drivers if driver is not near]
            steps = [np.array([t_ns], np.int64)] + [d.timeline.times for d in others]
            times = np.unique(np.concatenate(steps))
            times = times[times >= t_ns]
            drive = np.zeros(len(times), np.uint8)
            for driver in others:
                np.maximum(drive, driver.timeline.sample(times), out=drive)
            pulls = np.full(len(times), Drive.Z, np.uint8)
            pulls[drive == Drive.HIGH] = Drive.PULL_HIGH
            pulls[drive == Drive.LOW] = Drive.PULL_LOW
            far.follow(times, pulls)

        near.net.listen(changed)
        changed(near.net.world.now)


class AnalogSource:
    """A steady voltage on a wire, for an ADC pin; digital inputs see it against half the supply.

    Attributes:
        volts: may be changed at any time.
    """

    def __init__(self, name: str, net: Net, volts: float, supply_volts: float) -> None:
        self.volts = volts
        net.analog_volts = lambda _t_ns: self.volts
        net.driver(f"{name}.OUT").set(Drive.PULL_HIGH if volts > supply_volts / 2 else Drive.PULL_LOW)
