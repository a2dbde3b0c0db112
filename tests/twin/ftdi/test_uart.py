from typing import Any

import numpy as np
import pytest
from pyftdi.ftdi import Ftdi
from pyftdi.serialext import serial_for_url

from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232R, FT2232H, FT4232H
from benchctl.twin.usb.bus import UsbBus
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineFormat, UartReceiver, UartTransmitter
from benchctl.twin.world import World

MS = 1_000_000
CTS, DSR, RI, CD = 0x10, 0x20, 0x40, 0x80


def plug(world: World, bus: UsbBus, nets: dict[str, Net], model: Any = FT4232H, **kw: Any) -> FtdiChip:
    chip = FtdiChip(world, model, "T1", nets, **kw)
    bus.plug(chip, 1)
    return chip


def open_uart(world: World, interface: int = 1, baud: int = 115200, **line: Any) -> Ftdi:
    ftdi = Ftdi.create_from_url(f"ftdi://::T1/{interface}")
    ftdi.set_baudrate(baud)
    ftdi.set_line_property(line.get("bits", 8), line.get("stop", 1), line.get("parity", "N"))
    ftdi.set_latency_timer(line.get("latency", 16))
    ftdi.purge_buffers()
    return ftdi


def read(ftdi: Ftdi, size: int, attempts: int = 60) -> bytes:
    return bytes(ftdi.read_data_bytes(size, attempts))


@pytest.mark.parametrize("baud", [300, 1200, 9600, 57600, 115200, 460800, 921600, 3_000_000, 12_000_000])
def test_loop_through_pyserial(world: World, bus: UsbBus, baud: int) -> None:
    wire = Net(world, "loop")
    plug(world, bus, {"CD0": wire, "CD1": wire})
    with serial_for_url("ftdi://ftdi:4232h:T1/3", baudrate=baud) as port:
        data = bytes(range(200))
        port.write(data)
        assert read(port.ftdi, 200, 300) == data


@pytest.mark.parametrize("parity", "NEOMS")
@pytest.mark.parametrize(("bits", "stop"), [(8, 1), (7, 2), (8, 1.5)])
def test_formats_between_two_channels(world: World, bus: UsbBus, parity: str, bits: int, stop: float) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "BD1": wire})
    sender = open_uart(world, 1, 19200, bits=bits, stop=stop, parity=parity)
    receiver = open_uart(world, 2, 19200, bits=bits, stop=stop, parity=parity)
    data = bytes(range(0, 128, 3))
    sender.write_data(data)
    assert read(receiver, len(data)) == data
    assert not receiver.poll_modem_status() & 0x1E00


def errors(ftdi: Ftdi) -> int:
    return ftdi.poll_modem_status() & (Ftdi.MODEM_OE | Ftdi.MODEM_PE | Ftdi.MODEM_FE | Ftdi.MODEM_BI)


def settle(world: World, ms: int) -> None:
    world.sleep_until(world.now + ms * MS)


def test_parity_error_and_error_character(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "BD1": wire})
    sender, receiver = open_uart(world, 1, parity="E"), open_uart(world, 2, parity="O")
    receiver.set_error_char(0x21, True)
    sender.write_data(b"A")
    settle(world, 2)
    assert errors(receiver) == Ftdi.MODEM_PE
    assert read(receiver, 1) == b"!"


def test_framing_error(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "BD1": wire})
    sender, receiver = open_uart(world, 1, parity="S"), open_uart(world, 2)
    sender.write_data(b"\xff")  # its space parity bit is where the stop bit should be
    settle(world, 2)
    assert errors(receiver) == Ftdi.MODEM_FE


def test_break_is_a_zero_with_the_break_bit(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "BD1": wire})
    sender, receiver = open_uart(world, 1), open_uart(world, 2)
    sender.set_break(True)
    settle(world, 5)
    sender.set_break(False)
    sender.write_data(b"x")
    settle(world, 5)
    assert errors(receiver) == Ftdi.MODEM_BI
    assert read(receiver, 2) == b"\x00x"


def test_wrong_baud_is_not_what_was_sent(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "BD1": wire})
    sender, receiver = open_uart(world, 1, 9600), open_uart(world, 2, 19200)
    sender.write_data(b"Hello")
    assert read(receiver, 5) != b"Hello"


