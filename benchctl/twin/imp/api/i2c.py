"""hardware.i2c...: I2C controllers. Facts: api/i2c.yaml; the ids in comments are its."""

from collections.abc import Generator
from enum import IntEnum

import numpy as np

from benchctl.dut.modules.buses import I2c
from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import api
from benchctl.twin.imp.api.bus import PinnedBus
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.values import INTEGER, STRING, Param, Thrown, as_string
from benchctl.twin.wires.clocked import Bits, Train, exchange
from benchctl.twin.wires.net import Driver
from benchctl.twin.wires.timeline import Drive

_SLOWEST_HZ = 10_000
_STRETCH_NS = 25_000_000  # choice: how long SCL may be held low (I2C-SEM-07)
_POLL_NS = 10_000

READ_ERROR_ZERO = declare(
    "i2c-readerror-zero", "r30-i2c-readerror", "readerror() is 0 after a read that failed"
)
WRITE_ALWAYS_OK = declare(
    "i2c-write-always-ok", "r30-i2c-write-error-codes", "write() returns 0 when nobody acknowledged"
)
DISABLE_HOLDS = declare("i2c-disable-holds-lines", "r30-i2c-disable", "disable() leaves both lines low")


class I2cError(IntEnum):
    """Result codes (error_codes, api/i2c.yaml)."""

    NONE = 0
    MASTER_SELECT = -1
    TRANSMIT_SELECT = -2
    BTF = -4
    ADDR_CLEAR = -6
    NACKED = -9
    RESELECT = -12
    NOT_ENABLED = -13


class _Failed(Exception):  # noqa: N818 -- an outcome of a transaction
    def __init__(self, code: I2cError) -> None:
        self.code = code
        super().__init__(code)


