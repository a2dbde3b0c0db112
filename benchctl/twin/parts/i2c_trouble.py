"""An I²C target that makes trouble when a bench line tells it to."""

from benchctl.twin.parts.i2c_target import I2cTarget
from benchctl.twin.parts.supply import Supply
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive


class I2cTrouble(I2cTarget):
    """Remembers what was last written to it and sends it back, over and over.

    Args:
        address: its 7-bit address.
        nack_at: which byte it refuses while `nack` is high; 0 is the address.
        nack: line that makes it refuse that byte, None when tied low.
        hold_sda: line that, while high, makes it hold SDA low.
        hold_scl: line that, while high, makes it hold SCL low.
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
        vcc: Net | None = None,
    ) -> None:
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
