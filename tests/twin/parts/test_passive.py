import numpy as np

from benchctl.twin.parts.passive import AnalogSource, Resistor
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World


def test_resistor_pulls_both_ways_and_lets_go() -> None:
    world = World()
    pin, far = Net(world, "pin"), Net(world, "far")
    Resistor("r", pin, far)
    imp, bench = pin.driver("imp"), far.driver("bench")
    bench.set(Drive.HIGH)
    assert pin.level() == 1
    imp.set(Drive.WEAK_LOW)
    assert pin.level() == 1
    imp.set(Drive.LOW)
    assert (pin.level(), far.level()) == (0, 1)
    bench.set(Drive.Z)
    assert far.level() == 0
    imp.set(Drive.WEAK_HIGH)
    assert pin.level() == 1
    assert far.drivers[0].drive == Drive.Z


def test_resistor_passes_a_wave_and_its_cut() -> None:
    world = World()
    pin, far = Net(world, "pin"), Net(world, "far")
    Resistor("r", pin, far)
    bench = far.driver("bench")
    bench.play(np.array([100, 200, 300], np.int64), np.array([Drive.HIGH, Drive.LOW, Drive.HIGH], np.uint8))
    assert pin.edges(0, 1000).times.tolist() == [100, 200, 300]
    world.sleep_until(150)
    bench.set(Drive.HIGH)
    assert pin.edges(0, 1000).times.tolist() == [100]


def test_analog_source() -> None:
    world = World()
    net = Net(world, "n")
    source = AnalogSource("mid", net, 2.5, 3.3)
    assert net.analog_volts is not None
    assert net.analog_volts(0) == 2.5
    assert net.level() == 1
    source.volts = 1.0
    assert net.analog_volts(0) == 1.0
