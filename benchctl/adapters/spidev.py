"""SPI through the kernel's spidev, as on a Raspberry Pi."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import spidev

from benchctl.adapters.nodes import explain_node
from benchctl.buses.host import Host
from benchctl.buses.spi import Spi, SpiFormat
from benchctl.errors import AdapterError, UserError

_BUFSIZ = "sys/module/spidev/parameters/bufsiz"
_DEFAULT_BUFSIZ = 4096
_LIBRARY_MAX = 65_535  # py-spidev splits what is longer, and CS does not stay active in between
_NODE = re.compile(r"/dev/spidev(\d+)\.(\d+)")


class SpidevSpi(Spi):
    """`Spi` on a spidev node; its chip select is the node's.

    Args:
        host: the machine.
        path: the node as in rig files, "/dev/spidevB.C".
    """

    def __init__(self, host: Host, path: str) -> None:
        match = _NODE.fullmatch(path)
        if match is None:
            raise UserError(f"{path} is not a spidev node", "give it as /dev/spidev<bus>.<chip select>")
        self._path = path
        self._node = host.device_root / path.lstrip("/")
        bufsiz = host.device_root / _BUFSIZ
        self._max = min(int(bufsiz.read_text()) if bufsiz.is_file() else _DEFAULT_BUFSIZ, _LIBRARY_MAX)
        self._device = spidev.SpiDev()
        with self._errors():
            self._device.open(int(match[1]), int(match[2]))
        self._is_open = True

    @property
    def max_transfer(self) -> int:
        """The driver's `bufsiz`, 65,535 bytes at most: spidev cannot hold CS longer."""
        return self._max

    def configure(self, fmt: SpiFormat) -> float:
        """Set rate and mode; returns the rate asked for: the kernel does not tell the real one."""
        if fmt.mode not in range(4):
            raise UserError(f"there is no SPI mode {fmt.mode}", "use 0, 1, 2 or 3")
        try:
            self._device.mode = fmt.mode
            self._device.lsbfirst = fmt.lsb_first
            self._device.max_speed_hz = int(fmt.hz)
        except OSError as error:
            raise UserError(f"{self._path} cannot do {fmt}: {error}", "try another mode or rate") from error
        return float(self._device.max_speed_hz)

    def exchange(self, write: bytes, read_count: int = 0, *, duplex: bool = False) -> bytes:
        """One message. Half duplex, zeros are clocked out while reading."""
        out = write + bytes(read_count)
        if not out:
            return b""
        if len(out) > self._max:
            raise UserError(
                f"{len(out)} bytes are more than spidev moves at once ({self._max})",
                "split the transfer, or load the spidev module with a larger bufsiz",
            )
        with self._errors():
            # Not xfer2: that one refuses more than 4096 bytes, whatever the driver takes.
            answer = bytes(self._device.xfer3(out))
        if len(answer) != len(out):
            raise AdapterError(f"{self._path} returned {len(answer)} of {len(out)} bytes", "see dmesg")
        return answer if duplex else answer[len(write) :]

    def exchange_many(self, transactions: list[tuple[bytes, int]]) -> list[bytes]:
        """One message for each transaction: spidev has no way to queue them."""
        return [self.exchange(write, read_count) for write, read_count in transactions]

    def close(self) -> None:
        """Close the node; the kernel leaves CS inactive."""
        if self._is_open:
            self._is_open = False
            self._device.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explain_node(
                error,
                self._path,
                self._node,
                group="spi",
                absent="enable SPI (`raspi-config`, or the device tree)",
            ) from error
