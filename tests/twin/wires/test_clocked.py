import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchctl.twin.wires.clocked import Bits, ClockNet, Train, exchange
from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World


class Echo:
    """A target that offers what it got one pulse earlier."""

    def __init__(self, data_in: Net, data_out: Driver, rising: bool = True) -> None:
        self.data_in, self.data_out, self.samples_rising = data_in, data_out, rising
        self.got: list[int] = []

    def clock(self, bits: Bits) -> Bits:
        before = self.got[-1] if self.got else 0
        self.got += bits.tolist()
        return np.concatenate(([np.uint8(before)], bits[:-1]))


def wires() -> tuple[World, ClockNet, Net, Net]:
    world = World()
    return world, ClockNet(world, "sclk"), Net(world, "copi"), Net(world, "cipo")


@given(st.binary(min_size=1, max_size=20))
def test_target_gets_the_bits_and_answers(data: bytes) -> None:
    world, sclk, copi, cipo = wires()
    echo = Echo(copi, cipo.driver("echo"))
    sclk.targets.append(echo)
    clock, out = sclk.driver("c"), copi.driver("o")
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    got = exchange(
        clock,
        Train(10, 10**9),
        len(bits),
        out=out,
        bits=bits,
        read=cipo,
        launch_rising=False,
        sample_rising=True,
    )
    assert echo.got == bits.tolist()
    assert got.tolist() == [0, *bits.tolist()[:-1]]
    world.sleep_until(100_000)
    assert copi.level() == bits[-1]


def test_same_edge_for_launch_and_sample_is_one_bit_late() -> None:
    _, sclk, copi, cipo = wires()
    echo = Echo(copi, cipo.driver("echo"))
    sclk.targets.append(echo)
    bits = np.array([1, 0, 1, 1], np.uint8)
    out = copi.driver("o")
    out.set(Drive.LOW)
    exchange(
        sclk.driver("c"),
        Train(10, 10**9),
        4,
        out=out,
        bits=bits,
        read=cipo,
        launch_rising=True,
        sample_rising=False,
    )
    assert echo.got == [0, 1, 0, 1]


def test_bits_launched_on_the_trailing_edge_hold_for_both_edges() -> None:
    _, sclk, copi, cipo = wires()
    echo = Echo(copi, cipo.driver("echo"))
    sclk.targets.append(echo)
    bits = np.array([1, 0, 1, 1], np.uint8)
    got = exchange(
        sclk.driver("c"),
        Train(10, 10**9),
        4,
        out=copi.driver("o"),
        bits=bits,
        read=cipo,
        launch_rising=False,
        sample_rising=False,
    )
    assert echo.got == bits.tolist()
    assert got.tolist() == [0, 1, 0, 1]


def test_three_phase_pulse_is_the_middle_third() -> None:
    world, sclk, _, _ = wires()
    clock = sclk.driver("c")
    clock.set(Drive.LOW)
    sclk.probe(True)
    train = Train(1000, 3 * 10**9, three_phase=True)
    exchange(clock, train, 2, out=None, bits=None, read=None, launch_rising=False, sample_rising=True)
    world.sleep_until(10_000)
    assert sclk.edges(0, 10_000).times.tolist() == [2000, 3000, 5000, 6000]
    assert train.end_ns(2) == 7000


def test_loopback_wire_reads_what_is_sent() -> None:
    _, sclk, copi, _ = wires()
    bits = np.array([1, 0, 0, 1, 1], np.uint8)
    got = exchange(
        sclk.driver("c"),
        Train(10, 10**9),
        5,
        out=copi.driver("o"),
        bits=bits,
        read=copi,
        launch_rising=False,
        sample_rising=True,
    )
    assert got.tolist() == bits.tolist()


def test_recorded_wires_show_clock_and_data_edges() -> None:
    world, sclk, copi, _ = wires()
    clock, out = sclk.driver("c"), copi.driver("o")
    clock.set(Drive.LOW)
    out.set(Drive.LOW)
    sclk.probe(True)
    copi.probe(True)
    bits = np.array([1, 0, 0, 1], np.uint8)
    train = Train(1000, 10**9)
    exchange(clock, train, 4, out=out, bits=bits, read=None, launch_rising=False, sample_rising=True)
    world.sleep_until(10_000)
    assert train.end_ns(4) == 5000
    assert sclk.edges(0, 10_000).times.tolist() == [1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000]
    edges = copi.edges(0, 10_000)
    assert (edges.times.tolist(), edges.levels.tolist()) == ([1000, 2000, 4000], [1, 0, 1])
    rising = sclk.edges(0, 10_000).times[::2]
    assert copi.sample(rising).tolist() == bits.tolist()


def test_open_drain_bus_is_wired_and() -> None:
    world = World()
    scl, sda = ClockNet(world, "scl"), Net(world, "sda")
    sda.pull("r", high=True)

    class Ack:
        data_in, data_out, samples_rising = sda, sda.driver("target"), True

        def clock(self, bits: Bits) -> Bits:
            return np.array([1] * (len(bits) - 1) + [0], np.uint8)

    scl.targets.append(Ack())
    got = exchange(
        scl.driver("c"),
        Train(10, 10**10),
        9,
        out=sda.driver("o"),
        bits=np.ones(9, np.uint8),
        read=sda,
        launch_rising=False,
        sample_rising=True,
        open_drain=True,
    )
    assert got.tolist() == [1] * 8 + [0]


def test_nothing_on_the_read_wire_reads_its_pull() -> None:
    _, sclk, copi, cipo = wires()
    cipo.pull("r", high=True)
    got = exchange(
        sclk.driver("c"),
        Train(10, 10**9),
        3,
        out=copi.driver("o"),
        bits=np.zeros(3, np.uint8),
        read=cipo,
        launch_rising=False,
        sample_rising=True,
    )
    assert got.tolist() == [1, 1, 1]
