"""readblob() and readstring(): what they return, and the zeros they send meanwhile."""

import pytest

from fixtures.spi import mode_flags, words

CAPTURE_HZ = 6e6
KHZ = 500
COUNT = 70

reads = pytest.mark.parametrize("method", ["readblob", "readstring"])


def octets(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")


@pytest.mark.claim("r30-spi-read-clocks-out-zeros")
@reads
def test_reading_sends_zeros(bench, judge, each_spi, method):
    """SPI-RB-01, SPI-RS-01: COPI is low at every clock, also after a write that left it high."""
    for mode in each_spi.modes:
        each_spi.imp.configure(mode_flags(mode), KHZ)
        each_spi.imp.write(b"\xff")
        with bench.capture([each_spi.sclk_net, each_spi.copi_net], CAPTURE_HZ) as recording:
            each_spi.imp[method](COUNT)
        wave = recording.waveform
        judge.equal(f"clock pulses, mode {mode}", len(wave.edges(each_spi.sclk_net)) // 2, 8 * COUNT)
        judge.equal(f"on COPI, mode {mode}", words(wave, each_spi, mode).data(channel="mosi"), bytes(COUNT))
        judge.attach_waveform(wave, f"{each_spi.name} {method}({COUNT}), mode {mode}")


@reads
def test_reading_returns_what_comes_in(judge, each_spi, method):
    """The bench holds CIPO at either level; a loop gives the zeros back."""
    each_spi.imp.configure(mode_flags(0), KHZ)
    each_spi.imp.write(b"\xff")
    for level in (0, 1):
        if not each_spi.loopback:
            each_spi.cipo.drive(bool(level))
        value = each_spi.imp[method](33)
        judge.equal("type", type(value).__name__, "bytes" if method == "readblob" else "str")
        judge.equal("read", octets(value), bytes([0 if each_spi.loopback else 0xFF * level]) * 33)