class I2cPort(PinnedBus):
    """One I2C controller. A transaction blocks for exactly its time on the bus."""

    def __init__(self, chip: Chip, path: str, i2c: I2c) -> None:
        super().__init__(chip, path, i2c.pins)
        self._speeds = sorted(i2c.speeds_hz)
        self._stretches = i2c.clock_stretching is not False
        # The imp005 knows only two codes (I2C-SEM-02); the others answer as
        # STM32 parts do (I2C-SEM-04 to -06).
        self._few_codes = chip.module.name == "imp005"
        self._hz = _SLOWEST_HZ
        self._read_error = I2cError.NONE

    @api("configure", Param("clockSpeed", INTEGER))
    def configure(self, hz: int) -> None:
        """Set the clock and enable the port. choice: another speed is rounded down to one there is."""
        self._hz = max((speed for speed in self._speeds if speed <= hz), default=self._speeds[0])
        self.take("scl", "sda")
        for role in ("scl", "sda"):
            self.pad(role).driver.set(Drive.Z)

    @api(
        "read",
        Param("deviceAddress", INTEGER),
        Param("registerAddress", STRING),
        Param("numberOfBytes", INTEGER),
    )
    def read(self, address: int, register: str, count: int) -> Generator[int, None, str | None]:
        """Write the register address, if any, then read; null on error (I2C-RD-01).

        choice: reading no bytes only addresses the target, and any length goes that fits (I2C-RD-03).
        choice: bit 0 of an address and those above bit 7 do not count.
        """
        if count < 0:
            raise Thrown("bad length")  # choice
        self.chip.room_for(count)
        self._read_error = I2cError.NONE
        try:
            data = yield from self._read(address, register.encode("latin-1"), count)
        except _Failed as failed:
            self._read_error = failed.code
            return None
        return as_string(data)

    @api("write", Param("deviceAddress", INTEGER), Param("registerPlusData", STRING))
    def write(self, address: int, data: str) -> Generator[int, None, int]:
        """Write; 0 or an error code."""
        try:
            yield from self._start(repeated=False)
            yield from self._acknowledged(address & 0xFE, I2cError.TRANSMIT_SELECT)
            yield from self._send(data.encode("latin-1"))
            yield from self._stop()
        except _Failed as failed:
            return 0 if self.chip.broken(WRITE_ALWAYS_OK) else int(failed.code)
        return 0

    @api("readerror", since=(30, 0))
    def readerror(self) -> int:
        """Code of the last read(). choice: write() does not change it (I2C-ERR-02)."""
        return 0 if self.chip.broken(READ_ERROR_ZERO) else int(self._read_error)

    @api("disable", since=(30, 0))
    def disable(self) -> None:
        """Release the lines and stop."""
        if self.chip.broken(DISABLE_HOLDS):
            self._scl.set(Drive.LOW)
            self._sda.set(Drive.LOW)
        self.stop(release=not self.chip.broken(DISABLE_HOLDS))

    def squirrel_stopped(self) -> None:
        """As every bus; the next program has not read yet."""
        super().squirrel_stopped()
        self._read_error = I2cError.NONE

    @property
    def _scl(self) -> Driver:
        return self.pad("scl").driver

    @property
    def _sda(self) -> Driver:
        return self.pad("sda").driver

    @property
    def _third_ns(self) -> int:
        return 10**9 // (3 * self._hz)

    def _read(self, address: int, register: bytes, count: int) -> Generator[int, None, bytes]:
        yield from self._start(repeated=False)
        if register:
            yield from self._acknowledged(address & 0xFE, I2cError.TRANSMIT_SELECT)
            yield from self._send(register)
            yield from self._start(repeated=True)
        yield from self._acknowledged(address | 1, I2cError.ADDR_CLEAR)
        data = bytearray()
        for i in range(count):
            bits = np.ones(9, np.uint8)
            bits[8] = i == count - 1  # the last byte is not acknowledged
            got = yield from self._byte(bits)
            data += np.packbits(got[:8]).tobytes()
        yield from self._stop()
        return bytes(data)

    def _send(self, data: bytes) -> Generator[int, None, None]:
        for byte in data:
            yield from self._acknowledged(byte, I2cError.NACKED)

    def _acknowledged(self, byte: int, code: I2cError) -> Generator[int, None, None]:
        bits = np.append(np.unpackbits(np.array([byte & 0xFF], np.uint8)), np.uint8(1))
        got = yield from self._byte(bits)
        if got[8]:
            yield from self._stop()
            raise _Failed(self._code(code))

    def _code(self, code: I2cError) -> I2cError:
        return I2cError.NACKED if self._few_codes else code

    def _byte(self, bits: Bits) -> Generator[int, None, Bits]:
        """Nine clock pulses; the levels of SDA at each."""
        yield from self._wait_for_clock()
        train = Train(self.world.now, 10**15 // self._hz, three_phase=True)
        got = exchange(
            self._scl,
            train,
            9,
            out=self._sda,
            bits=bits,
            read=self._sda.net,
            launch_rising=False,
            sample_rising=True,
            open_drain=True,
        )
        yield train.end_ns(9)
        return got

    def _wait_for_clock(self) -> Generator[int, None, None]:
        """Let a target hold SCL low, where the module can (I2C-SEM-03)."""
        deadline = self.world.now + _STRETCH_NS
        while self._stretches and _held_low(self._scl):
            if self.world.now >= deadline:
                self._let_go()
                raise _Failed(I2cError.BTF)
            yield self.world.now + _POLL_NS

    def _start(self, *, repeated: bool) -> Generator[int, None, None]:
        if not self.configured:
            raise _Failed(I2cError.NOT_ENABLED)  # I2C-SEM-01
        if repeated:
            self._sda.set(Drive.Z)
            yield self.world.now + self._third_ns
            self._scl.set(Drive.Z)
            yield self.world.now + self._third_ns
        if not (self._scl.net.level() and self._sda.net.level()):
            self._let_go()
            # I2C-SEM-06; error_codes of api/i2c.yaml has another for the repeated start.
            raise _Failed(self._code(I2cError.RESELECT if repeated else I2cError.MASTER_SELECT))
        self._sda.set(Drive.LOW)
        yield self.world.now + self._third_ns
        self._scl.set(Drive.LOW)
        yield self.world.now + self._third_ns

    def _stop(self) -> Generator[int, None, None]:
        self._sda.set(Drive.LOW)
        yield self.world.now + self._third_ns
        self._scl.set(Drive.Z)
        yield self.world.now + self._third_ns
        self._sda.set(Drive.Z)
        yield self.world.now + self._third_ns

    def _let_go(self) -> None:
        self._scl.set(Drive.Z)
        self._sda.set(Drive.Z)


def _held_low(driver: Driver) -> bool:
    return any(other is not driver and other.drive == Drive.LOW for other in driver.net.drivers)
