from typing import TYPE_CHECKING

import pytest

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.i2c import FtdiI2c
from benchctl.buses.i2c import I2cNackError
from benchctl.capture.i2c import decode
from benchctl.errors import BusTimeoutError, NotEquippedError, UserError, WiringError
from benchctl.twin.parts.eeprom24 import Eeprom24
from benchctl.twin.parts.i2c_trouble import I2cTrouble
from benchctl.twin.wires.timeline import Drive

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench

PINS = {"AD0": "scl", "AD1": "sda", "AD2": "sda"}
PROBES = {"CD0": "scl", "CD1": "sda"}
KINDS = pytest.mark.parametrize("kind", ["ft232h", "ft2232h", "ft4232h"])


def eeprom_on(bench: "Bench", *, pull_ups: bool = True) -> Eeprom24:
    scl, sda = bench.net("scl"), bench.net("sda")
    if pull_ups:
        scl.pull("r", high=True)
        sda.pull("r", high=True)
    return Eeprom24("eeprom", scl, sda, size=32_768, address=0x50, page=64, write_cycle_ns=5_000_000)


@KINDS
@pytest.mark.parametrize("hz", [100e3, 400e3, 1e6])
def test_what_is_written_is_read_back(bench: "Bench", kind: str, hz: float) -> None:
    eeprom_on(bench)
    i2c = FtdiI2c(bench.chip(kind, "I2C1", PINS), "A")
    assert 0.9 * hz <= i2c.configure(hz) <= hz
    page = bytes(range(64))
    i2c.write(0x50, b"\x01\x00" + page)
    with pytest.raises(I2cNackError) as caught:
        i2c.write(0x50, b"")
    assert caught.value.index == 0
    bench.host.clock.sleep(0.006)
    assert i2c.write_read(0x50, b"\x01\x00", 64) == page
    assert i2c.write_read(0x50, b"\x01\x00", 10) == page[:10]
    assert i2c.read(0x50, 2) == page[10:12]


@KINDS
def test_scan_finds_targets(bench: "Bench", kind: str) -> None:
    eeprom_on(bench)
    I2cTrouble("other", bench.net("scl"), bench.net("sda"), address=0x23)
    i2c = FtdiI2c(bench.chip(kind, "I2C1", PINS), "A")
    assert i2c.scan() == [0x23, 0x50]


@pytest.mark.parametrize("refused", range(4))
def test_refused_byte_is_named(bench: "Bench", refused: int) -> None:
    for net in ("scl", "sda", "nack"):
        bench.net(net).pull("r", high=True)
    I2cTrouble(
        "target",
        bench.net("scl"),
        bench.net("sda"),
        address=0x23,
        nack_at=refused,
        nack=bench.net("nack"),
    )
    i2c = FtdiI2c(bench.chip("ft4232h", "I2C1", PINS), "A")
    with pytest.raises(I2cNackError) as caught:
        i2c.write(0x23, b"abc")
    assert caught.value.index == refused
    with pytest.raises(I2cNackError, match="address 0x24 was not acknowledged"):
        i2c.write_read(0x24, b"", 1)


def test_long_transfers_need_few_round_trips(bench: "Bench") -> None:
    eeprom_on(bench)
    i2c = FtdiI2c(bench.chip("ft4232h", "I2C1", PINS), "A")
    i2c.configure(400e3)
    start = bench.world.now
    assert i2c.write_read(0x50, b"\0\0", 4096) == b"\xff" * 4096
    on_wire_s = 4100 * 9 / 400e3
    assert (bench.world.now - start) / 1e9 < 1.7 * on_wire_s  # a round trip each would make it 11 times


def test_signals_on_the_wire(bench: "Bench") -> None:
    eeprom_on(bench)
    chip = bench.chip("ft4232h", "I2C1", PINS | PROBES)
    i2c, capture = FtdiI2c(chip, "A"), FtdiCapture(chip, "C", {"scl": 0, "sda": 1})
    capture.configure(6e6)
    capture.start()
    i2c.write_read(0x50, b"\x12\x34", 2)
    items = list(decode(capture.stop(), "scl", "sda").dicts())
    assert [item["kind"] for item in items] == [
        *("start", "address write", "ack", "data write", "ack", "data write", "ack"),
        *("repeated start", "address read", "ack", "data read", "ack", "data read", "nack", "stop"),
    ]


@pytest.mark.parametrize("line", ["scl", "sda"])
def test_stuck_line_is_named(bench: "Bench", line: str) -> None:
    eeprom_on(bench)
    i2c = FtdiI2c(bench.chip("ft4232h", "I2C1", PINS), "A")
    bench.net(line).driver("culprit").set(Drive.LOW)
    with pytest.raises(WiringError, match=f"{line.upper()} of quad A is low"):
        i2c.read(0x50, 1)


