"""spidev and i2c-dev, with the kernel's side replaced where this machine has none."""

import errno
from pathlib import Path
from typing import Any

import pytest
from smbus2 import I2cFunc

from benchctl.adapters import smbus, spidev
from benchctl.adapters.monotonic import MonotonicClock
from benchctl.adapters.smbus import SmbusI2c
from benchctl.adapters.spidev import SpidevSpi
from benchctl.buses.host import Host
from benchctl.buses.i2c import I2cNackError
from benchctl.buses.spi import SpiFormat
from benchctl.errors import AdapterBusyError, AdapterError, BusTimeoutError, NotEquippedError, UserError

HOST = Host(MonotonicClock())


class Kernel:
    """SpiDev whose target inverts what it hears."""

    def __init__(self) -> None:
        self.mode, self.lsbfirst, self.max_speed_hz = 0, False, 0
        self.opened: tuple[int, int] | None = None

    def open(self, bus: int, cs: int) -> None:
        self.opened = bus, cs

    def xfer2(self, data: bytes) -> list[int]:
        if len(data) > 4096:
            raise OverflowError("Argument list size exceeds 4096 bytes.")
        return [byte ^ 0xFF for byte in data]

    def xfer3(self, data: bytes) -> tuple[int, ...]:
        return tuple(byte ^ 0xFF for byte in data)

    def close(self) -> None:
        self.opened = None


@pytest.fixture
def spi(monkeypatch: pytest.MonkeyPatch) -> SpidevSpi:
    monkeypatch.setattr(spidev.spidev, "SpiDev", Kernel)
    return SpidevSpi(HOST, "/dev/spidev1.0")


def test_spidev_transfers(spi: SpidevSpi) -> None:
    assert spi.configure(SpiFormat(1e6, 3)) == 1e6
    assert spi.exchange(b"\x9f", 2) == b"\xff\xff"
    assert spi.exchange(b"\x0f\xf0", duplex=True) == b"\xf0\x0f"
    assert spi.exchange_many([(b"a", 1), (b"", 0)]) == [b"\xff", b""]
    with pytest.raises(UserError, match=r"are more than spidev moves at once \(4096\)"):
        spi.exchange(bytes(4000), 97)
    spi.close()
    spi.close()


def test_spidev_buffer_size_is_the_drivers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spidev.spidev, "SpiDev", Kernel)
    size = tmp_path / "sys/module/spidev/parameters/bufsiz"
    size.parent.mkdir(parents=True)
    host = Host(MonotonicClock(), device_root=tmp_path)
    size.write_text("32768\n")
    spi = SpidevSpi(host, "/dev/spidev0.0")
    assert spi.max_transfer == 32_768
    assert spi.exchange(bytes(5), 32_763) == b"\xff" * 32_763
    size.write_text("131072\n")
    assert SpidevSpi(host, "/dev/spidev0.0").max_transfer == 65_535


def test_absent_nodes() -> None:
    with pytest.raises(AdapterError, match=r"there is no /dev/spidev77\.7"):
        SpidevSpi(HOST, "/dev/spidev77.7")
    with pytest.raises(UserError, match="is not a spidev node"):
        SpidevSpi(HOST, "/dev/null")
    with pytest.raises(AdapterError, match="there is no /dev/i2c-77"):
        SmbusI2c(HOST, "/dev/i2c-77")


class Bus:
    """SMBus with an EEPROM at 0x50 and trouble elsewhere; its driver has no empty messages."""

    funcs = I2cFunc.I2C

    def __init__(self, path: str) -> None:
        self.messages: list[Any] = []

    def i2c_rdwr(self, *messages: Any) -> None:
        self.messages = list(messages)
        for message in messages:
            errors = {0x50: 0, 0x51: errno.ETIMEDOUT, 0x52: errno.EBUSY, 0x54: errno.EAGAIN}
            number = errors.get(message.addr, errno.EREMOTEIO) if message.len else errno.EOPNOTSUPP
            if number:
                raise OSError(number, "no")
            if message.flags & 1:
                for i in range(message.len):
                    message.buf[i] = bytes((i,))

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def i2c(monkeypatch: pytest.MonkeyPatch) -> SmbusI2c:
    monkeypatch.setattr(smbus, "SMBus", Bus)
    return SmbusI2c(HOST, "/dev/i2c-1")


def test_smbus_transfers(i2c: SmbusI2c) -> None:
    assert i2c.write_read(0x50, b"\x10", 3) == b"\0\1\2"
    assert i2c.read(0x50, 1) == b"\0"
    i2c.write(0x50, b"abc")
    with pytest.raises(I2cNackError, match="address 0x53 was not acknowledged"):
        i2c.read(0x53, 1)
    with pytest.raises(BusTimeoutError, match="/dev/i2c-1 timed out"):
        i2c.read(0x51, 1)
    with pytest.raises(AdapterBusyError, match="/dev/i2c-1 is in use"):
        i2c.read(0x52, 1)
    with pytest.raises(AdapterError, match="/dev/i2c-1 lost arbitration"):
        i2c.read(0x54, 1)
    with pytest.raises(UserError, match=r"9000 bytes are more than i2c-dev moves at once \(8192\)"):
        i2c.read(0x50, 9000)
    i2c.close()


def test_smbus_probes_by_a_read_where_nothing_cannot_be_written(i2c: SmbusI2c) -> None:
    i2c.write(0x50, b"")
    with pytest.raises(I2cNackError, match="address 0x53 was not acknowledged"):
        i2c.write(0x53, b"")


def test_a_controller_with_smbus_commands_only_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bus, "funcs", I2cFunc.SMBUS_QUICK | I2cFunc.SMBUS_READ_BYTE)
    monkeypatch.setattr(smbus, "SMBus", Bus)
    with pytest.raises(NotEquippedError, match="plain I²C on /dev/i2c-0: its controller only knows SMBus"):
        SmbusI2c(HOST, "/dev/i2c-0")


def test_smbus_rate_is_the_device_trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(smbus, "SMBus", Bus)
    i2c = SmbusI2c(Host(MonotonicClock(), device_root=tmp_path), "/dev/i2c-1")
    with pytest.raises(NotEquippedError, match="100000 Hz on /dev/i2c-1: its rate is not known"):
        i2c.configure(100e3)
    rate = tmp_path / "sys/bus/i2c/devices/i2c-1/of_node/clock-frequency"
    rate.parent.mkdir(parents=True)
    rate.write_bytes((100_000).to_bytes(4, "big"))
    assert i2c.configure(400e3) == 100e3
    with pytest.raises(NotEquippedError, match="it runs at 100000 Hz"):
        i2c.configure(10e3)
