"""chipselect() and USE_CS_L: the dedicated chip selects of the imp005."""

import numpy as np
import pytest

from fixtures.outcomes import thrown_by
from fixtures.spi import mode_flags, words

CAPTURE_HZ = 8e6
KHZ = 500
TEXT = bytes([0x9F, 0x00, 0xA5])

imp005 = pytest.mark.claim("r34-spi-chipselect-imp005")


def recorded(bench, port, act):
    with bench.capture([port.sclk_net, port.copi_net, port.cs_net], CAPTURE_HZ) as recording:
        act()
    return recording.waveform


def levels(wave, net):
    """The level at the start and after each edge."""
    first = bool(wave.initial_level(net))
    return [first ^ (number % 2 == 1) for number in range(len(wave.edges(net)) + 1)]


@imp005
def test_configure_drives_chip_select_high(bench, judge, each_spi):
    """SPI-CFG-04. It was low before: asserted, then configured anew."""
    each_spi.imp.configure(mode_flags(0, "USE_CS_L"), KHZ)
    each_spi.imp.chipselect(1)
    wave = recorded(bench, each_spi, lambda: each_spi.imp.configure(mode_flags(0, "USE_CS_L"), KHZ))
    judge.equal("CS", levels(wave, each_spi.cs_net), [False, True])
    judge.attach_waveform(wave, f"{each_spi.name} is configured with USE_CS_L")


@imp005
def test_chip_select_frames_a_transfer(bench, judge, each_spi):
    """SPI-CS-01: select 1 drives it low, 0 high; it is low throughout the transfer between them."""
    each_spi.imp.configure(mode_flags(0, "USE_CS_L"), KHZ)

    def act():
        each_spi.imp.chipselect(1)
        each_spi.imp.write(TEXT)
        each_spi.imp.chipselect(0)

    wave = recorded(bench, each_spi, act)
    judge.equal("CS", levels(wave, each_spi.cs_net), [True, False, True])
    clock, select = wave.edges(each_spi.sclk_net), wave.edges(each_spi.cs_net)
    judge.equal("every clock edge is within", bool(np.all((clock > select[0]) & (clock < select[-1]))), True)
    judge.equal("on COPI", words(wave, each_spi).data(channel="mosi"), TEXT)
    judge.attach_waveform(wave, f"{each_spi.name}: chipselect(1), write, chipselect(0)")


@imp005
def test_transfers_leave_chip_select_alone(bench, judge, each_spi):
    """SPI-CS-03: the program brackets each transaction; transfers neither assert nor release it."""
    each_spi.imp.configure(mode_flags(0, "USE_CS_L"), KHZ)
    for select, level in ((0, True), (1, False)):
        each_spi.imp.chipselect(select)

        def act():
            each_spi.imp.write(TEXT)
            each_spi.imp.writeread(TEXT)
            each_spi.imp.readblob(2)

        wave = recorded(bench, each_spi, act)
        judge.equal(f"CS during transfers after chipselect({select})", levels(wave, each_spi.cs_net), [level])


@imp005
def test_select_twice_is_select_once(bench, judge, each_spi):
    each_spi.imp.configure(mode_flags(0, "USE_CS_L"), KHZ)

    def act():
        for select in (1, 1, 0, 0):
            each_spi.imp.chipselect(select)

    judge.equal("CS", levels(recorded(bench, each_spi, act), each_spi.cs_net), [True, False, True])


@imp005
def test_throws_without_use_cs_l(bench, judge, each_spi):
    """SPI-CS-E1; and the pin stays as it is."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    thrown = []
    select = each_spi.imp.chipselect
    wave = recorded(bench, each_spi, lambda: thrown.extend(thrown_by(select, state) for state in (1, 0)))
    judge.equal("throws", [bool(text) for text in thrown], [True, True])
    judge.equal("edges on CS", len(wave.edges(each_spi.cs_net)), 0)


@pytest.mark.claim("r34-spi-chipselect-throws-elsewhere")
def test_throws_on_other_modules(judge, each_spi):
    """SPI-CS-E2."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    judge.equal("throws", bool(thrown_by(each_spi.imp.chipselect, 1)), True)


@imp005
def test_flash_answers_within_chipselect(imp, judge, nor_spi):
    """SPI-USE-01: with USE_CS_L and chipselect() a part answers as it does with its select as a GPIO."""
    nor_spi.nor_select.configure(imp.DIGITAL_OUT, 1)
    nor_spi.imp.configure(mode_flags(0), KHZ)
    nor_spi.nor_select.write(0)
    by_gpio = nor_spi.imp.writeread(TEXT + b"\0")
    nor_spi.nor_select.disable()
    nor_spi.imp.configure(mode_flags(0, "USE_CS_L"), KHZ)
    deselected = nor_spi.imp.writeread(TEXT + b"\0")
    nor_spi.imp.chipselect(1)
    selected = nor_spi.imp.writeread(TEXT + b"\0")
    nor_spi.imp.chipselect(0)
    judge.equal("selected", selected, by_gpio)
    judge.equal("an answer at all", selected[1:] != deselected[1:], True)
