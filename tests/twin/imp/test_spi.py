from collections.abc import Callable

import pytest

from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World
from tests.twin.imp.conftest import BOOT_NS, Bench

Make = Callable[..., Bench]


def looped(world: World) -> dict[str, Net]:
    wire = ClockNet(world, "loop")
    return {"B": wire, "C": wire}


def test_loopback_and_duration(make: Make) -> None:
    log = make(nets=looped).run(
        """
        local s = hardware.spiBCAD;
        server.log(s.configure(CLOCK_IDLE_LOW | MSB_FIRST, 7000));
        local sent = blob(300);
        for (local i = 0; i < 300; i++) sent[i] = i & 0xFF;
        local t = hardware.micros(), got = s.writeread(sent);
        t = hardware.micros() - t;
        local same = 0;
        for (local i = 0; i < 300; i++) if (got[i] == sent[i]) same++;
        server.log(same + " " + t + " " + s.writeread("ab\\x00z") + " " + s.write("xyz"));
        """
    )
    assert log[0] == "6400"
    same, micros, text = log[1].split(" ", 2)
    assert same == "300"
    assert int(micros) == pytest.approx(300 * 1.25 + 299 * 0.2 + 5, abs=1)
    assert text == "ab\0z 3"


def test_least_significant_bit_first_on_the_wire(make: Make) -> None:
    bench = make()
    bench.nets["A"].probe(True)
    bench.nets["B"].probe(True)
    bench.run('hardware.spiBCAD.configure(LSB_FIRST, 200); hardware.spiBCAD.write(format("%c", 0x2D));')
    rising = bench.nets["A"].edges(BOOT_NS, bench.world.now).times[::2]
    assert bench.nets["B"].sample(rising).tolist() == [1, 0, 1, 1, 0, 1, 0, 0]


@pytest.mark.parametrize(("faults", "zeros"), [((), True), (("spi-read-clocks-garbage",), False)])
def test_reads_send_zeros(make: Make, faults: tuple[str, ...], zeros: bool) -> None:
    bench = make("imp003", faults=faults)
    bench.nets["E"].probe(True)
    bench.run("hardware.spiEBCA.configure(CLOCK_IDLE_LOW, 1000); hardware.spiEBCA.readblob(20);")
    assert (len(bench.nets["E"].edges(BOOT_NS, bench.world.now).times) == 0) is zeros


def test_chipselect(make: Make) -> None:
    bench = make()
    bench.nets["D"].probe(True)
    log = bench.run(
        """
        local s = hardware.spiBCAD;
        s.configure(0, 400);
        try { s.chipselect(1); } catch (e) { server.log("threw " + e); }
        server.log(s.configure(USE_CS_L, 400));
        s.chipselect(1); s.writeread(blob(3)); s.chipselect(0);
        """
    )
    assert log == ["threw chipselect requires USE_CS_L", "400"]
    edges = bench.nets["D"].edges(BOOT_NS, bench.world.now)
    assert edges.levels.tolist() == [0, 1]
    assert edges.times[1] - edges.times[0] == 5_000 + 24 * 2500 + 400


def test_chipselect_throws_elsewhere(make: Make) -> None:
    log = make("imp003").run(
        'try { hardware.spiEBCA.chipselect(1); } catch (e) { server.log("threw " + e); }'
    )
    assert log == ["threw chipselect not supported"]


def test_no_sclk_leaves_the_clock_pin_free(make: Make) -> None:
    bench = make("imp003")
    for pin in "CE":
        bench.nets[pin].probe(True)
    bench.run(
        """
        hardware.pinC.configure(DIGITAL_OUT, 1);
        hardware.spiEBCA.configure(NO_SCLK | SIMPLEX_TX, 9000);
        hardware.spiEBCA.write("U");
        """
    )
    assert bench.nets["C"].edges(BOOT_NS - 1, bench.world.now).levels.tolist() == [1]
    assert len(bench.nets["E"].edges(BOOT_NS, bench.world.now).times) == 7


