"""Reads and writes of an EEPROM at each speed: the bus, the imp and the bench's own controller agree."""

import pytest

from benchctl.buses.i2c import I2cNackError
from benchctl.capture.eeprom import accesses
from benchctl.capture.timing import clock
from fixtures.i2c import WRITE_CYCLE_S, carried, spelled, word_address
from fixtures.i2cs import eeprom_i2cs, i2c_port

SPEEDS = {"10 kHz": 10_000, "50 kHz": 50_000, "100 kHz": 100_000, "400 kHz": 400_000}
SAMPLES_PER_CLOCK = 64
FASTEST_CAPTURE_HZ = 12e6
# Crystals of the imp and of the bench, and what a capture leaves of a run of clocks.
TOLERANCE = 0.01

speeds = pytest.mark.parametrize("speed", SPEEDS)


def configure(imp, port, speed="400 kHz"):
    port.imp.configure(imp.constant(f"CLOCK_SPEED_{speed.replace(' k', '_K').upper()}"))


def latin(data):
    return data.decode("latin-1")


def recorded(bench, port, act, hz=4e6):
    with bench.capture([port.scl_net, port.sda_net], hz) as recording:
        result = act()
    return result, recording.waveform


def patterned(length, seed):
    return bytes((37 * at + seed) & 0xFF for at in range(length))


def store(bench, port, at, data):
    """Write by the bench, a page at a time, waiting for each write cycle.

    The imp's port is configured: pins of a bus that is not may be driven (SCL of i2cJK is low by default).
    """
    for begin in range(0, len(data), port.eeprom_page):
        piece = data[begin : begin + port.eeprom_page]
        port.bench.write(port.eeprom_address, word_address(at + begin) + piece)
        bench.clock.sleep(WRITE_CYCLE_S)