def test_overrun_keeps_the_oldest_and_says_so(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    chip = plug(world, bus, {"AD0": wire, "BD1": wire})
    sender, receiver = open_uart(world, 1, 921600), open_uart(world, 2, 921600)
    data = bytes(i * 7 & 0xFF for i in range(3000))
    sender.write_data(data)
    settle(world, 100)
    got = read(receiver, 3000, 3)
    assert got == data[: chip.model.in_fifo]


def test_overrun_bit(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "BD1": wire})
    sender, receiver = open_uart(world, 1, 921600), open_uart(world, 2, 921600)
    sender.write_data(bytes(2100))
    settle(world, 100)
    receiver._read()  # one packet: the FIFO is looked at
    sender.write_data(bytes(2100))
    settle(world, 100)
    assert receiver._read()[1] & 0x02


def test_latency_timer_bounds_a_lone_byte(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD1": wire})
    far = UartTransmitter(wire.driver("far"), LineFormat(round(1e15 / 115200)))
    ftdi = open_uart(world, latency=40)
    ftdi._read()
    asked = world.now
    world.at(asked + 5 * MS, lambda: far.send(b"z"))
    assert bytes(ftdi._read()[2:]) == b"z"
    assert 39.5 * MS < world.now - asked < 41 * MS


def test_event_character_is_sent_at_once(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD1": wire})
    far = UartTransmitter(wire.driver("far"), LineFormat(round(1e15 / 115200)))
    ftdi = open_uart(world, latency=40)
    ftdi.set_event_char(0x0A, True)
    ftdi._read()
    asked = world.now
    world.at(asked + 5 * MS, lambda: far.send(b"line\n"))
    assert bytes(ftdi._read()[2:]) == b"line\n"
    assert 5 * MS < world.now - asked < 6 * MS


def test_a_poll_without_data_returns_two_bytes(world: World, bus: UsbBus) -> None:
    plug(world, bus, {})
    ftdi = open_uart(world, latency=2)
    assert list(ftdi._read()) == [0x02, 0x60]


def test_full_packet_does_not_wait(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "AD1": wire})
    ftdi = open_uart(world, baud=3_000_000, latency=200)
    ftdi._read()
    asked = world.now
    ftdi.read_data_set_chunksize(512)
    ftdi.write_data(bytes(1000))
    assert len(ftdi._read()) == 512
    assert world.now - asked < 3 * MS


def test_rts_cts_stops_the_sender(world: World, bus: UsbBus) -> None:
    data_wire, permit = Net(world, "d"), Net(world, "p")
    chip = plug(world, bus, {"AD0": data_wire, "BD1": data_wire, "BD2": permit, "AD3": permit})
    sender, receiver = open_uart(world, 1, 921600), open_uart(world, 2, 921600)
    receiver.set_flowctrl("hw")
    sender.set_flowctrl("hw")
    data = bytes(i * 5 & 0xFF for i in range(3500))
    sender.write_data(data[:2048])
    sender.write_data(data[2048:])
    settle(world, 100)
    assert permit.level() == 1
    assert not sender.poll_modem_status() & CTS
    assert read(receiver, 3500) == data
    assert chip.model.in_fifo < len(data)


def test_xon_xoff(world: World, bus: UsbBus) -> None:
    out, back = Net(world, "o"), Net(world, "b")
    plug(world, bus, {"AD0": out, "AD1": back})
    far = UartTransmitter(back.driver("far"), LineFormat(round(1e15 / 9600)))
    heard = UartReceiver(out, LineFormat(round(1e15 / 9600)), lambda: None)
    ftdi = open_uart(world, baud=9600)
    ftdi.usb_dev.ctrl_transfer(0x40, 2, 0x1311, 0x0401)
    far.send(b"\x13")
    settle(world, 5)
    ftdi.write_data(b"held")
    settle(world, 20)
    assert not heard.take(world.now)
    far.send(b"\x11")
    settle(world, 20)
    assert bytes(a.value for a in heard.take(world.now)) == b"held"
    assert read(ftdi, 1, 2) == b""


def test_modem_lines(world: World, bus: UsbBus) -> None:
    nets = {f"AD{i}": Net(world, str(i)) for i in range(8)}
    plug(world, bus, nets)
    ftdi = open_uart(world)
    assert (nets["AD2"].level(), nets["AD4"].level()) == (1, 1)
    ftdi.set_dtr_rts(dtr=True, rts=True)
    assert (nets["AD2"].level(), nets["AD4"].level()) == (0, 0)
    for bit, check in ((3, ftdi.get_cts), (5, ftdi.get_dsr), (6, ftdi.get_cd), (7, ftdi.get_ri)):
        driver = nets[f"AD{bit}"].driver("far")
        assert not check()
        driver.set(Drive.LOW)
        assert check()
        driver.set(Drive.Z)


def test_modem_change_is_sent_at_once(world: World, bus: UsbBus) -> None:
    cts = Net(world, "cts")
    far = cts.driver("far")
    plug(world, bus, {"AD3": cts})
    ftdi = open_uart(world, latency=100)
    ftdi._read()
    asked = world.now
    world.at(asked + 3 * MS, lambda: far.set(Drive.LOW))
    assert ftdi._read()[0] & CTS
    assert world.now - asked < 4 * MS


@pytest.mark.parametrize(
    ("model", "pins", "txden"),
    [(FT2232H, ("AD0", "AC0"), {}), (FT232R, ("D0", "C2"), {}), (FT4232H, ("AD0", "AD7"), {"A": "AD7"})],
)
def test_txden_frames_the_transmission(
    world: World, bus: UsbBus, model: Any, pins: tuple[str, str], txden: dict[str, str]
) -> None:
    txd, enable = Net(world, "txd"), Net(world, "de")
    plug(world, bus, {pins[0]: txd, pins[1]: enable}, model, txden=txden)
    ftdi = open_uart(world, baud=9600)
    begin = world.now
    ftdi.write_data(b"ab")
    ftdi.write_data(b"c")
    settle(world, 10)
    on, off = enable.edges(begin - 1, world.now).times.tolist()
    data = txd.edges(begin - 1, world.now).times
    bit = 1e9 / 9600
    assert data[0] - on == pytest.approx(bit, abs=2)
    assert off - data[0] == pytest.approx(30 * bit, abs=20)


def test_purge_numbers_are_the_chips_not_the_hosts(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire, "AD1": wire})
    ftdi = open_uart(world)
    ftdi.write_data(b"abc")
    settle(world, 3)
    ftdi.purge_rx_buffer()  # drops bytes on their way to the pins, none here
    assert read(ftdi, 3) == b"abc"
    ftdi.write_data(b"abc")
    settle(world, 3)
    ftdi.purge_tx_buffer()
    assert read(ftdi, 3, 2) == b""


