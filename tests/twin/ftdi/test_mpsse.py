from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyftdi.ftdi import Ftdi
from pyftdi.gpio import GpioMpsseController
from pyftdi.i2c import I2cController, I2cNackError
from pyftdi.spi import SpiController

from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232H, FT2232H, FT4232H
from benchctl.twin.ftdi.shift import decode
from benchctl.twin.parts.eeprom24 import Eeprom24
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.wires.clocked import Bits, ClockNet
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

MS = 1_000_000


class SpiMemory:
    """A mode-0 or mode-3 target: a command byte, then it answers a counter; keeps all it was told."""

    samples_rising = True

    def __init__(self, cs: Net, data_in: Net, data_out: Net) -> None:
        self.data_in, self.data_out = data_in, data_out.driver("memory")
        self.cs = cs
        self.told: list[bytes] = []
        self._sent = 0
        EdgeWatch(cs, self._select)

    def _select(self, level: int) -> None:
        if level:
            self.data_out.set(Drive.Z)
        else:
            self.told.append(b"")
            self._sent = 0

    def clock(self, bits: Bits) -> Bits | None:
        if self.cs.level():
            return None
        self.told[-1] += np.packbits(bits).tobytes()
        count = len(bits) // 8
        values = np.arange(self._sent, self._sent + count)
        self._sent += count
        return np.unpackbits(values.astype(np.uint8))


class SpiMode1(SpiMemory):
    """Samples on falling edges."""

    samples_rising = False


SpiWires = tuple[FtdiChip, dict[str, Net], SpiMemory]


def spi_wires(world: World, bus: UsbBus, model: Any = FT2232H, kind: type[SpiMemory] = SpiMemory) -> SpiWires:
    nets: dict[str, Net] = {"AD0": ClockNet(world, "sck")}
    nets |= {f"AD{i}": Net(world, f"d{i}") for i in range(1, 8)}
    memory = kind(nets["AD3"], nets["AD1"], nets["AD2"])
    nets["AD0"].targets.append(memory)  # type: ignore[attr-defined]
    chip = FtdiChip(world, model, "T1", nets)
    bus.plug(chip, 1)
    return chip, nets, memory


def spi_port(frequency: float = 30e6, mode: int = 0) -> Any:
    controller = SpiController()
    controller.configure("ftdi://::T1/1")
    return controller.get_port(0, freq=frequency, mode=mode)


@pytest.mark.parametrize("model", [FT4232H, FT2232H, FT232H])
@pytest.mark.parametrize("frequency", [1e5, 1e6, 30e6])
def test_spi_exchange(world: World, bus: UsbBus, model: Any, frequency: float) -> None:
    _, _, memory = spi_wires(world, bus, model)
    port = spi_port(frequency)
    port._controller.ftdi.set_latency_timer(255)  # the patience pyftdi has with a slow clock
    out = bytes(range(100, 120))
    assert port.exchange(out, 30) == bytes(range(20, 50))
    assert port.exchange(out, duplex=True) == bytes(range(20))
    port.write(b"\x55" * 3000)
    port.read(1)
    assert memory.told[-2] == b"\x55" * 3000
    assert memory.told[0][:20] == out


@pytest.mark.parametrize(("mode", "kind"), [(0, SpiMemory), (1, SpiMode1), (2, SpiMode1), (3, SpiMemory)])
def test_spi_modes(world: World, bus: UsbBus, mode: int, kind: type[SpiMemory]) -> None:
    _, _, memory = spi_wires(world, bus, FT232H, kind)
    port = spi_port(1e6, mode)
    assert port.exchange(b"\x9f\x3c", 4) == b"\x02\x03\x04\x05"
    assert memory.told[-1][:2] == b"\x9f\x3c"


