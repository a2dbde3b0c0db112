from collections.abc import Callable

import pytest

from benchctl.twin.parts.eeprom24 import Eeprom24
from benchctl.twin.parts.i2c_trouble import I2cTrouble
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World
from tests.twin.imp.conftest import BOOT_NS, Bench

Make = Callable[..., Bench]


def wired(scl: str, sda: str) -> Callable[[World], dict[str, Net]]:
    def wires(world: World) -> dict[str, Net]:
        clock, data, refuse = ClockNet(world, "scl"), Net(world, "sda"), Net(world, "refuse")
        clock.pull("r1", high=True)
        data.pull("r2", high=True)
        Eeprom24("eeprom", clock, data, size=32768, address=0x50, page=64, write_cycle_ns=5_000_000)
        I2cTrouble("trouble", clock, data, address=0x22, nack=refuse)
        refuse.driver("bench").set(Drive.HIGH)
        return {scl: clock, sda: data}

    return wires


CODES = """
local i = hardware.%s;
function show(x) { server.log(x == null ? "null " + i.readerror() : "" + x); }
show(i.read(0xA0, "", 1)); show(i.write(0xA0, ""));
i.configure(CLOCK_SPEED_400_KHZ);
show(i.write(0xA0, "")); show(i.write(0x60, "")); show(i.read(0x60, "\\x00", 1));
show(i.read(0x60, "", 1)); show(i.write(0x44, "abc"));
show(i.read(0xA0, "\\x00\\x10", 2) == "\\xff\\xff");
"""


@pytest.mark.parametrize(
    ("module", "bus", "pins", "codes"),
    [
        ("imp003", "i2cAB", ("A", "B"), ["null -13", "-13", "0", "-2", "null -2", "null -6", "-9", "true"]),
        ("imp005", "i2cJK", ("J", "K"), ["null -13", "-13", "0", "-9", "null -9", "null -9", "-9", "true"]),
    ],
)
def test_codes(make: Make, module: str, bus: str, pins: tuple[str, str], codes: list[str]) -> None:
    assert make(module, nets=wired(*pins)).run(CODES % bus) == codes


def test_eeprom_keeps_what_is_written(make: Make) -> None:
    log = make(nets=wired("J", "K")).run(
        """
        local i = hardware.i2cJK;
        i.configure(CLOCK_SPEED_100_KHZ);
        local t = hardware.micros();
        server.log(i.write(0xA0, "\\x01\\x02hello\\x00"));
        server.log(hardware.micros() - t);
        imp.sleep(0.01);
        server.log(i.read(0xA0, "\\x01\\x02", 6));
        """
    )
    assert log[0] == "0"
    assert int(log[1]) == 5 + 5 + 9 * 90 + 5 * 10 // 3  # nine bytes, two conditions of three and two thirds
    assert log[2] == "hello\0"


def test_held_lines(make: Make) -> None:
    bench = make("imp003", nets=wired("A", "B"))
    bench.nets["B"].driver("stuck").set(Drive.LOW)
    log = bench.run(
        'local i = hardware.i2cAB; i.configure(CLOCK_SPEED_100_KHZ); server.log(i.write(0xA0, ""));'
    )
    assert log == ["-1"]


def test_clock_stretching_is_waited_for_in_part(make: Make) -> None:
    bench = make("imp003", nets=wired("A", "B"))
    stretch = bench.nets["A"].driver("stretch")
    bench.imp.deploy(
        'local i = hardware.i2cAB; i.configure(CLOCK_SPEED_10_KHZ); server.log(i.write(0xA0, "ab"));'
    )
    bench.imp.set_power(True)
    bench.world.sleep_until(BOOT_NS + 500_000)
    stretch.set(Drive.LOW)
    bench.wait(0.01)
    assert bench.log == []
    stretch.set(Drive.Z)
    bench.wait(0.01)
    assert bench.log == ["0"]


def test_scl_is_as_fast_as_asked(make: Make) -> None:
    bench = make(nets=wired("J", "K"))
    bench.nets["J"].probe(True)
    bench.run('hardware.i2cJK.configure(CLOCK_SPEED_400_KHZ); hardware.i2cJK.write(0xA0, "");')
    rising = bench.nets["J"].edges(BOOT_NS + 5_000, bench.world.now).times[1::2]
    assert set((rising[1:9] - rising[:8]).tolist()) == {2500}


def test_disable_releases(make: Make) -> None:
    bench = make("imp003", nets=wired("A", "B"))
    source = 'local i = hardware.i2cAB; i.configure(10000); i.disable(); server.log(i.write(0xA0, ""));'
    assert bench.run(source) == ["-13"]
    assert bench.nets["A"].level() == 1
    broken = make("imp003", nets=wired("A", "B"), faults=("i2c-disable-holds-lines",))
    broken.run(source)
    assert broken.nets["A"].level() == 0


def test_a_bus_not_free_for_the_repeated_start(make: Make) -> None:
    """error_codes: -12 for that, -1 for the first start (I2C-SEM-06)."""
    bench = make("imp003", nets=wired("A", "B"))
    stuck = bench.nets["B"].driver("stuck")
    bench.imp.deploy(
        """
        local i = hardware.i2cAB; i.configure(CLOCK_SPEED_10_KHZ);
        server.log(i.read(0xA0, "a", 1) + " " + i.readerror());
        server.log(i.read(0xA0, "a", 1) + " " + i.readerror());
        """
    )
    bench.imp.set_power(True)
    bench.world.sleep_until(BOOT_NS + 1_500_000)
    stuck.set(Drive.LOW)
    assert [line.split()[-1] for line in bench.wait(0.1)] == ["-12", "-1"]


def test_addresses_and_lengths_beyond_the_usual(make: Make) -> None:
    log = make(nets=wired("J", "K")).run(
        """
        local i = hardware.i2cJK; i.configure(CLOCK_SPEED_400_KHZ);
        server.log(i.write(0xA1, "") + " " + i.write(0x1A0, "") + " " + i.write(-0x60, ""));
        server.log("'" + i.read(0xA0, "\\x00\\x00", 0) + "' " + i.readerror());
        try { i.read(0xA0, "", -1); } catch (e) { server.log("threw " + e); }
        """
    )
    assert log == ["0 0 0", "'' 0", "threw bad length"]


def test_readerror_is_that_of_this_program(make: Make) -> None:
    bench = make(nets=wired("J", "K"))
    bench.run('server.log(hardware.i2cJK.read(0xA0, "", 1) == null);')
    bench.imp.deploy("server.log(hardware.i2cJK.readerror());")
    assert bench.wait(1)[-1] == "0"
