"""An RS485 transceiver: driver with enable, receiver, and the delays between them."""

import numpy as np

from benchctl.twin.parts.supply import Supply
from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive, Times, Values


def add_bias(bus: Net) -> None:
    """Make the receivers on a bus read an undriven pair as mark, as fail-safe ones do."""
    bus.pull("fail-safe", high=True)


class Rs485:
    """A half-duplex transceiver. The bus is one wire here: high is mark (A above B), and two drivers that
    disagree are found by its `contention`.

    Waves pass as a whole and follow later changes: DE falling in mid-frame cuts the frame on the bus.

    Args:
        name: of its pins.
        bus: the pair A and B.
        di: driver input, None for tied high (mark).
        de: driver enable, None for tied low.
        re: receiver enable, active low, None for tied low.
        ro: receiver output, None for left open.
        vcc: supply pin, None when it is always on. Without supply it leaves the bus and RO alone.
        enable_ns: from DE high to a driven bus.
        disable_ns: from DE low to a released bus.
        propagation_ns: from DI to the bus, from the bus to RO, and from RE to RO.
    """

    def __init__(
        self,
        name: str,
        bus: Net,
        *,
        di: Net | None = None,
        de: Net | None = None,
        re: Net | None = None,
        ro: Net | None = None,
        vcc: Net | None = None,
        enable_ns: int,
        disable_ns: int,
        propagation_ns: int,
    ) -> None:
        self.bus = bus
        self._di, self._de, self._re = di, de, re
        self._enable_ns, self._disable_ns, self._propagation_ns = enable_ns, disable_ns, propagation_ns
        self._driver: Driver | None = None
        self._output: Driver | None = None
        if de is not None:
            self._driver = bus.driver(f"{name}.BUS")
            for net in filter(None, (di, de)):
                net.listen(self._drive)
        if ro is not None:
            self._output = ro.driver(f"{name}.RO")
            for net in filter(None, (re, bus)):
                net.listen(self._receive)
        self._supply = Supply(vcc)
        self._supply.listen(self._supply_changed)
        self._supply_changed(self._supply.on)

    def _supply_changed(self, on: bool) -> None:
        if not on:
            for driver in filter(None, (self._driver, self._output)):
                driver.set(Drive.Z)
            return
        now = self.bus.world.now
        self._drive(now)
        self._receive(now)

    def _drive(self, t_ns: int) -> None:
        """Plan the bus for what DI and DE do from `t_ns` on."""
        if self._driver is None or not self._supply.on:
            return
        start = t_ns + min(self._enable_ns, self._disable_ns, self._propagation_ns)
        enabled_at, enabled = self._enabled(t_ns)
        data_at, data = _delayed(self._di, t_ns, self._propagation_ns, idle=1)
        times = np.unique(np.concatenate([[start], enabled_at, data_at]))
        times = times[times >= start]
        level = _held(data_at, data, times)
        values = np.where(_held(enabled_at, enabled, times), np.where(level, Drive.HIGH, Drive.LOW), Drive.Z)
        self._driver.follow(times, values.astype(np.uint8))

    def _receive(self, t_ns: int) -> None:
        """Plan RO for what the bus and RE do from `t_ns` on."""
        if self._output is None or not self._supply.on:
            return
        delay = self._propagation_ns
        bus_at, bus = _delayed(self.bus, t_ns, delay, idle=1)
        silent_at, silent = _delayed(self._re, t_ns, delay, idle=0)
        times = np.unique(np.concatenate([[t_ns + delay], bus_at, silent_at]))
        times = times[times >= t_ns + delay]
        level = np.where(_held(bus_at, bus, times), Drive.HIGH, Drive.LOW)
        values = np.where(_held(silent_at, silent, times), Drive.Z, level)
        self._output.follow(times, values.astype(np.uint8))

    def _enabled(self, t_ns: int) -> tuple[Times, Values]:
        """When the bus driver turns on and off; a change that overtakes the one before cancels it."""
        assert self._de is not None
        since = t_ns - max(self._enable_ns, self._disable_ns)
        edges = self._de.edges(since, self._de.horizon_ns + 1)
        times, levels = [since], [edges.initial]
        for edge_ns, level in zip(edges.times.tolist(), edges.levels.tolist(), strict=True):
            arrival = edge_ns + (self._enable_ns if level else self._disable_ns)
            if len(times) > 1 and arrival <= times[-1]:
                times.pop()
                levels.pop()
            else:
                times.append(arrival)
                levels.append(level)
        return np.array(times, np.int64), np.array(levels, np.uint8)


def _delayed(net: Net | None, t_ns: int, delay_ns: int, idle: int) -> tuple[Times, Values]:
    """Steps of a wire from `t_ns` on, `delay_ns` later; a wire that is not there stays at `idle`."""
    if net is None:
        return np.array([t_ns], np.int64), np.array([idle], np.uint8)
    edges = net.edges(t_ns - 1, net.horizon_ns + 1)
    first = np.array([t_ns - 1], np.int64)
    levels = np.concatenate((np.array([edges.initial], np.uint8), edges.levels))
    return np.concatenate((first, edges.times)) + delay_ns, levels


def _held(step_times: Times, values: Values, times: Times) -> Values:
    """The step function's value at each time."""
    return values[np.maximum(step_times.searchsorted(times, "right") - 1, 0)]