def test_idle_uart_outputs_drive_high_and_unplugged_ones_nothing(world: World, bus: UsbBus) -> None:
    net = Net(world, "txd")
    net.pull("down", high=False)
    chip = FtdiChip(world, FT232R, "T1", {"D0": net})
    assert net.level() == 0
    port = bus.plug(chip, 1)
    assert net.level() == 1
    port.unplug()
    assert net.level() == 0


def test_open_inputs_read_high_and_lose_to_a_pull_down(world: World, bus: UsbBus) -> None:
    net = Net(world, "rxd")
    plug(world, bus, {"AD1": net})
    assert net.level() == 1
    net.pull("r", high=False)
    assert net.level() == 0


def test_long_transfer_runs_at_line_speed(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire})
    ftdi = open_uart(world, baud=3_000_000)
    begin = world.now
    ftdi.write_data(bytes(64 * 1024))
    line_ns = (64 * 1024 - 2048) * 10e9 / 3e6
    assert line_ns < world.now - begin < line_ns * 1.05


def test_change_of_rate_on_the_fly(world: World, bus: UsbBus) -> None:
    wire = Net(world, "w")
    plug(world, bus, {"AD0": wire})
    ftdi = open_uart(world, baud=9600)
    ftdi.write_data(b"U")
    settle(world, 5)
    ftdi.set_baudrate(115200)
    begin = world.now
    ftdi.write_data(b"U")
    settle(world, 5)
    gaps = np.diff(wire.edges(begin - 1, world.now).times)
    assert gaps == pytest.approx(1e9 / 115200, rel=0.01)