def test_bad_requests_are_refused(bench: "Bench") -> None:
    eeprom_on(bench)
    i2c = FtdiI2c(bench.chip("ft4232h", "I2C1", PINS), "A")
    with pytest.raises(UserError, match="not a 7-bit"):
        i2c.write(0xA0, b"")
    with pytest.raises(UserError, match="one byte or more"):
        i2c.read(0x50, 0)
    with pytest.raises(UserError, match="1 MHz or less"):
        i2c.configure(3.4e6)


def test_close_releases_the_lines(bench: "Bench") -> None:
    i2c = FtdiI2c(bench.chip("ft4232h", "I2C1", PINS), "A")
    i2c.close()
    i2c.close()
    assert not bench.driven("scl")
    assert not bench.driven("sda")


WAITING = PINS | {"AD5": "scl"}


def stretching_target(bench: "Bench", stretch_ns: int) -> None:
    for net in ("scl", "sda", "stretch"):
        bench.net(net).pull("r", high=True)
    I2cTrouble(
        "target",
        bench.net("scl"),
        bench.net("sda"),
        address=0x23,
        stretch=bench.net("stretch"),
        stretch_ns=stretch_ns,
    )


@KINDS
@pytest.mark.parametrize("hz", [100e3, 400e3, 1e6])
@pytest.mark.parametrize("stretch_ns", [2_000, 100_000, 20_000_000])
def test_a_stretched_clock_is_waited_for(bench: "Bench", kind: str, hz: float, stretch_ns: int) -> None:
    stretching_target(bench, stretch_ns)
    i2c = FtdiI2c(bench.chip(kind, "I2C1", WAITING), "A", waits=True)
    assert 0.9 * hz <= i2c.configure(hz) <= hz
    start = bench.world.now
    i2c.write(0x23, b"\x81\x7e\xa5")
    assert bench.world.now - start > 8 * stretch_ns
    assert i2c.read(0x23, 4) == b"\x81\x7e\xa5\x81"
    assert i2c.write_read(0x23, b"\x5a", 2) == b"\x5a\x5a"
    assert i2c.scan() == [0x23]
    with pytest.raises(I2cNackError):
        i2c.write(0x24, b"")


@KINDS
@pytest.mark.parametrize("stretch_ns", [50_000, 1_000_000])
def test_a_stretched_clock_is_noticed_where_nobody_waits(bench: "Bench", kind: str, stretch_ns: int) -> None:
    stretching_target(bench, stretch_ns)
    i2c = FtdiI2c(bench.chip(kind, "I2C1", PINS), "A")
    told = "no wire from SCL to D5 of quad A, and a target stretches the clock. wire D5 to SCL"
    for transfer in (
        lambda: i2c.write(0x23, b"\x81\x7e"),
        lambda: i2c.read(0x23, 3),
        lambda: i2c.write_read(0x23, b"\x81", 1),
        i2c.scan,
    ):
        with pytest.raises(NotEquippedError, match=told):
            transfer()
    bench.net("stretch").driver("off").set(Drive.LOW)
    i2c.write(0x23, b"\x81\x7e")  # nobody was left in the middle of something
    assert i2c.read(0x23, 3) == b"\x81\x7e\x81"


def test_waiting_shows_every_pulse_once(bench: "Bench") -> None:
    stretching_target(bench, 100_000)
    chip = bench.chip("ft4232h", "I2C1", WAITING | PROBES)
    i2c, capture = FtdiI2c(chip, "A", waits=True), FtdiCapture(chip, "C", {"scl": 0, "sda": 1})
    capture.configure(6e6)
    capture.start()
    i2c.write(0x23, b"\x12\x34")
    wave = capture.stop()
    items = list(decode(wave, "scl", "sda").dicts())
    assert [item["value"] for item in items if item["kind"] == "data write"] == [0x12, 0x34]
    assert [item["kind"] for item in items if item["kind"] in ("ack", "nack", "stop")] == ["ack"] * 3 + [
        "stop"
    ]
    assert not any(item["error"] for item in items)


@KINDS
def test_a_clock_that_never_comes_back_is_told(bench: "Bench", kind: str) -> None:
    stretching_target(bench, 10**12)
    i2c = FtdiI2c(bench.chip(kind, "I2C1", WAITING), "A", waits=True)
    with pytest.raises(BusTimeoutError, match="SCL of quad A is held low by a target and does not come back"):
        i2c.write(0x23, b"\x12\x34")
    with pytest.raises(WiringError, match="SCL of quad A is low while the bus should be idle"):
        i2c.read(0x23, 1)
    i2c.close()
    for net in ("scl", "sda"):
        holding = {d.name for d in bench.net(net).drivers if d.drive in (Drive.LOW, Drive.HIGH)}
        assert holding <= {"target", "target stretch"}