def test_spi_wire_timing(world: World, bus: UsbBus) -> None:
    _, nets, _ = spi_wires(world, bus)
    port = spi_port(1e6)
    port.read(1)
    nets["AD0"].probe(True)
    nets["AD1"].probe(True)
    begin = world.now
    port.write(b"\xa5\x0f")
    world.sleep_until(world.now + MS)
    rising = nets["AD0"].edges(begin, world.now).times[::2]
    assert len(rising) == 16
    assert np.diff(rising) == pytest.approx(1000, abs=1)
    assert np.packbits(nets["AD1"].sample(rising)).tobytes() == b"\xa5\x0f"


def test_bulk_read_is_paced_by_the_clock(world: World, bus: UsbBus) -> None:
    spi_wires(world, bus)
    port = spi_port(30e6)
    port._controller.ftdi.read_data_set_chunksize(16384)
    size = 65_000
    expected = bytes(i & 0xFF for i in range(4, size + 4))
    assert port.exchange(b"\x03\0\0\0", size) == expected
    begin, total = world.now, 0
    for _ in range(16):
        total += len(port.exchange(b"\x03\0\0\0", size))
    clocked_ns = 16 * (size + 4) * 8 / 30e6 * 1e9
    assert total == 16 * size
    assert clocked_ns < world.now - begin < clocked_ns * 1.06


def test_small_exchange_costs_microframes(world: World, bus: UsbBus) -> None:
    spi_wires(world, bus)
    port = spi_port(30e6)
    port.exchange(b"\x9f", 3)
    begin = world.now
    port.exchange(b"\x9f", 3)
    assert 250_000 <= world.now - begin <= 750_000


def mpsse(world: World, bus: UsbBus, nets: dict[str, Net], model: Any = FT232H) -> Ftdi:
    bus.plug(FtdiChip(world, model, "T1", nets), 1)
    ftdi = Ftdi()
    ftdi.open_mpsse_from_url("ftdi://::T1/1", latency=2)
    ftdi.read_data_bytes(10, 2)
    return ftdi


def ask(ftdi: Ftdi, command: bytes, size: int) -> bytes:
    ftdi.write_data(command)
    return bytes(ftdi.read_data_bytes(size, 8))


def test_bad_command(world: World, bus: UsbBus) -> None:
    ftdi = mpsse(world, bus, {})
    assert ask(ftdi, b"\xaa", 2) == b"\xfa\xaa"
    assert ask(ftdi, b"\xab", 2) == b"\xfa\xab"


def test_drive_zero_is_the_232hs_alone(world: World, bus: UsbBus) -> None:
    ftdi = mpsse(world, bus, {}, FT2232H)
    assert ask(ftdi, b"\x9e", 2) == b"\xfa\x9e"


def test_gpio_pins_and_open_drain(world: World, bus: UsbBus) -> None:
    nets = {name: Net(world, name) for name in ("AD4", "AD5", "AC0", "AC7")}
    nets["AD4"].pull("r", high=False)
    ftdi = mpsse(world, bus, nets)
    assert ask(ftdi, b"\x80\x10\x10\x82\x80\x80\x81\x83\x87", 2) == b"\xff\xff"
    assert nets["AD4"].level() == 1
    ftdi.write_data(b"\x9e\x10\x00\x80\x10\x10")
    world.sleep_until(world.now + MS)
    assert nets["AD4"].level() == 0  # released; the pull-down wins over the chip's weak pull-up
    ftdi.set_bitmode(0, Ftdi.BitMode.RESET)
    assert nets["AC7"].level() == 1


def test_gpio_commands_take_a_defined_time(world: World, bus: UsbBus) -> None:
    net = Net(world, "p")
    ftdi = mpsse(world, bus, {"AD4": net})
    begin = world.now
    ftdi.write_data(b"\x80\x00\x10\x80\x10\x10" * 5)
    world.sleep_until(world.now + MS)
    times = net.edges(begin - 1, world.now).times
    assert np.diff(times).tolist() == [500] * 9