@speeds
def test_write_reaches_the_eeprom(bench, imp, judge, each_i2c, speed):
    """A page with zeros in it (I2C-WR-01): on the wire, and as the bench reads it back afterwards.

    I2C-CFG-01: SCL is at most the selected speed.
    """
    port, hz = each_i2c, SPEEDS[speed]
    at, page = 2 * port.eeprom_page, patterned(port.eeprom_page, hz // 10_000 - 1)
    configure(imp, port, speed)
    returned, wave = recorded(
        bench,
        port,
        lambda: port.imp.write(port.eeprom_address << 1, latin(word_address(at) + page)),
        min(SAMPLES_PER_CLOCK * hz, FASTEST_CAPTURE_HZ),
    )
    (access,) = accesses(carried(wave, port))
    judge.equal("returned", returned, 0)
    judge.equal("on the wire", (access.kind, access.address, access.data), ("write", at, page))
    bench.clock.sleep(WRITE_CYCLE_S)
    judge.equal(
        "read by the bench", port.bench.write_read(port.eeprom_address, word_address(at), len(page)), page
    )
    judge.ratio("SCL", clock(wave, port.scl_net).hz, "Hz", high=hz * (1 + TOLERANCE))
    judge.attach_waveform(wave, f"{port.name} writes a page at {speed}")


@speeds
def test_read_returns_what_the_bench_wrote(bench, imp, judge, each_i2c, speed):
    port, hz = each_i2c, SPEEDS[speed]
    at, content = 4 * port.eeprom_page, patterned(40, hz // 10_000)
    configure(imp, port, speed)
    store(bench, port, at, content)
    returned, wave = recorded(
        bench,
        port,
        lambda: port.imp.read(port.eeprom_address << 1, latin(word_address(at)), len(content)),
        min(SAMPLES_PER_CLOCK * hz, FASTEST_CAPTURE_HZ),
    )
    (access,) = accesses(carried(wave, port))
    judge.equal("returned", returned, latin(content))
    judge.equal("on the wire", (access.kind, access.address, access.data), ("read", at, content))
    judge.equal("readerror()", port.imp.readerror(), 0)
    judge.attach_waveform(wave, f"{port.name} reads at {speed}")


def test_register_read_repeats_the_start(bench, imp, judge, each_i2c):
    """I2C-RD-01: address and register are written, then the address is read; the last byte is refused."""
    port = each_i2c
    configure(imp, port)
    store(bench, port, 0, b"\x5a\xc3")
    _, wave = recorded(bench, port, lambda: port.imp.read(port.eeprom_address << 1, "\x00\x00", 2))
    target = f"{port.eeprom_address:02x}"
    judge.equal(
        "bus",
        spelled(carried(wave, port)),
        ["start", f"address write {target}", "ack", "data write 00", "ack", "data write 00", "ack",
         "repeated start", f"address read {target}", "ack", "data read 5a", "ack", "data read c3", "nack",
         "stop"],
    )  # fmt: skip
    judge.attach_waveform(wave, f"{port.name} reads two bytes of register 0")


def test_read_without_a_register_skips_the_write(bench, imp, judge, each_i2c):
    """An empty registerAddress: the EEPROM goes on where the last access ended."""
    port = each_i2c
    configure(imp, port)
    store(bench, port, 0x40, b"abcdefgh")
    port.bench.write_read(port.eeprom_address, word_address(0x40), 3)
    returned, wave = recorded(bench, port, lambda: port.imp.read(port.eeprom_address << 1, "", 4))
    bus = carried(wave, port)
    judge.equal("returned", returned, "defg")
    judge.equal("address written", len(bus.where("address write")), 0)
    judge.equal("addresses read", len(bus.where("address read")), 1)


@pytest.mark.parametrize("length", [1, 2, 300])
def test_reads_of_any_length(bench, imp, judge, each_i2c, length):
    """The result is a string of that many bytes, which can hold any value (I2C-RD-02)."""
    port = each_i2c
    content = bytes(range(256)) + b"\x00\xff" * 22
    configure(imp, port)
    store(bench, port, 0x200, content)
    returned = port.imp.read(port.eeprom_address << 1, "\x02\x00", length)
    judge.equal("returned", returned, latin(content[:length]))


def test_page_write_wraps_within_its_page(bench, imp, judge, i2c):
    """The EEPROM's own rule, which the bus must not disturb: bytes beyond the page end go to its start."""
    page, at = i2c.eeprom_page, 6 * i2c.eeprom_page
    configure(imp, i2c)
    store(bench, i2c, at, bytes(2 * page))
    judge.equal(
        "write()", i2c.imp.write(i2c.eeprom_address << 1, latin(word_address(at + page - 2) + b"WXYZ")), 0
    )
    bench.clock.sleep(WRITE_CYCLE_S)
    seen = i2c.bench.write_read(i2c.eeprom_address, word_address(at), 2 * page)
    judge.equal("read by the bench", seen, b"YZ" + bytes(page - 4) + b"WX" + bytes(page))


def test_write_of_nothing_probes_an_address(bench, imp, judge, each_i2c):
    """I2C-WR-02: address and acknowledge bit only; 0 for a target that is there."""
    port = each_i2c
    configure(imp, port)
    returned, wave = recorded(bench, port, lambda: port.imp.write(port.eeprom_address << 1, ""))
    judge.equal("returned", returned, 0)
    judge.equal(
        "bus",
        spelled(carried(wave, port)),
        ["start", f"address write {port.eeprom_address:02x}", "ack", "stop"],
    )


def test_scan_finds_what_the_bench_finds(imp, judge, i2c):
    """Every address probed by the imp and by the bench."""
    configure(imp, i2c)
    expected = i2c.bench.scan()
    addresses = range(0x08, 0x78)
    codes = imp.run_detached([(i2c.imp.write, (address << 1, "")) for address in addresses])
    found = [address for address, code in zip(addresses, codes, strict=True) if code == 0]
    judge.equal("addresses that answer", found, expected)


def test_eeprom_in_its_write_cycle_refuses_and_then_answers(bench, imp, judge, i2c):
    """Acknowledge polling: the bench's controller sees the same busy time as the imp."""
    configure(imp, i2c)
    i2c.imp.write(i2c.eeprom_address << 1, latin(word_address(0) + b"busy"))
    judge.equal("at once", i2c.imp.write(i2c.eeprom_address << 1, "") != 0, True)
    bench.clock.sleep(WRITE_CYCLE_S)
    judge.equal("after the write cycle", i2c.imp.write(i2c.eeprom_address << 1, ""), 0)
    i2c.bench.write(i2c.eeprom_address, word_address(0) + b"busy")
    refused = False
    try:
        i2c.bench.write(i2c.eeprom_address, b"")
    except I2cNackError:
        refused = True
    judge.equal("refuses the bench as well", refused, True)


@pytest.mark.claim("r30-imp003-two-i2c")
def test_every_documented_bus_reads_its_target(bench, imp, judge):
    """Each from its own EEPROM, all configured together."""
    judge.equal("buses with a target", set(eeprom_i2cs(bench.rig)), set(bench.rig.module.i2cs))
    ports = [i2c_port(bench, imp, name) for name in eeprom_i2cs(bench.rig)]
    for port in ports:
        judge.equal(f"{port.name} in hardware", port.name in imp.hardware, True)
        configure(imp, port)
    for port in ports:
        store(bench, port, 0x80, port.name.encode())
    for port in ports:
        got = port.imp.read(port.eeprom_address << 1, "\x00\x80", len(port.name))
        judge.equal(f"read over {port.name}", got, port.name)
