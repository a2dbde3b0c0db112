from collections.abc import Callable

from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World
from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]


class Fitted:
    """Wires with a flash chip on the imp's own flash bus."""

    def __init__(self, part: str = "W25Q128JV") -> None:
        self.part = part

    def __call__(self, world: World) -> dict[str, Net]:
        clock = ClockNet(world, "clk")
        nets: dict[str, Net] = {
            "FLASH_SCLK": clock,
            "FLASH_COPI": Net(world, "copi"),
            "FLASH_CIPO": Net(world, "cipo"),
            "FLASH_CS": Net(world, "cs"),
        }
        nets["FLASH_CS"].pull("r", high=True)
        rest = (nets["FLASH_COPI"], nets["FLASH_CIPO"], nets["FLASH_CS"])
        self.flash = SpiNor("flash", Chip.named(self.part), clock, *rest)
        return nets


def test_size_and_id(make: Make) -> None:
    source = (
        'local f = hardware.spiflash; f.enable(); server.log(format("%06x", f.chipid()) + " " + f.size());'
    )
    assert make("imp003", nets=Fitted()).run(source) == [f"ef4018 {0x1000000 - 0x70000}"]
    assert make("imp005", nets=Fitted()).run(source) == [f"ef4018 {0x1000000 - 0x400000}"]


def test_disabled_throws_and_speed(make: Make) -> None:
    log = make("imp003", nets=Fitted()).run(
        """
        local f = hardware.spiflash;
        function attempt(g) { try { server.log(g()); } catch (e) { server.log("threw " + e); } }
        attempt(@() f.size()); attempt(@() f.setspeed(10000000)); attempt(@() f.setspeed(1));
        f.enable(); attempt(@() f.erasesector(100)); attempt(@() f.read(f.size(), 1));
        f.disable(); f.disable(); attempt(@() f.read(0, 1)); f.enable(); attempt(@() f.read(0, 1).len());
        """
    )
    assert log == [
        "threw spiflash not enabled",
        "9000000",
        "threw speed out of range",
        "threw address must be a multiple of 4096",
        "threw address out of range",
        "threw spiflash not enabled",
        "1",
    ]


WRITES = """
local f = hardware.spiflash;
f.enable(); f.erasesector(0);
local data = blob(600);
for (local i = 0; i < 600; i++) data[i] = i % 251;
server.log(f.write(200, data, SPIFLASH_PREVERIFY | SPIFLASH_POSTVERIFY));
local back = f.read(200, 600), same = 0;
for (local i = 0; i < 600; i++) if (back[i] == data[i]) same++;
server.log(same);
server.log(f.write(0, "abcdef", 0, 2, 4) + " " + f.read(0, 4).tostring());
"""


def test_writes_cross_pages(make: Make) -> None:
    wires = Fitted()
    bench = make("imp003", nets=wires)
    assert bench.run(WRITES) == ["0", "600", "0 cd\\xff\\xff"]
    start = 0x70000 + 200
    assert bytes(wires.flash.memory.read(start, 4)) == bytes([0, 1, 2, 3])
    broken = make("imp003", nets=Fitted(), faults=("spiflash-pages-wrap",))
    assert broken.run(WRITES)[0] == "1"


def test_verification(make: Make) -> None:
    log = make("imp003", nets=Fitted()).run(
        """
        local f = hardware.spiflash; f.enable(); f.erasesector(4096);
        local b = blob(2); b[0] = 0xF0; b[1] = 0x0F;
        f.write(4096, b);
        b[0] = 0x0F;
        server.log(f.write(4096, b, SPIFLASH_PREVERIFY) + " " + f.read(4096, 1)[0]);
        server.log(f.write(4096, b, SPIFLASH_POSTVERIFY) + " " + f.read(4096, 1)[0]);
        server.log(f.write(4096, b) + " " + f.read(4096, 2)[1]);
        """
    )
    assert log == ["2 240", "1 0", "0 15"]


def test_readintoblob_writes_at_the_pointer(make: Make) -> None:
    wires = Fitted()
    bench = make("imp003", nets=wires)
    log = bench.run(
        """
        local f = hardware.spiflash; f.enable(); f.erasesector(0); f.write(0, "12345678");
        local b = blob(16); b.seek(4); f.readintoblob(0, b, 8);
        server.log(b.tell() + " " + b.len() + " " + b.readstring(1).len());
        b.seek(3); server.log(b.readstring(10).slice(1, 9));
        """
    )
    assert log == ["12 16 1", "12345678"]


def test_erase_leaves_the_neighbours(make: Make) -> None:
    source = "local f = hardware.spiflash; f.enable(); f.erasesector(4096);"
    for faults, neighbour in (((), 0), (("spiflash-erases-64k",), 0xFF)):
        wires = Fitted()
        bench = make("imp003", nets=wires, faults=faults)
        wires.flash.memory.cells[0x70000 : 0x70000 + 3 * 4096] = 0
        bench.run(source, 5)
        content = wires.flash.memory.read(0x70000, 3 * 4096)
        assert set(content[4096:8192].tolist()) == {0xFF}
        assert content[0] == content[8192] == neighbour


def test_info_is_for_the_imp005(make: Make) -> None:
    source = 'local f = hardware.spiflash; f.enable(); server.log(("info" in f) + " " + ("setspeed" in f));'
    assert make("imp005", nets=Fitted()).run(source) == ["true false"]
    assert make("imp003", nets=Fitted()).run(source) == ["false true"]


def test_the_bus_is_free_without_the_program(make: Make) -> None:
    bench = make("imp003", nets=Fitted())
    bench.nets["FLASH_SCLK"].pull("r", high=True)
    bench.run("hardware.spiflash.enable(); imp.sleep(0.5); hardware.spiflash.disable();", 0.1)
    assert bench.nets["FLASH_SCLK"].level() == 0
    bench.wait(1)
    assert bench.nets["FLASH_SCLK"].level() == 1


def test_parts_of_the_data(make: Make) -> None:
    """Indices outside the data throw, and nothing is written."""
    log = make("imp003", nets=Fitted()).run(
        """
        local f = hardware.spiflash; f.enable(); f.erasesector(0);
        function attempt(g) { try { server.log(g()); } catch (e) { server.log("threw " + e); } }
        attempt(@() f.write(0, "abcdef", 0, -2)); attempt(@() f.write(0, "abcdef", 0, 4, 2));
        attempt(@() f.write(0, "abcdef", 0, 0, 7)); attempt(@() f.write(0, "abcdef", null, 6));
        server.log(f.read(0, 1)[0]);
        attempt(@() f.write(0, "abcdef", null, null, null)); server.log(f.read(0, 6).tostring());
        """
    )
    assert log == 3 * ["threw bad length"] + ["0", "255", "0", "abcdef"]


def test_a_growing_target(make: Make) -> None:
    log = make("imp003", nets=Fitted()).run(
        """
        local f = hardware.spiflash; f.enable();
        local b = blob(2); b.seek(1); f.readintoblob(0, b, 4);
        server.log(b.len() + " " + b.tell());
        try { f.read(0, 600000); } catch (e) { server.log("threw " + e); }
        """
    )
    assert log == ["5 5", "threw cannot create blob larger than 524288 bytes"]


def test_a_chip_of_more_than_three_address_bytes(make: Make) -> None:
    log = make("imp005", nets=Fitted("W25Q256JV")).run(
        "local f = hardware.spiflash; f.enable(); server.log(f.size());"
    )
    assert log == [str(0x1000000 - 0x400000)]
