import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.twin.parts.rs485 import Rs485, add_bias
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive, strong
from benchctl.twin.wires.uart_line import LineFormat, UartReceiver, UartTransmitter
from benchctl.twin.world import World

ON, OFF, THROUGH = 70, 50, 25


class Station:
    """One end of a bus: transceiver, and a driver on each of its inputs."""

    def __init__(
        self, world: World, bus: Net, name: str, re_with_de: bool = False, vcc: Net | None = None
    ) -> None:
        self.world = world
        nets = {pin: Net(world, f"{name}.{pin}") for pin in ("di", "de", "ro")}
        self.di, self.de = nets["di"].driver("mcu"), nets["de"].driver("mcu")
        self.di.set(Drive.HIGH)
        self.de.set(Drive.LOW)
        self.ro = nets["ro"]
        self.ro.pull("r", high=True)
        Rs485(
            name, bus, di=nets["di"], de=nets["de"], ro=self.ro, re=nets["de"] if re_with_de else None,
            vcc=vcc, enable_ns=ON, disable_ns=OFF, propagation_ns=THROUGH,
        )  # fmt: skip

    def enable(self, on: bool) -> None:
        self.de.set(strong(on))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def bus(world: World) -> Net:
    net = Net(world, "bus")
    add_bias(net)
    return net


def at(world: World, t_ns: int) -> None:
    world.sleep_until(t_ns)


def test_delays_of_enable_data_and_disable(world: World, bus: Net) -> None:
    one = Station(world, bus, "one")
    bus.probe(True)
    at(world, 1000)
    one.enable(True)
    one.di.set(Drive.LOW)
    at(world, 2000)
    one.di.set(Drive.HIGH)
    at(world, 3000)
    one.di.set(Drive.LOW)
    at(world, 4000)
    one.enable(False)
    at(world, 5000)
    edges = bus.edges(0, 5000)
    assert edges.times.tolist() == [1000 + ON, 2000 + THROUGH, 3000 + THROUGH, 4000 + OFF]
    assert edges.levels.tolist() == [0, 1, 0, 1]
    assert one.ro.edges(0, 6000).times.tolist() == [t + THROUGH for t in edges.times.tolist()]


def test_undriven_bus_reads_mark_and_deaf_receiver_lets_go(world: World, bus: Net) -> None:
    one, two = Station(world, bus, "one", re_with_de=True), Station(world, bus, "two")
    at(world, 1000)
    assert (one.ro.level(), two.ro.level()) == (1, 1)
    one.enable(True)
    one.di.set(Drive.LOW)
    at(world, 2000)
    assert (one.ro.level(), two.ro.level()) == (1, 0)
    assert one.ro.drivers[-1].drive == Drive.Z


def test_without_supply_it_neither_hears_nor_drives(world: World, bus: Net) -> None:
    vcc = Net(world, "vcc")
    vcc.pull("adapter", high=True)
    supply = vcc.driver("line")
    one, two = Station(world, bus, "one", vcc=vcc), Station(world, bus, "two")
    for station in (one, two):
        station.enable(True)
    one.di.set(Drive.LOW)
    at(world, 1000)
    assert bus.contention(0, world.now) == []
    assert (bus.level(), one.ro.drivers[-1].drive) == (1, Drive.Z)
    two.enable(False)
    at(world, 2000)
    supply.set(Drive.HIGH)
    at(world, 3000)
    assert (bus.level(), one.ro.level(), two.ro.level()) == (0, 0, 0)
    supply.set(Drive.LOW)
    assert (bus.level(), one.ro.drivers[-1].drive) == (1, Drive.Z)
    one.di.set(Drive.HIGH)
    one.di.set(Drive.LOW)
    at(world, 4000)
    assert (bus.level(), one.ro.drivers[-1].drive, two.ro.level()) == (1, Drive.Z, 1)


def frames(world: World, station: Station, bit_fs: int = 10**11) -> tuple[UartTransmitter, UartReceiver]:
    fmt = LineFormat(bit_fs)
    return UartTransmitter(station.di, fmt), UartReceiver(station.ro, fmt, lambda: None)


@given(st.binary(min_size=1, max_size=30))
def test_frames_pass_whole(data: bytes) -> None:
    world = World()
    bus = Net(world, "bus")
    add_bias(bus)
    one, two = Station(world, bus, "one"), Station(world, bus, "two")
    transmit, _ = frames(world, one)
    _, receive = frames(world, two)
    one.enable(True)
    transmit.send(data)
    at(world, transmit.idle_ns + 1000)
    assert bytes(a.value for a in receive.take(world.now)) == data


def test_enable_dropped_in_mid_frame_cuts_the_frame(world: World, bus: Net) -> None:
    one, two = Station(world, bus, "one"), Station(world, bus, "two")
    transmit, _ = frames(world, one)
    _, receive = frames(world, two)
    one.enable(True)
    start = transmit.send(b"\0\0")
    at(world, start + 550_000)  # in the fifth data bit of the first frame
    one.enable(False)
    at(world, start + 3_000_000)
    assert [a.value for a in receive.take(world.now)] == [0xE0]


def test_pulse_shorter_than_the_turn_on_time_never_shows(world: World, bus: Net) -> None:
    one = Station(world, bus, "one")
    one.di.set(Drive.LOW)
    bus.probe(True)
    at(world, 1000)
    one.enable(True)
    at(world, 1010)
    one.enable(False)
    at(world, 2000)
    assert not len(bus.edges(0, 2000).times)


def test_two_talkers_collide(world: World, bus: Net) -> None:
    one, two = Station(world, bus, "one"), Station(world, bus, "two")
    at(world, 1000)
    one.enable(True)
    two.enable(True)
    at(world, 2000)
    assert bus.contention(0, world.now) == []
    two.di.set(Drive.LOW)
    at(world, 3000)
    two.enable(False)
    at(world, 4000)
    assert bus.contention(0, world.now) == [(2000 + THROUGH, 3000 + OFF)]


def test_whole_history_is_the_same_in_one_wave_or_in_steps(world: World, bus: Net) -> None:
    one = Station(world, bus, "one")
    one.enable(True)
    times = np.array([1000, 1400, 2500, 2600], np.int64)
    one.di.play(times, np.array([Drive.LOW, Drive.HIGH, Drive.LOW, Drive.HIGH], np.uint8))
    at(world, 5000)
    waved = bus.edges(0, 5000)
    other_world = World()
    other_bus = Net(other_world, "bus")
    add_bias(other_bus)
    two = Station(other_world, other_bus, "two")
    two.enable(True)
    for t_ns, level in zip(times.tolist(), (0, 1, 0, 1), strict=True):
        at(other_world, t_ns)
        two.di.set(strong(level))
    at(other_world, 5000)
    stepped = other_bus.edges(0, 5000)
    assert waved.times.tolist() == stepped.times.tolist() == [t + THROUGH for t in times.tolist()]
