"""An I²C target that makes trouble when a bench line tells it to."""

import numpy as np

from benchctl.twin.parts.i2c_target import ACK_SLOT, I2cTarget, Phase
from benchctl.twin.parts.supply import Supply
from benchctl.twin.wires.clocked import Bits, ClockNet
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive

_FS = 1_000_000


class I2cTrouble(I2cTarget):
    """Remembers what was last written to it and sends it back, over and over.

    Args:
        address: its 7-bit address.
        nack_at: which byte it refuses while `nack` is high; 0 is the address.
        nack: line that makes it refuse that byte, None when tied low.
        hold_sda: line that, while high, makes it hold SDA low.
        hold_scl: line that, while high, makes it hold SCL low.
        stretch: line that, while high, makes it stretch the clock before and after each acknowledgement.
        stretch_ns: for how long each time.
        vcc: supply pin, None when it is always on.
    """

    def __init__(
        self,
        name: str,
        scl: ClockNet,
        sda: Net,
        *,
        address: int,
        nack_at: int = 1,
        nack: Net | None = None,
        hold_sda: Net | None = None,
        hold_scl: Net | None = None,
        stretch: Net | None = None,
        stretch_ns: int = 100_000,
        vcc: Net | None = None,
    ) -> None:
        self._stretch, self._stretch_ns = stretch, stretch_ns
        self._stretcher = scl.driver(f"{name} stretch")
        self._stretched_ns = 0  # until then
        super().__init__(name, scl, sda, vcc)
        self._address, self._nack_at, self._nack = address, nack_at, nack
        self._count = 0
        self._kept = bytearray()
        self._position = 0
        for line, wire in ((hold_sda, sda), (hold_scl, scl)):
            if line is not None:
                _Holder(f"{name} hold", line, wire, self.supply)

    def started(self) -> None:
        """Count bytes from the address on."""
        self._count = 0

    def addressed(self, address: int, read: bool) -> bool:
        """Acknowledge the own address unless told not to."""
        if address != self._address:
            return False
        if read:
            self._position = 0
        else:
            self._kept.clear()
        return self._agrees()

    def written(self, value: int) -> bool:
        """Keep a byte unless told to refuse it."""
        agrees = self._agrees()
        if agrees:
            self._kept.append(value)
        return agrees

    def next_byte(self) -> int:
        """What was written, over and over; FFh when that was nothing."""
        if not self._kept:
            return 0xFF
        self._position += 1
        return self._kept[(self._position - 1) % len(self._kept)]

    def stopped(self, whole_bytes: bool) -> None:
        """Nothing to finish."""

    def let_go(self) -> None:
        """Release both lines."""
        super().let_go()
        self._stretcher.set(Drive.Z)

    def clock(self, bits: Bits) -> Bits | None:
        """A pulse that ends while this target holds SCL low was none."""
        train = self._scl.train
        ends_fs = train.start_ns * _FS + train.pulse_starts(len(bits)) + train.pulse_fs[1]
        lost = int((ends_fs <= self._stretched_ns * _FS).sum())
        shown = np.full(lost, self._offer(), np.uint8)
        offered = super().clock(bits[lost:])
        return None if offered is None else np.concatenate((shown, offered))

    def _show(self) -> None:
        super()._show()
        spoken_to = self._phase in (Phase.READ, Phase.WRITE) or (self._slot == ACK_SLOT and self._ack)
        if spoken_to and self._slot in (0, ACK_SLOT) and self._stretch is not None and self._stretch.level():
            now = self.world.now
            self._stretched_ns = now + self._stretch_ns
            self._stretcher.play(
                np.array([now, self._stretched_ns]), np.array([Drive.LOW, Drive.Z], np.uint8)
            )

    def _agrees(self) -> bool:
        refuses = self._nack is not None and self._nack.level() and self._count == self._nack_at
        self._count += 1
        return not refuses


class _Holder:
    """Pulls a wire low while a line is high."""

    def __init__(self, name: str, line: Net, wire: Net, supply: Supply) -> None:
        self._driver, self._supply = wire.driver(name), supply
        self._follow(line.level())
        EdgeWatch(line, self._follow)
        supply.listen(lambda _on: self._follow(line.level()))

    def _follow(self, level: int) -> None:
        self._driver.set(Drive.LOW if level and self._supply.on else Drive.Z)
