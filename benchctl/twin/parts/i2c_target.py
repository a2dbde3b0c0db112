"""The bits of an I²C target: START and STOP, addressing, bytes in and out, acknowledgement."""

from abc import ABC, abstractmethod
from enum import Enum, auto

import numpy as np

from benchctl.twin.parts.supply import Supply
from benchctl.twin.wires.clocked import Bits, ClockNet, ClockWatch
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive

ACK_SLOT = 8  # the ninth clock of a byte


class Phase(Enum):
    """What the bits of the bus are to a target."""

    IDLE = auto()
    ADDRESS = auto()
    WRITE = auto()
    READ = auto()


class I2cTarget(ABC):
    """A target with 7-bit addresses.

    START and STOP are found from SDA moving while SCL is high, data from trains of clock pulses or from
    single edges of SCL.

    Args:
        name: of its pins.
        scl: the clock.
        sda: data and acknowledgement.
        vcc: supply pin, None when it is always on. Without supply it does not see the bus.
    """

    samples_rising = True

    def __init__(self, name: str, scl: ClockNet, sda: Net, vcc: Net | None = None) -> None:
        self.world = scl.world
        self.data_in = sda
        self.data_out = sda.driver(name)
        self._scl = scl
        self._phase = Phase.IDLE
        self._slot = 0
        self._shift = 0
        self._ack = False
        self._watching: tuple[EdgeWatch, EdgeWatch] | None = None  # SDA, SCL
        self.supply = Supply(vcc)
        self.supply.listen(self._supply_changed)
        self._attend(self.supply.on)

    def power_off(self) -> None:
        """Lose power."""
        self.let_go()

    def _supply_changed(self, on: bool) -> None:
        if not on:
            self.power_off()
        self._attend(on)

    def _attend(self, on: bool) -> None:
        """Watch the lines, or not: without supply their edges need not be followed one by one."""
        if on and self._watching is None:
            self._watching = (EdgeWatch(self.data_in, self._sda_edge), ClockWatch(self._scl, self._scl_edge))
            self._scl.targets.append(self)
        elif not on and self._watching is not None:
            for watch in self._watching:
                watch.close()
            self._watching = None
            self._scl.targets.remove(self)

    @abstractmethod
    def addressed(self, address: int, read: bool) -> bool:
        """An address byte came after a START; True to acknowledge it and be the one spoken to."""

    @abstractmethod
    def written(self, value: int) -> bool:
        """A data byte came; True to acknowledge it."""

    @abstractmethod
    def next_byte(self) -> int:
        """The next byte to be read."""

    @abstractmethod
    def started(self) -> None:
        """START, or a repeated one."""

    @abstractmethod
    def stopped(self, whole_bytes: bool) -> None:
        """STOP; `whole_bytes` is False in the middle of a byte."""

    def let_go(self) -> None:
        """Release SDA and wait for a START."""
        self._phase = Phase.IDLE
        self.data_out.set(Drive.Z)

    def clock(self, bits: Bits) -> Bits | None:
        """Take part in a train of pulses."""
        self.world.at(self._scl.train_end_ns, self._show)
        if self._phase is Phase.IDLE:
            return None
        offered = np.empty(len(bits), np.uint8)
        for index, bit in enumerate(bits.tolist()):
            offered[index] = self._offer()
            self._sample(bit)
        return offered

    def _offer(self) -> int:
        """The level at the coming pulse; 1 is released."""
        if self._phase is Phase.READ and self._slot < ACK_SLOT:
            return self._shift >> (7 - self._slot) & 1
        acknowledges = self._phase in (Phase.ADDRESS, Phase.WRITE) and self._slot == ACK_SLOT
        return 0 if acknowledges and self._ack else 1

    def _sample(self, bit: int) -> None:
        if self._phase is Phase.IDLE:
            return
        if self._slot < ACK_SLOT:
            if self._phase is not Phase.READ:
                self._shift = (self._shift << 1 | bit) & 0xFF
            self._slot += 1
            if self._slot == ACK_SLOT:
                self._byte_in()
            return
        self._slot = 0
        if self._phase is Phase.READ:
            goes_on, reads = not bit, True
        else:
            goes_on, reads = self._ack, self._phase is Phase.ADDRESS and bool(self._shift & 1)
        if not goes_on:
            self._phase = Phase.IDLE
        elif reads:
            self._phase, self._shift = Phase.READ, self.next_byte()
        else:
            self._phase = Phase.WRITE

    def _byte_in(self) -> None:
        if self._phase is Phase.ADDRESS:
            self._ack = self.addressed(self._shift >> 1, bool(self._shift & 1))
        elif self._phase is Phase.WRITE:
            self._ack = self.written(self._shift)

    def _show(self) -> None:
        """Put out the level of the coming pulse, SCL being low."""
        self.data_out.set(Drive.Z if self._offer() else Drive.LOW)
        if self._watching is not None:
            self._watching[0].catch_up()

    def _scl_edge(self, level: int) -> None:
        if level:
            self._sample(self.data_in.level())
        else:
            self._show()

    def _sda_edge(self, level: int) -> None:
        in_train = self._scl.train.start_ns <= self.world.now < self._scl.train_end_ns
        if in_train or not self._scl.level():
            return
        if level:
            # The rise of SCL that begins a STOP looked like the first bit of another byte.
            self.stopped(self._slot <= 1)
            self._phase = Phase.IDLE
        else:
            self.started()
            self._phase = Phase.ADDRESS
        self._slot = self._shift = 0
