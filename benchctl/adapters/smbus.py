"""I²C through the kernel's i2c-dev, with combined transfers (I2C_RDWR)."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from smbus2 import I2cFunc, SMBus, i2c_msg

from benchctl.adapters.i2c_checks import ADDRESSES, require_address, require_count
from benchctl.adapters.nodes import explain_node
from benchctl.buses.host import Host
from benchctl.buses.i2c import I2c, I2cNackError
from benchctl.errors import AdapterError, BusTimeoutError, NotEquippedError, UserError

# Of one message (Linux: drivers/i2c/i2c-dev.c).
_LONGEST = 8192
_NACK = frozenset({errno.ENXIO, errno.EREMOTEIO})
# Where Linux shows what the device tree says of a bus; the property is a big-endian 32-bit number.
_RATE = "sys/bus/i2c/devices/{}/of_node/clock-frequency"


class _NoEmptyMessagesError(Exception):
    """The driver has no messages of zero bytes."""


class SmbusI2c(I2c):
    """`I2c` on an i2c-dev node.

    The kernel does not say which byte was refused: `I2cNackError.index` is 0, the address, always.

    Args:
        host: the machine.
        path: the node as in rig files, "/dev/i2c-1".

    Raises:
        AdapterError: it is absent or this user may not open it.
        NotEquippedError: its controller only knows SMBus commands.
    """

    def __init__(self, host: Host, path: str) -> None:
        self._path = path
        self._node = host.device_root / path.lstrip("/")
        self._rate = host.device_root / _RATE.format(self._node.name)
        with self._errors(None):
            self._bus = SMBus(str(self._node))
        if not self._bus.funcs & I2cFunc.I2C:
            self._bus.close()
            raise NotEquippedError(
                f"plain I²C on {path}: its controller only knows SMBus commands",
                "use the bus of another controller, or an FTDI channel",
            )

    def configure(self, hz: float) -> float:
        """The rate the device tree gives the bus, if that is not above `hz`: it cannot be changed from here.

        Raises:
            NotEquippedError: it is above, or nobody knows it.
        """
        rate = int.from_bytes(self._rate.read_bytes(), "big") if self._rate.is_file() else 0
        if not 0 < rate <= hz:
            has = f"it runs at {rate} Hz" if rate else "its rate is not known"
            raise NotEquippedError(
                f"choice of {hz:g} Hz on {self._path}: {has}",
                "set the rate where the bus is configured (Raspberry Pi: dtparam=i2c_arm_baudrate)",
            )
        return float(rate)

    def write(self, address: int, data: bytes) -> None:
        """Write `data`; empty data probes the address, by a read where the driver has no empty messages."""
        try:
            self._transfer(address, i2c_msg.write(require_address(address), list(data)))
        except _NoEmptyMessagesError:
            self.read(address, 1)

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes."""
        answer = i2c_msg.read(require_address(address), require_count(count))
        self._transfer(address, answer)
        return bytes(answer)

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write, repeated start, read."""
        answer = i2c_msg.read(require_address(address), require_count(count))
        self._transfer(address, i2c_msg.write(address, list(data)), answer)
        return bytes(answer)

    def scan(self) -> list[int]:
        """Addresses that acknowledge a read of one byte, which every kernel driver can do."""
        found = []
        for address in ADDRESSES:
            try:
                self.read(address, 1)
            except I2cNackError:
                continue
            found.append(address)
        return found

    def close(self) -> None:
        """Close the node; harmless when already closed."""
        self._bus.close()

    def _transfer(self, address: int, *messages: i2c_msg) -> None:
        longest = max(len(message) for message in messages)
        if longest > _LONGEST:
            raise UserError(f"{longest} bytes are more than i2c-dev moves at once ({_LONGEST})", "split them")
        with self._errors(address):
            try:
                self._bus.i2c_rdwr(*messages)
            except OSError as error:
                if error.errno == errno.EOPNOTSUPP and not longest:
                    raise _NoEmptyMessagesError from error
                raise

    @contextmanager
    def _errors(self, address: int | None) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if address is not None and error.errno in _NACK:
                raise I2cNackError(address, 0) from error
            if error.errno == errno.ETIMEDOUT:
                raise BusTimeoutError(
                    f"{self._path} timed out", "see whether a target holds SCL or SDA low"
                ) from error
            if error.errno == errno.EAGAIN:
                raise AdapterError(
                    f"{self._path} lost arbitration",
                    "keep the imp and other controllers off the bus meanwhile",
                ) from error
            raise explain_node(
                error,
                self._path,
                self._node,
                group="i2c",
                absent="enable I²C (`raspi-config`, `modprobe i2c-dev`)",
            ) from error
