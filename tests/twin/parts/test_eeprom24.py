from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.parts.eeprom24 import Eeprom24
from benchctl.twin.parts.i2c_trouble import I2cTrouble
from benchctl.twin.wires.clocked import ClockNet, Train, exchange
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

MS = 1_000_000


class Controller:
    """An I²C controller whose START and STOP are edges, and whose bytes are bursts or edges."""

    def __init__(self, edge_by_edge: bool = False, probed: bool = False) -> None:
        self.world = World()
        self.scl_net, self.sda_net = ClockNet(self.world, "scl"), Net(self.world, "sda")
        for net in (self.scl_net, self.sda_net):
            net.pull("r", high=True)
            net.probe(probed)
        self.scl, self.sda = self.scl_net.driver("bench"), self.sda_net.driver("bench")
        self._edge_by_edge = edge_by_edge

    def eeprom(self, size: int = 32768, address: int = 0x50, page: int = 64, **pins: Net) -> Eeprom24:
        return Eeprom24(
            "eeprom", self.scl_net, self.sda_net, size=size, address=address, page=page,
            write_cycle_ns=5 * MS, **pins,
        )  # fmt: skip

    def lines(self, scl: int | None = None, sda: int | None = None) -> None:
        for driver, level in ((self.sda, sda), (self.scl, scl)):
            if level is not None:
                driver.set(Drive.Z if level else Drive.LOW)
        self.world.sleep_until(self.world.now + 2_500)

    def start(self) -> None:
        self.lines(sda=1)
        self.lines(scl=1)
        self.lines(sda=0)
        self.lines(scl=0)

    def stop(self) -> None:
        self.lines(sda=0)
        self.lines(scl=1)
        self.lines(sda=1)

    def bits(self, bits: Iterable[int]) -> list[int]:
        out = np.array(list(bits), np.uint8)
        if self._edge_by_edge:
            return [self._bit(int(bit)) for bit in out]
        train = Train(self.world.now, 10**10)  # 100 kHz
        got = exchange(
            self.scl, train, len(out), out=self.sda, bits=out, read=self.sda_net,
            launch_rising=False, sample_rising=True, open_drain=True,
        )  # fmt: skip
        self.world.sleep_until(train.end_ns(len(out)))
        return got.tolist()

    def _bit(self, bit: int) -> int:
        self.lines(sda=bit)
        self.lines(scl=1)
        level = self.sda_net.level()
        self.lines(scl=0)
        return level

    def put(self, value: int) -> bool:
        return not self.bits([value >> i & 1 for i in range(7, -1, -1)] + [1])[-1]

    def get(self, ack: bool) -> int:
        got = self.bits([1] * 8 + [not ack])
        return int("".join(map(str, got[:8])), 2)

    def write(self, address: int, data: bytes) -> list[bool]:
        self.start()
        acks = [self.put(byte) for byte in bytes([address << 1]) + data]
        self.stop()
        return acks

    def read(self, address: int, count: int, word: bytes = b"") -> bytes:
        if word:
            self.start()
            assert all(self.put(byte) for byte in bytes([address << 1]) + word)
        self.start()
        assert self.put(address << 1 | 1)
        data = bytes(self.get(ack=i < count - 1) for i in range(count))
        self.stop()
        return data

    def wait(self, address: int = 0x50) -> None:
        for _ in range(1000):
            self.start()
            if self.put(address << 1):
                return self.stop()
            self.stop()
        pytest.fail("never ready")


@pytest.fixture(params=["bursts", "edges", "recorded bursts"])
def i2c(request: pytest.FixtureRequest) -> Controller:
    return Controller(request.param == "edges", request.param == "recorded bursts")


def test_random_current_address_and_sequential_read(i2c: Controller) -> None:
    cells = i2c.eeprom().cells
    cells[0x1234:0x1238] = [1, 2, 3, 4]
    assert i2c.read(0x50, 2, b"\x12\x34") == b"\1\2"
    assert i2c.read(0x50, 2) == b"\3\4"
    cells[[0x7FFF, 0]] = 8, 9
    assert i2c.read(0x50, 2, b"\x7f\xff") == b"\x08\x09"


def test_page_write_goes_round_and_refuses_until_its_cycle_is_over(i2c: Controller) -> None:
    eeprom = i2c.eeprom()
    assert all(i2c.write(0x50, b"\x00\x3e" + bytes(range(1, 5))))
    start = i2c.world.now
    assert i2c.write(0x50, b"") == [False]
    i2c.wait()
    assert 3 * MS <= i2c.world.now - start <= 5 * MS + MS // 2
    assert eeprom.cells[[62, 63, 0, 1, 2]].tolist() == [1, 2, 3, 4, 0xFF]


def test_only_its_own_address_is_answered(i2c: Controller) -> None:
    i2c.eeprom(address=0x51)
    assert [a for a in range(0x48, 0x58) if i2c.write(a, b"")[0]] == [0x51]


def test_small_parts_have_one_word_byte_and_blocks(i2c: Controller) -> None:
    eeprom = i2c.eeprom(size=1024, page=16)
    i2c.write(0x52, b"\x05\xaa")
    i2c.wait()
    assert np.flatnonzero(eeprom.cells != 0xFF).tolist() == [0x205]
    assert i2c.read(0x52, 1, b"\x05") == b"\xaa"


