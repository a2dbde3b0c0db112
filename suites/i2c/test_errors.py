"""Every error code that can be provoked, for write() and for read() with readerror().

The imp005 reports only -13 and -9, and some failures as success (I2C-SEM-02). The codes of the others are
those of I2C-SEM-04 to -06 and -08.
"""

import pytest

from benchctl.buses.i2c import I2cNackError
from fixtures.i2c import (
    ADDR_CLEAR,
    MASTER_SELECT,
    NACKED,
    NOT_ENABLED,
    TRANSMIT_SELECT,
    WRITE_CYCLE_S,
    carried,
    spelled,
    word_address,
)

ABSENT = 0x33
HOLD_AFTER_S, HELD_S = 0.008, 0.2
TIMED_OUT = (-12, -1)  # error_codes, api/i2c.yaml
REGISTER = "\x00\x00"

reads = pytest.mark.claim("r30-i2c-readerror")
writes = pytest.mark.claim("r30-i2c-write-error-codes")


def code(bench, usual):
    """The code for a failure that is `usual` on modules that tell failures apart."""
    return NACKED if bench.rig.module.name == "imp005" else usual


def read(port, address, register, count=2):
    """What read() returned and the code that readerror() gives right after it."""
    return port.imp.read(address << 1, register, count), port.imp.readerror()


def recorded(bench, port, act):
    with bench.capture([port.scl_net, port.sda_net], 4e6) as recording:
        result = act()
    return result, recording.waveform


@pytest.fixture
def configured(imp, each_i2c):
    each_i2c.imp.configure(imp.CLOCK_SPEED_100_KHZ)
    return each_i2c


@reads
def test_read_before_configure(bench, judge, each_i2c):
    """I2C-SEM-01: null and -13, and nothing on the bus."""
    result, wave = recorded(bench, each_i2c, lambda: read(each_i2c, each_i2c.eeprom_address, REGISTER))
    judge.equal("read(), readerror()", result, (None, NOT_ENABLED))
    judge.equal("edges on SCL", len(wave.edges(each_i2c.scl_net)), 0)


@writes
def test_write_before_configure(bench, judge, each_i2c):
    """I2C-SEM-01: -13, and nothing on the bus."""
    address = each_i2c.eeprom_address << 1
    result, wave = recorded(bench, each_i2c, lambda: each_i2c.imp.write(address, "\x00\x00x"))
    judge.equal("write()", result, NOT_ENABLED)
    judge.equal("edges on SCL", len(wave.edges(each_i2c.scl_net)), 0)


@reads
@writes
def test_after_disable_it_is_as_before_configure(judge, configured):
    configured.imp.disable()
    judge.equal("write()", configured.imp.write(configured.eeprom_address << 1, ""), NOT_ENABLED)
    judge.equal("read(), readerror()", read(configured, configured.eeprom_address, ""), (None, NOT_ENABLED))


@writes
@pytest.mark.parametrize("data", ["", "ab"], ids=["probe", "data"])
def test_write_to_an_absent_address(bench, judge, configured, data):
    """I2C-SEM-04. The bus shows the address refused, and nothing sent after that."""
    result, wave = recorded(bench, configured, lambda: configured.imp.write(ABSENT << 1, data))
    judge.equal("write()", result, code(bench, TRANSMIT_SELECT))
    judge.equal(
        "bus", spelled(carried(wave, configured)), ["start", f"address write {ABSENT:02x}", "nack", "stop"]
    )
    judge.attach_waveform(wave, f"{configured.name} writes to nobody")


@reads
def test_register_read_from_an_absent_address(bench, judge, configured):
    """I2C-SEM-04: the write phase fails first."""
    result, wave = recorded(bench, configured, lambda: read(configured, ABSENT, REGISTER))
    judge.equal("read(), readerror()", result, (None, code(bench, TRANSMIT_SELECT)))
    judge.equal(
        "bus", spelled(carried(wave, configured)), ["start", f"address write {ABSENT:02x}", "nack", "stop"]
    )