def test_loopback_and_bit_shifts(world: World, bus: UsbBus) -> None:
    ftdi = mpsse(world, bus, {})
    ftdi.write_data(b"\x84\x80\x00\x0b")
    assert ask(ftdi, b"\x31\x02\x00\x12\x34\x56\x87", 3) == b"\x12\x34\x56"
    assert ask(ftdi, b"\x39\x02\x00\x12\x34\x56\x87", 3) == b"\x12\x34\x56"
    assert ask(ftdi, b"\x33\x02\xa0\x87", 1) == b"\x05"  # three bits, right-aligned
    assert ask(ftdi, b"\x3b\x02\x05\x87", 1) == b"\xa0"  # least significant first: left-aligned


def test_tms_shift_sets_data_out(world: World, bus: UsbBus) -> None:
    nets: dict[str, Net] = {"AD0": ClockNet(world, "tck"), "AD1": Net(world, "tdi"), "AD3": Net(world, "tms")}
    ftdi = mpsse(world, bus, nets)
    for net in nets.values():
        net.probe(True)
    ftdi.write_data(b"\x80\x08\x0b")
    begin = world.now
    ftdi.write_data(b"\x4b\x04\x8d")  # 5 bits 10110, TDI high
    world.sleep_until(world.now + MS)
    rising = nets["AD0"].edges(begin, world.now).times[::2]
    assert nets["AD3"].sample(rising).tolist() == [1, 0, 1, 1, 0]
    assert nets["AD1"].sample(rising).tolist() == [1] * 5


def test_clock_without_data(world: World, bus: UsbBus) -> None:
    net = ClockNet(world, "tck")
    ftdi = mpsse(world, bus, {"AD0": net})
    net.probe(True)
    ftdi.write_data(b"\x80\x00\x01")
    begin = world.now
    ftdi.write_data(b"\x8e\x02\x8f\x01\x00")
    world.sleep_until(world.now + MS)
    assert len(net.edges(begin, world.now).times) == 2 * (3 + 16)


def test_wait_on_pin(world: World, bus: UsbBus) -> None:
    pin, out = Net(world, "gpiol1"), Net(world, "out")
    far = pin.driver("far")
    far.set(Drive.LOW)
    ftdi = mpsse(world, bus, {"AD5": pin, "AD4": out})
    ftdi.write_data(b"\x80\x00\x10\x88\x80\x10\x10")
    world.sleep_until(world.now + 5 * MS)
    assert out.level() == 0
    at = world.now
    far.set(Drive.HIGH)
    world.sleep_until(world.now + MS)
    assert out.edges(at - 1, world.now).times.tolist() == [at]


@pytest.mark.parametrize(("command", "pulses"), [(b"\x9c\x04\x00", 40), (b"\x94", None)])
def test_clock_until_pin(world: World, bus: UsbBus, command: bytes, pulses: int | None) -> None:
    clock, pin = ClockNet(world, "tck"), Net(world, "gpiol1")
    far = pin.driver("far")
    far.set(Drive.LOW)
    ftdi = mpsse(world, bus, {"AD0": clock, "AD5": pin})
    ftdi.write_data(b"\x80\x00\x01\x86\x05\x00")
    clock.probe(True)
    begin = world.now
    ftdi.write_data(command)
    world.sleep_until(world.now + MS)
    far.set(Drive.HIGH)
    stopped = world.now + 10_000
    world.sleep_until(world.now + MS)
    edges = clock.edges(begin, world.now).times
    if pulses is None:
        assert MS // 2 < edges[-1] - begin < stopped - begin
    else:
        assert len(edges) == 2 * pulses


def test_adaptive_clock_needs_its_return(world: World, bus: UsbBus) -> None:
    clock = ClockNet(world, "scl")
    ftdi = mpsse(world, bus, {"AD0": clock})
    assert ask(ftdi, b"\x96\x20\x00\x00\x87", 1) == b""
    ftdi.purge_rx_buffer()
    assert ask(ftdi, b"\x97\x20\x00\x00\x87", 1) == b"\xff"


