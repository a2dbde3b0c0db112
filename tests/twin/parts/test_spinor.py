from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.data import load_data
from benchctl.errors import UserError
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.wires.clocked import ClockNet, Train, exchange
from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

MS = 1_000_000


class Bus:
    """A flash with a controller that is either bursts or a pin moved edge by edge."""

    def __init__(self, part: str = "W25Q128JV", seed: int = 0, switched: bool = False) -> None:
        self.world = World(seed)
        self.sclk, self.copi = ClockNet(self.world, "sclk"), Net(self.world, "copi")
        self.cipo, self.cs_net = Net(self.world, "cipo"), Net(self.world, "cs")
        self.wp, self.hold = Net(self.world, "wp"), Net(self.world, "hold")
        self.wp.pull("r", high=True)
        self.hold.pull("r", high=True)
        self.cipo.pull("r", high=True)
        self.clock, self.out, self.cs = (net.driver("bench") for net in (self.sclk, self.copi, self.cs_net))
        self.clock.set(Drive.LOW)
        self.cs.set(Drive.HIGH)
        self.vcc = Net(self.world, "vcc") if switched else None
        self.flash = SpiNor(
            "flash", Chip.named(part), self.sclk, self.copi, self.cipo, self.cs_net,
            wp=self.wp, hold=self.hold, vcc=self.vcc,
        )  # fmt: skip

    def burst(self, data: bytes) -> bytes:
        bits = np.unpackbits(np.frombuffer(data, np.uint8))
        train = Train(self.world.now, 10**8)  # 10 MHz
        got = exchange(
            self.clock, train, len(bits), out=self.out, bits=bits, read=self.cipo,
            launch_rising=False, sample_rising=True,
        )  # fmt: skip
        self.world.sleep_until(train.end_ns(len(bits)))
        return np.packbits(got).tobytes()

    def select(self, on: bool = True) -> None:
        self.cs.set(Drive.LOW if on else Drive.HIGH)
        self.world.sleep_until(self.world.now + 50)

    def transfer(self, write: bytes, read: int = 0) -> bytes:
        self.select()
        self.burst(write)
        got = self.burst(bytes(read)) if read else b""
        self.select(False)
        return got

    def bang(self, data: bytes) -> bytes:
        got = []
        for bit in np.unpackbits(np.frombuffer(data, np.uint8)):
            self._move(self.out, bit)
            got.append(self.cipo.level())
            self._move(self.clock, 1)
            self._move(self.clock, 0)
        return np.packbits(np.array(got, np.uint8)).tobytes()

    def _move(self, driver: Driver, level: int) -> None:
        driver.set(Drive.HIGH if level else Drive.LOW)
        self.world.sleep_until(self.world.now + 100)

    def wait(self, limit_ms: float = 400_000) -> None:
        start = self.world.now
        while self.transfer(b"\x05", 1)[0] & 1:
            waited = self.world.now - start
            assert waited < limit_ms * MS
            self.world.sleep_until(self.world.now + max(MS // 10, waited // 8))

    def change(self, command: bytes) -> None:
        self.transfer(b"\x06")
        self.transfer(command)
        self.wait()


def address(value: int, size: int = 3) -> bytes:
    return value.to_bytes(size)


@pytest.mark.parametrize(
    ("part", "jedec", "device"),
    [
        ("W25Q128JV", b"\xef\x40\x18", 0x17),
        ("W25X40CL", b"\xef\x30\x13", 0x12),
        ("MX25L12835F", b"\xc2\x20\x18", 0x17),
    ],
)
def test_identifies_itself_in_three_ways(part: str, jedec: bytes, device: int) -> None:
    bus = Bus(part)
    assert bus.transfer(b"\x9f", 3) == jedec
    assert bus.transfer(b"\x90\0\0\0", 2) == bytes([jedec[0], device])
    assert bus.transfer(b"\x90\0\0\1", 2) == bytes([device, jedec[0]])
    assert bus.transfer(b"\xab\0\0\0", 1) == bytes([device])


def test_id_can_be_read_edge_by_edge_and_after_a_burst() -> None:
    bus = Bus()
    bus.select()
    assert bus.bang(b"\x9f\0\0\0")[1:] == b"\xef\x40\x18"
    bus.select(False)
    bus.select()
    bus.burst(b"\x9f")
    assert bus.bang(b"\0\0") == b"\xef\x40"
    assert bus.burst(b"\0") == b"\x18"
    bus.select(False)
    assert bus.cipo.level() == 1  # released to its pull-up


def test_burst_after_single_edges_goes_on_where_they_stopped() -> None:
    bus = Bus()
    bus.select()
    bus.bang(b"\x9f")  # the first bit of the answer is on the wire already
    assert bus.burst(b"\0\0\0") == b"\xef\x40\x18"


def test_recorded_clock_edges_are_not_taken_twice() -> None:
    bus = Bus()
    bus.sclk.probe(True)
    bus.cipo.probe(True)
    assert bus.transfer(b"\x9f", 3) == b"\xef\x40\x18"
    assert len(bus.sclk.edges(0, bus.world.now).times) == 2 * 32


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 0x1FFF), st.binary(min_size=1, max_size=300))))
@settings(max_examples=15, deadline=None)
def test_content_is_what_a_model_of_nor_says(steps: list[tuple[bool, int, bytes]]) -> None:
    bus = Bus("W25X40CL")
    model = np.full(0x2000, 0xFF, np.uint8)
    for erase, where, data in steps:
        if erase:
            bus.change(b"\x20" + address(where))
            model[where // 0x1000 * 0x1000 :][:0x1000] = 0xFF
        else:
            bus.change(b"\x02" + address(where) + data)
            page = where // 256 * 256
            last = {(where + i) % 256: value for i, value in enumerate(data)}
            for offset, value in last.items():
                model[page + offset] &= value
    assert bus.transfer(b"\x03" + address(0), 0x2000) == model.tobytes()


def test_program_takes_its_time_and_ignores_commands_meanwhile() -> None:
    bus = Bus()
    bus.transfer(b"\x06")
    assert bus.transfer(b"\x05", 1) == b"\x02"
    bus.transfer(b"\x02" + address(0) + bytes(256))
    start = bus.world.now
    assert bus.transfer(b"\x05", 1) == b"\x03"
    bus.transfer(b"\x20" + address(0))
    assert bus.transfer(b"\x03" + address(0), 2) == b"\xff\xff"  # nothing drives the wire
    bus.wait()
    assert 0.4 * MS <= bus.world.now - start <= 3 * MS
    assert bus.transfer(b"\x05", 1) == b"\x00"
    assert bus.transfer(b"\x0b" + address(0) + b"\0", 257) == bytes(256) + b"\xff"


def test_status_read_without_end_shows_the_moment_it_gets_ready() -> None:
    bus = Bus()
    bus.transfer(b"\x06")
    bus.transfer(b"\x02" + address(0) + b"\0")
    polled = bus.transfer(b"\x05", 100)
    assert polled[0] == 0x03
    assert polled[-1] == 0x00
    assert sorted(polled, reverse=True) == list(polled)


def test_nothing_changes_without_write_enable() -> None:
    bus = Bus()
    bus.transfer(b"\x02" + address(0) + b"\0")
    bus.transfer(b"\x06")
    bus.transfer(b"\x04")
    bus.transfer(b"\x02" + address(0) + b"\0")
    assert bus.flash.memory.cells[0] == 0xFF


def test_a_command_cut_in_the_middle_of_a_byte_is_ignored() -> None:
    bus = Bus()
    bus.transfer(b"\x06")
    bus.select()
    bus.burst(b"\x02" + address(0) + b"\0")
    bus.clock.set(Drive.HIGH)
    bus.world.sleep_until(bus.world.now + 50)
    bus.clock.set(Drive.LOW)
    bus.select(False)
    assert not bus.flash.busy


@pytest.mark.parametrize(("command", "region"), [(b"\x20", 0x1000), (b"\x52", 0x8000), (b"\xd8", 0x10000)])
def test_erase_sizes(command: bytes, region: int) -> None:
    bus = Bus()
    cells = bus.flash.memory.cells
    cells[:] = 0
    bus.change(command + address(0x20000 + region // 2))
    assert np.flatnonzero(cells).tolist() == list(range(0x20000, 0x20000 + region))


def test_chip_erase_needs_no_protection() -> None:
    bus = Bus("W25X40CL")
    bus.flash.memory.cells[:] = 0
    bus.change(b"\x01\x04")
    bus.change(b"\xc7")
    assert not bus.flash.memory.cells.any()
    bus.change(b"\x01\x00")
    bus.change(b"\x60")
    assert (bus.flash.memory.cells == 0xFF).all()


@pytest.mark.parametrize(
    ("status", "protected"),
    [
        (b"\x04", (0xFC0000, 0x1000000)),
        (b"\x24", (0, 0x40000)),
        (b"\x44", (0xFFF000, 0x1000000)),
        (b"\x64", (0, 0x1000)),
        (b"\x1c", (0, 0x1000000)),
        (b"\x04\x40", (0, 0xFC0000)),
        (b"\x24\x40", (0x40000, 0x1000000)),
    ],
)
def test_block_protection(status: bytes, protected: tuple[int, int]) -> None:
    bus = Bus()
    bus.change(b"\x01" + status)
    first, last = protected
    for where in (w for w in (first - 1, first, last - 1, last) if 0 <= w < 0x1000000):
        bus.change(b"\x02" + address(where) + b"\0")
        assert (bus.flash.memory.cells[where] == 0) == (not first <= where < last), hex(where)


def test_status_survives_power_unless_written_volatile() -> None:
    bus = Bus()
    bus.transfer(b"\x50")
    bus.transfer(b"\x01\x04")
    assert bus.transfer(b"\x05", 1) == b"\x04"
    bus.flash.power_off()
    assert bus.transfer(b"\x05", 1) == b"\x00"
    bus.change(b"\x31\x42")
    bus.flash.power_off()
    assert bus.transfer(b"\x35", 1) == b"\x42"


def test_without_supply_it_neither_listens_nor_answers() -> None:
    bus = Bus(switched=True)
    assert bus.vcc is not None
    supply = bus.vcc.driver("line")
    bus.transfer(b"\x06")
    bus.transfer(b"\x02" + address(0) + b"\0")
    assert bus.transfer(b"\x9f", 3) == b"\xff\xff\xff"
    supply.set(Drive.HIGH)
    assert bus.transfer(b"\x03" + address(0), 1) == b"\xff"
    bus.select()
    bus.bang(b"\x9f\0")
    supply.set(Drive.LOW)
    assert bus.flash.data_out.drive == Drive.Z
    assert bus.bang(b"\0") == b"\xff"
    bus.select(False)
    supply.set(Drive.HIGH)
    assert bus.transfer(b"\x9f", 3) == b"\xef\x40\x18"


def test_locked_status_register_obeys_the_wp_pin() -> None:
    bus = Bus()
    bus.change(b"\x01\x80")
    bus.wp.driver("bench").set(Drive.LOW)
    bus.change(b"\x01\x04")
    assert bus.transfer(b"\x05", 1)[0] & 0xFC == 0x80


def test_held_chip_ignores_its_clock() -> None:
    bus = Bus()
    hold = bus.hold.driver("bench")
    bus.select()
    bus.burst(b"\x9f")
    hold.set(Drive.LOW)
    assert bus.burst(b"\0") == b"\xff"
    hold.set(Drive.Z)
    assert bus.burst(b"\0") == b"\xef"


def test_four_byte_addresses_reach_the_upper_half() -> None:
    bus = Bus("W25Q256JV")
    where = 0x1800000
    bus.change(b"\x12" + address(where, 4) + b"\x5a")
    assert bus.transfer(b"\x13" + address(where, 4), 1) == b"\x5a"
    assert bus.transfer(b"\x0c" + address(where, 4) + b"\0", 1) == b"\x5a"
    assert bus.transfer(b"\x03" + address(where & 0xFFFFFF), 1) == b"\xff"
    bus.transfer(b"\xb7")
    assert bus.transfer(b"\x03" + address(where, 4), 1) == b"\x5a"
    bus.change(b"\x21" + address(where, 4))
    assert bus.flash.memory.cells[where] == 0xFF


def test_reading_goes_round_at_the_end() -> None:
    bus = Bus("W25X40CL")
    bus.flash.memory.cells[[0x7FFFF, 0]] = 1, 2
    assert bus.transfer(b"\x03" + address(0x7FFFF), 2) == b"\1\2"


def test_deep_power_down_answers_only_to_release() -> None:
    bus = Bus()
    bus.transfer(b"\xb9")
    assert bus.transfer(b"\x9f", 3) == b"\xff" * 3
    bus.transfer(b"\xab")
    bus.world.sleep_until(bus.world.now + 3_000)
    assert bus.transfer(b"\x9f", 3) == b"\xef\x40\x18"


def test_reset_cuts_an_erase_off_and_needs_both_commands() -> None:
    bus = Bus()
    bus.flash.memory.cells[:0x1000] = 0
    bus.transfer(b"\x06")
    bus.transfer(b"\x20" + address(0))
    bus.transfer(b"\x99")
    assert bus.flash.busy
    bus.world.sleep_until(bus.world.now + 20 * MS)
    bus.transfer(b"\x66")
    bus.transfer(b"\x99")
    bus.world.sleep_until(bus.world.now + MS)
    assert not bus.flash.busy
    assert 0 < np.count_nonzero(bus.flash.memory.cells[:0x1000]) < 0x1000


def test_unit_to_unit_speed_comes_from_the_seed() -> None:
    def erase_ns(seed: int) -> int:
        bus = Bus(seed=seed)
        bus.transfer(b"\x06")
        bus.transfer(b"\x20" + address(0))
        start = bus.world.now
        bus.wait()
        return bus.world.now - start

    assert erase_ns(1) == erase_ns(1) != erase_ns(2)
    assert 45 * MS <= erase_ns(1) <= 400 * MS


def test_images_come_from_and_go_to_files(tmp_path: Path) -> None:
    bus = Bus("W25X40CL")
    image = tmp_path / "image.bin"
    image.write_bytes(b"abc")
    bus.flash.memory.load(image, 0x100)
    bus.flash.memory.save(image)
    assert image.read_bytes()[0xFF:0x104] == b"\xffabc\xff"
    with pytest.raises(UserError, match="room for 1"):
        bus.flash.memory.load(image, 0x7FFFF)


def test_a_long_read_is_one_step() -> None:
    bus = Bus()
    content = np.random.default_rng(0).integers(0, 256, 1 << 20, np.uint8)
    bus.flash.memory.cells[: 1 << 20] = content
    assert bus.transfer(b"\x03" + address(0), 1 << 20) == content.tobytes()


def test_unknown_chip_names_the_nearest() -> None:
    with pytest.raises(UserError, match="W25Q128JV"):
        Chip.named("W25Q128")


class Erase(NamedTuple):
    size: int
    opcode: int


@pytest.mark.parametrize("part", ["W25Q32JV", "W25Q256JV", "MX25L12835F"])
def test_sfdp_describes_the_chip(part: str) -> None:
    bus = Bus(part)
    table = bus.transfer(b"\x5a\0\0\0\0", 256)
    assert table[:8] == b"SFDP\x05\x01\x00\xff"
    assert table[8:16] == bytes([0, 5, 1, 16, 0x80, 0, 0, 0xFF])
    words = np.frombuffer(table[0x80:0xC0], "<u4").tolist()
    assert words[1] == bus.flash.chip.size * 8 - 1
    erases = {Erase(1 << (w & 0xFF), w >> 8 & 0xFF) for w in (words[7], words[7] >> 16, words[8])}
    assert erases == {Erase(0x1000, 0x20), Erase(0x8000, 0x52), Erase(0x10000, 0xD8)}
    assert (words[0] >> 17 & 3) == (bus.flash.chip.size > 1 << 24)
    assert 1 << (words[10] >> 4 & 15) == 256
    units_ms = (1, 16, 128, 1000)
    typical_ms = ((words[9] >> 4 & 31) + 1) * units_ms[words[9] >> 9 & 3]
    assert bus.flash.chip.times.erase_4k[0] <= typical_ms * MS < bus.flash.chip.times.erase_4k[0] * 2


def test_sfdp_of_a_known_chip_agrees_with_one_read_from_silicon() -> None:
    # The W25Q32JV of that dump also announces double transfer rate, bit 19 of the first word.
    words = np.frombuffer(Bus("W25Q32JV").transfer(b"\x5a\0\0\x80\0", 16), "<u4").tolist()
    assert [words[0] | 1 << 19, *words[1:]] == [0xFFF920E5, 0x01FFFFFF, 0x6B08EB44, 0xBB423B08]


def test_every_time_of_a_chip_says_where_it_is_from() -> None:
    known = {"sfdp", "quoted", "x40", "scaled", "memory"}
    for row in load_data("benchctl.twin.parts.nor", "chips.yaml")["chips"].values():
        assert set(row["sources"]) == {key.rpartition("_")[0] for key in row["times"]}
        assert {word for source in row["sources"].values() for word in source.split()} <= known


def test_a_chip_without_sfdp_leaves_the_wire_alone() -> None:
    assert Bus("W25X40CL").transfer(b"\x5a\0\0\0\0", 8) == b"\xff" * 8