def test_a_flash_on_the_bus_answers(make: Make) -> None:
    def wires(world: World) -> dict[str, Net]:
        nets: dict[str, Net] = {pin: ClockNet(world, pin) for pin in "ABCD"}
        clock = nets["A"]
        assert isinstance(clock, ClockNet)
        SpiNor("flash", Chip.named("W25Q128JV"), clock, nets["B"], nets["C"], nets["D"])
        return nets

    log = make(nets=wires).run(
        """
        local s = hardware.spiBCAD;
        s.configure(USE_CS_L, 6400);
        s.chipselect(1); s.write("\\x9f"); local id = s.readblob(3); s.chipselect(0);
        server.log(format("%02x%02x%02x", id[0], id[1], id[2]));
        """
    )
    assert log == ["ef4018"]


def test_disable_frees_the_pins_and_stops_transfers(make: Make) -> None:
    bench = make("imp003")
    bench.nets["C"].pull("up", high=True)
    log = bench.run(
        """
        local s = hardware.spiEBCA;
        s.configure(0, 1000); s.disable();
        server.log(hardware.pinC.read());
        try { s.write("a"); } catch (e) { server.log("threw " + e); }
        """
    )
    assert log == ["1", "threw spi not configured"]


def test_names(make: Make) -> None:
    probe = 'server.log(("spiBCAD" in hardware) + " " + ("spiABCD" in hardware));'
    assert make().run(probe) == ["true false"]
    assert make(impos="34.0").run(probe) == ["false true"]
    assert make("imp003", faults=("spi-one-missing",)).run('server.log("spiLGDK" in hardware);') == ["false"]


def test_flags_and_values_beyond_the_usual(make: Make) -> None:
    """Both SIMPLEX flags receive; a wire not in use reads as ones; any select but 0 asserts."""
    bench = make(nets=looped)
    log = bench.run(
        """
        local s = hardware.spiBCAD;
        server.log(s.configure(1 << 20, 1000) + " " + s.writeread("ab"));
        s.configure(SIMPLEX_TX, 1000); server.log(s.readblob(1)[0] + " " + s.write("abc"));
        s.configure(SIMPLEX_RX | SIMPLEX_TX, 1000); hardware.pinB.configure(DIGITAL_OUT, 0);
        server.log(s.readblob(1)[0]);
        s.configure(USE_CS_L, 1000); s.chipselect(-3); server.log(hardware.pinD.read());
        """
    )
    assert log == ["800 ab", "255 3", "0", "0"]


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ("readblob(-1)", "threw bad length"),
        ("readblob(524289)", "threw cannot create blob larger than 524288 bytes"),
        ("readblob(0).len()", "0"),
    ],
)
def test_lengths(make: Make, call: str, outcome: str) -> None:
    log = make().run(
        f"""
        local s = hardware.spiBCAD; s.configure(0, 25600);
        try {{ server.log(s.{call}); }} catch (e) {{ server.log("threw " + e); }}
        """
    )
    assert log == [outcome]


def test_a_read_of_more_than_there_is_memory(make: Make) -> None:
    """e-oom: Squirrel restarts, and says why."""
    bench = make("imp003")
    source = """
        server.log(hardware.wakereason());
        if (hardware.wakereason() == WAKEREASON_SW_RESET) return;
        hardware.spiEBCA.configure(0, 1000); hardware.spiEBCA.readstring(2000000000);
        server.log("read");
        """
    assert bench.run(source, 3) == ["0", "out of memory", "2"]


@pytest.mark.parametrize(("impos", "zeros", "level"), [("29.0", False, 1), ("30.0", True, 0)])
def test_before_release_30(make: Make, impos: str, zeros: bool, level: int) -> None:
    """SPI-RB-01, SPI-DIS-02: reads sent random values, and a bus outlived its program."""
    bench = make("imp001", impos)
    bench.nets["8"].probe(True)
    bench.nets["1"].pull("down", high=False)
    bench.run("hardware.spi189.configure(CLOCK_IDLE_HIGH, 1000); hardware.spi189.readblob(20); throw 1;", 0.5)
    assert (len(bench.nets["8"].edges(BOOT_NS, BOOT_NS + 10**6).times) == 0) is zeros
    assert bench.nets["1"].level() == level
