"""A part with known answers on the bus: a NOR flash that the bench reads and writes too."""

import pytest

from benchctl.flash.jedec import JedecId
from fixtures.flash import on_flash
from fixtures.spi import mode_flags

READ_ID, READ, PROGRAM, ERASE, WRITE_ENABLE, STATUS = 0x9F, 0x03, 0x02, 0x20, 0x06, 0x05
BUSY = 1
AT = 0x1F00


@pytest.fixture
def selected_by_gpio(imp, nor_spi):
    """The bus with the flash's chip select driven as a GPIO, high to begin with (SPI-USE-02)."""
    nor_spi.nor_select.configure(imp.DIGITAL_OUT, 1)
    return nor_spi


def command(port, sent, count=0):
    port.nor_select.write(0)
    port.imp.write(sent)
    got = port.imp.readblob(count) if count else b""
    port.nor_select.write(1)
    return got


def addressed(opcode, address):
    return bytes([opcode]) + address.to_bytes(3, "big")


def change(bench, port, sent):
    """Erase or program, and wait until it is done."""
    command(port, bytes([WRITE_ENABLE]))
    command(port, sent)
    deadline = bench.clock.deadline_ns(1.0)
    while command(port, bytes([STATUS]), 1)[0] & BUSY:
        assert bench.clock.now_ns() < deadline, "the flash stays busy"
        bench.clock.sleep(0.005)


@pytest.mark.parametrize("khz", [500, 30_000])
def test_flash_is_read_exactly(bench, imp, judge, nor_spi, khz):
    """Its ID and what the bench wrote into it, also at rates beyond what a capture resolves."""
    content = bytes((97 * at + khz) & 0xFF for at in range(512))

    def prepare(chip):
        chip.write(AT, content)
        return chip.identity

    identity = on_flash(bench, nor_spi.nor, prepare)
    nor_spi.nor_select.configure(imp.DIGITAL_OUT, 1)
    returned = nor_spi.imp.configure(mode_flags(0), khz)
    judge.equal("ID", JedecId.decode(command(nor_spi, bytes([READ_ID]), 3)), identity)
    judge.equal("content", command(nor_spi, addressed(READ, AT), len(content)), content)
    judge.observe("rate", returned, "kHz")


def test_flash_in_mode_3_answers_the_same(judge, selected_by_gpio):
    """A NOR takes modes 0 and 3."""
    if 3 not in selected_by_gpio.modes:
        pytest.skip(f"SPI-CFG-05: {selected_by_gpio.name} has no mode 3")
    answers = []
    for mode in (0, 3):
        selected_by_gpio.imp.configure(mode_flags(mode), 500)
        answers.append(command(selected_by_gpio, bytes([READ_ID]), 3))
    judge.equal("ID in mode 3", answers[1], answers[0])


def test_flash_written_by_the_imp_is_read_by_the_bench(bench, judge, selected_by_gpio):
    at, content = 0x7000, bytes((59 * at + 11) & 0xFF for at in range(256))
    port = selected_by_gpio
    port.imp.configure(mode_flags(0), 2000)
    change(bench, port, addressed(ERASE, at))
    change(bench, port, addressed(PROGRAM, at) + content)
    judge.equal("read by the bench", on_flash(bench, port.nor, lambda chip: chip.read(at, 256)), content)