@reads
def test_plain_read_from_an_absent_address(bench, judge, configured):
    """I2C-SEM-05."""
    result, wave = recorded(bench, configured, lambda: read(configured, ABSENT, ""))
    judge.equal("read(), readerror()", result, (None, code(bench, ADDR_CLEAR)))
    judge.equal(
        "bus", spelled(carried(wave, configured)), ["start", f"address read {ABSENT:02x}", "nack", "stop"]
    )


@reads
def test_success_clears_readerror(judge, configured):
    """The code is that of the most recent read()."""
    failed = read(configured, ABSENT, "")
    succeeded = read(configured, configured.eeprom_address, REGISTER)
    judge.equal("after a failure", failed[1] != 0, True)
    judge.equal("read() afterwards gives data", succeeded[0] is not None, True)
    judge.equal("readerror() afterwards", succeeded[1], 0)


def test_whether_write_changes_readerror(judge, configured):
    """I2C-ERR-02: not documented."""
    read(configured, configured.eeprom_address, REGISTER)
    configured.imp.write(ABSENT << 1, "")
    judge.observe("readerror() after a failed write()", configured.imp.readerror())


@writes
def test_success_follows_failure(bench, judge, configured):
    """A refused write leaves the port usable: the next one arrives."""
    configured.imp.write(ABSENT << 1, "lost")
    result = configured.imp.write(configured.eeprom_address << 1, "\x01\x00kept")
    bench.clock.sleep(WRITE_CYCLE_S)
    judge.equal("write()", result, 0)
    seen = configured.bench.write_read(configured.eeprom_address, word_address(0x100), 4)
    judge.equal("read by the bench", seen, b"kept")


@reads
@writes
def test_busy_eeprom_refuses_its_address(bench, judge, configured):
    """During its write cycle an EEPROM acknowledges nothing, like an absent one."""
    address = configured.eeprom_address << 1
    configured.imp.write(address, "\x00\x00busy")
    judge.equal("write()", configured.imp.write(address, ""), code(bench, TRANSMIT_SELECT))
    judge.equal("read(), readerror()", read(configured, address >> 1, ""), (None, code(bench, ADDR_CLEAR)))
    bench.clock.sleep(WRITE_CYCLE_S)
    judge.equal("write() after the write cycle", configured.imp.write(address, ""), 0)


@writes
def test_data_refused_in_mid_write(bench, imp, judge, trouble):
    """I2C-SEM-08: -9. The bench's controller is refused the same byte."""
    port, text = trouble.port, "abcd"
    port.imp.configure(imp.CLOCK_SPEED_100_KHZ)
    judge.equal("while it agrees", port.imp.write(trouble.address << 1, text), 0)
    trouble.nack.drive(True)
    result, wave = recorded(bench, port, lambda: port.imp.write(trouble.address << 1, text))
    judge.equal("while it refuses", result, NACKED)
    bus = carried(wave, port)
    judge.equal("acknowledged before", len(bus.where("ack")), trouble.nack_at)
    judge.equal("refused", len(bus.where("nack")), 1)
    judge.equal("stopped", spelled(bus)[-2:], ["nack", "stop"])
    with pytest.raises(I2cNackError) as refused:
        port.bench.write(trouble.address, text.encode())
    judge.equal("byte refused to the bench", refused.value.index, trouble.nack_at)
    judge.attach_waveform(wave, f"{port.name}: byte {trouble.nack_at} refused")


