from typing import Any

import numpy as np
import pytest
from pyftdi.ftdi import Ftdi
from pyftdi.gpio import GpioAsyncController, GpioSyncController

from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232R, FT4232H, Model
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineFormat, UartTransmitter
from benchctl.twin.world import World

MS = 1_000_000


def plug(world: World, bus: UsbBus, model: Model = FT4232H) -> list[Net]:
    prefix = "D" if model is FT232R else "BD"
    nets = [Net(world, f"d{i}") for i in range(8)]
    bus.plug(FtdiChip(world, model, "T1", {f"{prefix}{i}": net for i, net in enumerate(nets)}), 1)
    return nets


def capture(world: World, rate: int, samples: int) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Samples from a cleared FIFO on, and the line status of each packet."""
    ftdi = Ftdi()
    ftdi.open_bitbang_from_url("ftdi://::T1/2", direction=0, baudrate=rate, latency=16)
    ftdi.read_data_set_chunksize(16384)
    ftdi.purge_buffers()
    data, status = bytearray(), []
    while len(data) < samples:
        raw = bytes(ftdi._read())
        for at in range(0, len(raw), 512):
            status.append(raw[at + 1])
            data += raw[at + 2 : at + 512]
    return np.frombuffer(bytes(data[:samples]), np.uint8), status


def test_capture_is_what_the_wires_did(world: World, bus: UsbBus) -> None:
    nets = plug(world, bus)
    talker = UartTransmitter(nets[3].driver("far"), LineFormat(round(1e15 / 115200)))
    message = b"The quick brown fox"
    world.at(world.now + 20 * MS, lambda: talker.send(message))
    samples, _ = capture(world, 2_000_000, 60_000)
    line = (samples >> 3 & 1).tolist()
    period = 1 / 2_000_000
    decoded, at = bytearray(), 0
    while len(decoded) < len(message):
        at = line.index(0, at)
        bits = [line[at + round((k + 0.5) / 115200 / period)] for k in range(10)]
        assert (bits[0], bits[9]) == (0, 1)
        decoded.append(sum(bit << i for i, bit in enumerate(bits[1:9])))
        at += round(9.5 / 115200 / period)
    assert decoded == message
    assert set((samples & 0xF7).tolist()) == {0xF7}


def test_a_million_samples_lose_no_edge(world: World, bus: UsbBus) -> None:
    nets = plug(world, bus)
    toggles = world.now + np.arange(1, 2000) * 137_531
    nets[0].driver("far").play(toggles, np.where(np.arange(1999) % 2, Drive.HIGH, Drive.LOW).astype(np.uint8))
    samples, status = capture(world, 5_000_000, 1_000_000)
    assert not any(s & 0x02 for s in status[1:])
    edges = np.flatnonzero(np.diff(samples & 1))
    assert np.diff(edges) == pytest.approx(137_531 / 200, abs=1)


def test_late_host_loses_samples_and_is_told(world: World, bus: UsbBus) -> None:
    plug(world, bus)
    ftdi = Ftdi()
    ftdi.open_bitbang_from_url("ftdi://::T1/2", direction=0, baudrate=1_000_000)
    ftdi.purge_buffers()
    assert not bytes(ftdi._read())[1] & 0x02
    world.sleep_until(world.now + 10 * MS)
    assert bytes(ftdi._read())[1] & 0x02
    assert not bytes(ftdi._read())[1] & 0x02


@pytest.mark.parametrize(
    ("model", "interface", "rate"), [(FT4232H, 2, 1_000_000), (FT4232H, 2, 5_000), (FT232R, 1, 160_000)]
)
def test_output_rate(world: World, bus: UsbBus, model: Model, interface: int, rate: int) -> None:
    nets = plug(world, bus, model)
    gpio = GpioAsyncController()
    gpio.configure(f"ftdi://::T1/{interface}", direction=0x01, frequency=rate, initial=0)
    world.sleep_until(world.now + MS)
    begin = world.now
    gpio.write(bytes((1, 0)) * 20)
    world.sleep_until(world.now + 50 * MS)
    edges = nets[0].edges(begin, world.now).times
    assert len(edges) == 40
    assert np.diff(edges) == pytest.approx(1e9 / gpio.frequency, abs=1)


def test_last_value_holds_and_inputs_float(world: World, bus: UsbBus) -> None:
    nets = plug(world, bus)
    nets[7].driver("far").set(Drive.LOW)
    gpio = GpioAsyncController()
    gpio.configure("ftdi://::T1/2", direction=0x0F, frequency=100_000, initial=0x05)
    world.sleep_until(world.now + MS)
    assert gpio.read() == 0x75
    gpio.set_direction(0xFF, 0x00)
    assert not any(driver.drive == Drive.HIGH for driver in nets[0].drivers)
    gpio.set_direction(0xFF, 0x01)
    assert nets[0].level() == 1
    gpio.close()
    assert [net.level() for net in nets[:5]] == [1, 1, 1, 1, 1]


def test_non_peek_read_follows_a_write(world: World, bus: UsbBus) -> None:
    plug(world, bus)
    gpio = GpioAsyncController()
    gpio.configure("ftdi://::T1/2", direction=0x0F, frequency=1_000_000, initial=0)
    gpio.write(0x0A)
    assert set(gpio.read(200)) == {0xFA}


def test_sync_samples_before_each_output(world: World, bus: UsbBus) -> None:
    nets = plug(world, bus)
    gpio = GpioSyncController()
    gpio.configure("ftdi://::T1/2", direction=0x0F, frequency=200_000, initial=0)
    out = bytes(i & 0x0F for i in range(1, 600))
    got = gpio.exchange(out)
    assert bytes(got) == bytes(0xF0 | value for value in b"\x00" + out[:-1])
    assert nets[0].level() == out[-1] & 1


def test_sync_waits_for_the_reader(world: World, bus: UsbBus) -> None:
    plug(world, bus)
    gpio = GpioSyncController()
    gpio.configure("ftdi://::T1/2", direction=0x0F, frequency=1_000_000, initial=0)
    size = FT4232H.in_fifo
    gpio.ftdi.write_data(bytes(size))
    gpio.ftdi.timeouts = (5000, 50)
    with pytest.raises(OSError, match="timed out"):
        gpio.ftdi.write_data(bytes(size))
    assert len(gpio.ftdi.read_data_bytes(size, 4)) == size


def test_change_of_rate_keeps_what_was_sampled(world: World, bus: UsbBus) -> None:
    plug(world, bus)
    gpio = GpioSyncController()
    gpio.configure("ftdi://::T1/2", direction=0x0F, frequency=100_000, initial=0)
    gpio.ftdi.write_data(b"\x01\x02\x03")
    world.sleep_until(world.now + MS)
    gpio.set_frequency(1_000_000)
    gpio.ftdi.write_data(b"\x04")
    assert bytes(gpio.ftdi.read_data_bytes(4, 4)) == b"\xf0\xf1\xf2\xf3"