def test_full_result_fifo_stalls_the_processor(world: World, bus: UsbBus) -> None:
    clock = ClockNet(world, "sck")
    ftdi = mpsse(world, bus, {"AD0": clock}, FT232H)
    clock.probe(True)
    ftdi.write_data(b"\x80\x00\x0b")
    begin = world.now
    ftdi.write_data(b"\x20\xff\x0f")  # 4096 bytes into a FIFO of 1024
    world.sleep_until(world.now + 20 * MS)
    assert len(clock.edges(begin, world.now).times) == 2 * 8 * 1024
    assert len(ftdi.read_data_bytes(4096, 20)) == 4096


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_any_commands_leave_the_world_going(commands: bytes) -> None:
    world = World()
    engine = FtdiChip(world, FT232H, "T1", {})
    engine.plugged()
    engine.control(0x40, 11, 0x0200, 1, b"", 0)
    assert engine.write(0x02, commands) == len(commands)
    world.sleep_until(2 * MS)
    engine.control(0x40, 0, 1, 1, b"", 0)
    engine.control(0x40, 0, 2, 1, b"", 0)
    world.sleep_until(50 * MS)
    engine.write(0x02, b"\xaa\x87")
    world.sleep_until(100 * MS)
    packet = engine.read(0x81, 512)
    assert packet is not None
    assert packet.endswith(b"\xfa\xaa")


@given(st.integers(0x10, 0x3F), st.binary(min_size=1, max_size=20))
def test_pack_undoes_unpack(opcode: int, data: bytes) -> None:
    shift = decode(opcode)
    assert shift is not None
    assert shift.pack(shift.unpack(data, 8 * len(data))) == data


@pytest.mark.parametrize("model", [FT232H, FT2232H])
@pytest.mark.parametrize("frequency", [100_000, 400_000])
@pytest.mark.parametrize("probed", [False, True])
def test_i2c(world: World, bus: UsbBus, model: Any, frequency: int, probed: bool) -> None:
    scl, sda = ClockNet(world, "scl"), Net(world, "sda")
    scl.pull("r", high=True)
    sda.pull("r", high=True)
    for net in (scl, sda):
        net.probe(probed)
    part = Eeprom24("eeprom", scl, sda, size=256, address=0x50, page=8, write_cycle_ns=5 * MS)
    part.cells[:] = np.arange(256)
    bus.plug(FtdiChip(world, model, "T1", {"AD0": scl, "AD1": sda, "AD2": sda}), 1)
    i2c = I2cController()
    i2c.configure("ftdi://::T1/1", frequency=frequency)
    port = i2c.get_port(0x50)
    assert port.exchange(b"\x10", 16) == bytes(range(0x10, 0x20))
    port.write(b"\x20\xde\xad")
    world.sleep_until(world.now + 6 * MS)
    assert part.cells[0x20:0x22].tobytes() == b"\xde\xad"
    assert port.read_from(0x20, 2) == b"\xde\xad"
    assert i2c.poll(0x50)
    with pytest.raises(I2cNackError):
        i2c.get_port(0x31).read(1)


def test_i2c_clock_is_as_asked(world: World, bus: UsbBus) -> None:
    scl, sda = ClockNet(world, "scl"), Net(world, "sda")
    bus.plug(FtdiChip(world, FT232H, "T1", {"AD0": scl, "AD1": sda, "AD2": sda}), 1)
    i2c = I2cController()
    i2c.configure("ftdi://::T1/1", frequency=100_000)
    i2c.poll(0x50)
    scl.probe(True)
    begin = world.now
    i2c.poll(0x50)
    rising = scl.edges(begin, world.now).times
    periods = np.diff(rising[scl.edges(begin, world.now).levels == 1])[:7]
    assert periods == pytest.approx(10_000, rel=0.01)


def test_gpio_controller(world: World, bus: UsbBus) -> None:
    nets = {f"AD{i}": Net(world, str(i)) for i in range(8)}
    bus.plug(FtdiChip(world, FT4232H, "T1", nets), 1)
    gpio = GpioMpsseController()
    gpio.configure("ftdi://::T1/1", direction=0x0F, frequency=1e6)
    gpio.write(0x05)
    nets["AD7"].driver("far").set(Drive.LOW)
    assert list(gpio.read(3)) == [0x75] * 3