@reads
def test_register_refused_in_a_read(bench, imp, judge, trouble):
    """The same byte, as the register of a read: null and -9, and nothing is read."""
    port = trouble.port
    port.imp.configure(imp.CLOCK_SPEED_100_KHZ)
    trouble.nack.drive(True)
    result, wave = recorded(bench, port, lambda: read(port, trouble.address, REGISTER))
    judge.equal("read(), readerror()", result, (None, NACKED))
    judge.equal("addresses read", len(carried(wave, port).where("address read")), 0)
    trouble.nack.drive(False)
    judge.equal("readerror() once it agrees", read(port, trouble.address, REGISTER)[1], 0)


@reads
@writes
@pytest.mark.parametrize("wire", ["SCL", "SDA"])
def test_line_held_low(bench, judge, configured, wire):
    """I2C-SEM-06: -1. I2C-SEM-02 leaves an imp005 -9 or success. With the line free all is well again."""
    line = bench.gpio(configured.scl_net if wire == "SCL" else configured.sda_net)
    address = configured.eeprom_address
    line.drive(False)
    written, (data, error) = configured.imp.write(address << 1, ""), read(configured, address, REGISTER)
    line.release()
    if bench.rig.module.name == "imp005":
        judge.equal("write() gives -9 or 0", written in (NACKED, 0), True)
        judge.equal("read() with readerror()", (data is None, error) in ((True, NACKED), (False, 0)), True)
        judge.observe("write(), readerror()", (written, error))
    else:
        judge.equal("write()", written, MASTER_SELECT)
        judge.equal("read(), readerror()", (data, error), (None, MASTER_SELECT))
    judge.equal("write() afterwards", configured.imp.write(address << 1, ""), 0)
    judge.equal("readerror() afterwards", read(configured, address, REGISTER)[1], 0)


@writes
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m")
def test_clock_held_low_in_mid_write(bench, imp, judge, each_i2c):
    """An error is told, or every byte arrives: how long the port waits for SCL is unknown (I2C-SEM-07).

    An imp005 does not wait for targets at all (I2C-SEM-03).
    """
    port, begun = each_i2c, []
    port.imp.configure(imp.CLOCK_SPEED_10_KHZ)
    line = bench.gpio(port.scl_net)
    text = "\x03\x00" + "h" * 20  # some 20 ms at 10 kHz

    def hold():
        bench.clock.sleep(0.02 + HOLD_AFTER_S)
        begun.append(line.read())
        line.drive(False)
        bench.clock.sleep(HELD_S)
        line.release()

    address = port.eeprom_address << 1
    (result,) = imp.run_detached([(port.imp.write, (address, text))], delay_s=0.02, meanwhile=hold)
    bench.clock.sleep(WRITE_CYCLE_S)
    judge.observe("write()", result)
    judge.equal("a documented code", TIMED_OUT[0] <= result <= 0, True)
    judge.equal("write() afterwards", port.imp.write(address, ""), 0)
    kept = port.bench.write_read(port.eeprom_address, word_address(0x300), len(text) - 2)
    judge.equal("arrived, or an error", kept == text[2:].encode() or result < 0, True)


@reads
@writes
def test_read_and_write_share_one_set_of_codes(bench, imp, judge, trouble):
    """The same fault gives the same code either way; on modules that tell faults apart each has its own."""
    port = trouble.port
    port.imp.configure(imp.CLOCK_SPEED_100_KHZ)
    codes = [(port.imp.write(ABSENT << 1, REGISTER), read(port, ABSENT, REGISTER)[1])]
    trouble.nack.drive(True)
    codes.append((port.imp.write(trouble.address << 1, REGISTER), read(port, trouble.address, REGISTER)[1]))
    trouble.nack.drive(False)
    port.imp.disable()
    codes.append((port.imp.write(ABSENT << 1, REGISTER), read(port, ABSENT, REGISTER)[1]))
    judge.equal("by write()", [pair[0] for pair in codes], [pair[1] for pair in codes])
    judge.equal("all documented", all(-13 <= value < 0 for pair in codes for value in pair), True)
    expected = 2 if bench.rig.module.name == "imp005" else 3
    judge.equal("different codes", len(set(codes)), expected)