def test_write_protection_acknowledges_and_keeps(i2c: Controller) -> None:
    wp = Net(i2c.world, "wp")
    wp.pull("r", high=True)
    eeprom = i2c.eeprom(wp=wp)
    assert all(i2c.write(0x50, b"\0\0\1"))
    assert not eeprom.busy
    assert (eeprom.cells == 0xFF).all()


def test_without_supply_it_is_not_there(i2c: Controller) -> None:
    vcc = Net(i2c.world, "vcc")
    vcc.pull("adapter", high=True)
    i2c.eeprom(vcc=vcc).cells[:2] = 1, 2
    assert i2c.write(0x50, b"") == [False]
    supply = vcc.driver("bench")
    supply.set(Drive.HIGH)
    assert i2c.read(0x50, 1, b"\0\0") == b"\1"
    i2c.start()
    i2c.put(0xA1)
    supply.set(Drive.Z)
    assert i2c.bits([1] * 8) == [1] * 8
    i2c.stop()
    supply.set(Drive.HIGH)
    assert i2c.read(0x50, 1) == b"\1"  # its address counter started again


def test_data_without_a_stop_is_not_written(i2c: Controller) -> None:
    eeprom = i2c.eeprom()
    i2c.start()
    for byte in b"\xa0\0\0\1":
        i2c.put(byte)
    i2c.start()
    i2c.stop()
    assert not eeprom.busy
    i2c.start()
    for byte in b"\xa0\0\0\1":
        i2c.put(byte)
    i2c.bits([1, 0, 1])
    i2c.stop()
    assert not eeprom.busy
    assert (eeprom.cells == 0xFF).all()


@given(st.lists(st.tuples(st.integers(0, 0x1FF), st.binary(min_size=1, max_size=20)), max_size=6))
@settings(max_examples=15, deadline=None)
def test_content_is_what_a_model_says(writes: list[tuple[int, bytes]]) -> None:
    i2c = Controller()
    i2c.eeprom(size=512, page=16)
    model = bytearray(b"\xff" * 512)
    for where, data in writes:
        i2c.write(0x50 | where >> 8, bytes([where & 0xFF]) + data)
        i2c.wait()
        for offset, value in enumerate(data):
            model[where // 16 * 16 + (where + offset) % 16] = value
    assert i2c.read(0x50, 512, b"\0") == model


def test_a_second_target_does_not_disturb(i2c: Controller) -> None:
    i2c.eeprom()
    other = i2c.eeprom(address=0x54)
    i2c.write(0x54, b"\0\0\x77")
    i2c.wait(0x54)
    assert other.cells[0] == 0x77
    assert i2c.read(0x50, 1, b"\0\0") == b"\xff"


def test_repeated_start_turns_from_one_target_to_another(i2c: Controller) -> None:
    i2c.eeprom().cells[0] = 0xFF
    i2c.eeprom(address=0x54).cells[0] = 0x12
    i2c.start()
    assert i2c.put(0xA1)
    assert i2c.get(ack=False) == 0xFF
    i2c.start()
    assert i2c.put(0xA9)
    assert i2c.get(ack=False) == 0x12
    i2c.stop()


def test_told_byte_is_refused_and_lines_are_held() -> None:
    i2c = Controller()
    nets = {name: Net(i2c.world, name) for name in ("nack", "hold_sda", "hold_scl")}
    lines = {name: net.driver("bench") for name, net in nets.items()}
    for line in lines.values():
        line.set(Drive.LOW)
    I2cTrouble("t", i2c.scl_net, i2c.sda_net, address=0x20, nack_at=2, **nets)
    assert i2c.write(0x20, b"abc") == [True] * 4
    assert i2c.read(0x20, 4) == b"abca"
    lines["nack"].set(Drive.HIGH)
    assert i2c.write(0x20, b"abc")[:3] == [True, True, False]
    for name, net in (("hold_sda", i2c.sda_net), ("hold_scl", i2c.scl_net)):
        lines[name].set(Drive.HIGH)
        i2c.world.sleep_until(i2c.world.now + 10)
        assert net.level() == 0
        lines[name].set(Drive.LOW)
        i2c.world.sleep_until(i2c.world.now + 10)
        assert net.level() == 1


def test_trouble_without_supply_makes_none() -> None:
    i2c = Controller()
    vcc, hold = Net(i2c.world, "vcc"), Net(i2c.world, "hold")
    supply = vcc.driver("bench")
    hold.driver("bench").set(Drive.HIGH)
    I2cTrouble("t", i2c.scl_net, i2c.sda_net, address=0x20, hold_sda=hold, vcc=vcc)
    assert i2c.sda_net.level() == 1
    supply.set(Drive.HIGH)
    assert i2c.sda_net.level() == 0
    supply.set(Drive.LOW)
    assert i2c.write(0x20, b"") == [False]


def test_without_supply_it_leaves_its_lines_alone() -> None:
    i2c = Controller()
    vcc = Net(i2c.world, "vcc")
    i2c.eeprom(vcc=vcc)
    assert i2c.scl_net.targets == []
    supply = vcc.driver("bench")
    for drive, attending in ((Drive.HIGH, 1), (Drive.LOW, 0), (Drive.HIGH, 1)):
        supply.set(drive)
        i2c.world.sleep_until(i2c.world.now + 1)
        assert len(i2c.scl_net.targets) == attending
