import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World


def test_strong_beats_pull_and_pull_beats_nothing() -> None:
    world = World()
    net = Net(world, "n")
    a = net.driver("a")
    assert net.level() == 0
    net.pull("up", high=True)
    assert net.level() == 1
    a.set(Drive.LOW)
    assert net.level() == 0
    a.set(Drive.Z)
    assert net.level() == 1


def test_floating_wire_keeps_its_level() -> None:
    world = World()
    net = Net(world, "n")
    a = net.driver("a")
    a.set(Drive.HIGH)
    world.sleep_until(100)
    a.set(Drive.Z)
    world.sleep_until(200)
    assert net.level() == 1
    assert net.sample(np.array([50, 150, 200])).tolist() == [1, 1, 1]


def test_contention_is_found() -> None:
    world = World()
    net = Net(world, "n")
    a, b = net.driver("a"), net.driver("b")
    a.set(Drive.HIGH)
    world.sleep_until(100)
    b.set(Drive.LOW)
    world.sleep_until(150)
    b.set(Drive.Z)
    world.sleep_until(200)
    assert net.contention(0, 200) == [(100, 150)]


def test_edge_watch_sees_every_edge_at_its_time() -> None:
    world = World()
    net = Net(world, "n")
    a = net.driver("a")
    a.set(Drive.LOW)
    seen: list[tuple[int, int]] = []
    EdgeWatch(net, lambda level: seen.append((world.now, level)))
    a.play(np.array([10, 20, 35]), np.array([Drive.HIGH, Drive.LOW, Drive.HIGH], np.uint8))
    world.sleep_until(100)
    assert seen == [(10, 1), (20, 0), (35, 1)]


@given(
    st.lists(
        st.tuples(st.integers(1, 1000), st.integers(0, 2), st.sampled_from(list(Drive))),
        min_size=1,
        max_size=30,
    )
)
def test_edges_agree_with_level_at_every_time(steps: list[tuple[int, int, Drive]]) -> None:
    world = World()
    net = Net(world, "n")
    drivers = [net.driver(str(i)) for i in range(3)]
    for t, who, drive in sorted(steps, key=lambda s: s[0]):
        world.sleep_until(max(t, world.now))
        drivers[who].set(drive)
    at = np.arange(0, 1002)
    sampled = net.sample(at)
    assert sampled.tolist() == [net.level(int(t)) for t in at]


def test_board_resistor_beats_a_pull_inside_a_chip() -> None:
    net = Net(World(), "n")
    inside, outside = net.driver("chip"), net.driver("resistor")
    inside.set(Drive.WEAK_LOW)
    outside.set(Drive.PULL_HIGH)
    assert net.level() == 1
    outside.set(Drive.Z)
    assert net.level() == 0
