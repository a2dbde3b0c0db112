"""write() and writeread(): what they return and what is on COPI."""

import pytest

from fixtures.spi import mode_flags, words

CAPTURE_HZ = 6e6
KHZ = 500
EVERY_BYTE = bytes(range(256))


def patterned(length):
    return bytes((31 * at + 5) & 0xFF for at in range(length))


def written(bench, port, data):
    """What write() returned, and what was on COPI meanwhile."""
    with bench.capture([port.sclk_net, port.copi_net], CAPTURE_HZ) as recording:
        returned = port.imp.write(data)
    return returned, words(recording.waveform, port).data(channel="mosi"), recording.waveform


@pytest.mark.parametrize("length", [1, 300])
def test_write_returns_the_count_and_sends_every_byte(bench, judge, each_spi, length):
    each_spi.imp.configure(mode_flags(0), KHZ)
    returned, sent, wave = written(bench, each_spi, patterned(length))
    judge.equal("returned", returned, length)
    judge.equal("on COPI", sent, patterned(length))
    judge.attach_waveform(wave, f"{each_spi.name} writes {length} bytes")


def test_write_takes_a_string_with_any_byte(bench, judge, each_spi):
    each_spi.imp.configure(mode_flags(0), KHZ)
    returned, sent, _ = written(bench, each_spi, EVERY_BYTE.decode("latin-1"))
    judge.equal("returned", returned, 256)
    judge.equal("on COPI", sent, EVERY_BYTE)


def test_copi_stays_at_the_last_bit(bench, judge, each_spi):
    """SPI-WR-02; but SPI-CFG-06 lets COPI of the imp005 hold the last bit for 6.25 ns only."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    for last in (0x00, 0x01, 0xFE, 0xFF):
        wave = written(bench, each_spi, bytes([last ^ 0xFF, last]))[2]
        stays = bool(wave.initial_level(each_spi.copi_net)) ^ (len(wave.edges(each_spi.copi_net)) % 2 == 1)
        if bench.rig.module.name == "imp005":
            judge.observe(f"COPI after {last:#04x}", stays)
        else:
            judge.equal(f"COPI after {last:#04x}", stays, bool(last & 1))


@pytest.mark.parametrize("kind", ["string", "blob"])
def test_writeread_returns_what_comes_in(bench, judge, each_spi, kind):
    """SPI-WRRD-01: same type and length as the argument. A loop gives it back; else the bench holds CIPO."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    text = patterned(65)
    for level in (0, 1):
        if not each_spi.loopback:
            each_spi.cipo.drive(bool(level))
        expected = text if each_spi.loopback else bytes([0xFF * level]) * len(text)
        with bench.capture([each_spi.sclk_net, each_spi.copi_net], CAPTURE_HZ) as recording:
            returned = each_spi.imp.writeread(text if kind == "blob" else text.decode("latin-1"))
        judge.equal("returned", returned, expected if kind == "blob" else expected.decode("latin-1"))
        judge.equal("on COPI", words(recording.waveform, each_spi).data(channel="mosi"), text)


def test_write_discards_what_comes_in(judge, each_spi):
    """SPI-WR-01: nothing of what came in during a write is in what is read next."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    if not each_spi.loopback:
        each_spi.cipo.drive(True)
    each_spi.imp.write(b"\xff" * 40)
    if not each_spi.loopback:
        each_spi.cipo.drive(False)
    judge.equal("read afterwards", each_spi.imp.readblob(40), bytes(40))


@pytest.mark.parametrize("khz", [6000, 30_000])
def test_fast_transfers_are_exact(judge, each_spi, khz):
    """At rates that no capture here resolves: the loop gives every bit back, CIPO held is read as it is."""
    returned = each_spi.imp.configure(mode_flags(0), khz)
    if not each_spi.loopback:
        each_spi.cipo.drive(True)
    expected = EVERY_BYTE if each_spi.loopback else b"\xff" * 256
    judge.equal("returned", each_spi.imp.writeread(EVERY_BYTE), expected)
    judge.observe("rate", returned, "kHz")
