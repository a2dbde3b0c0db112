"""Which SPI objects there are, and that they do not disturb each other."""

import pytest

from fixtures.spi import mode_flags, words
from fixtures.spis import spi_port, wired_spis

CAPTURE_HZ = 6e6
KHZ = 500


@pytest.mark.claim("r34-imp005-spibcad-rename")
def test_bus_is_called_spibcad(bench, imp, judge):
    """Its former name is gone, and it drives the documented pins: SCLK A, COPI B, CS D."""
    judge.equal("spiBCAD in hardware", "spiBCAD" in imp.hardware, True)
    judge.equal("spiABCD in hardware", "spiABCD" in imp.hardware, False)
    port = spi_port(bench, imp, "spiBCAD")
    port.imp.configure(mode_flags(0, "USE_CS_L"), KHZ)
    with bench.capture(["A", "B", "D"], CAPTURE_HZ) as recording:
        port.imp.chipselect(1)
        port.imp.write(b"\x55")
        port.imp.chipselect(0)
    wave = recording.waveform
    judge.equal("on the pins", words(wave, port).data(channel="mosi"), b"\x55")
    selects = wave.edges(bench.wiring.net("D").name)
    judge.equal("edges on D", len(selects), 2)
    judge.attach_waveform(wave, "pins A, B and D")


@pytest.mark.claim("r30-imp003-two-spi")
def test_every_documented_bus_exists(bench, imp, judge):
    for name in bench.rig.module.spis:
        judge.equal(f"{name} in hardware", name in imp.hardware, True)


@pytest.mark.claim("r30-imp003-two-spi")
@pytest.mark.modules("imp003")
def test_both_buses_work_at_once(bench, imp, judge):
    """Configured together: each sends on its own wires and reads its own input, the other stays still."""
    both_buses(bench, imp, judge)


@pytest.mark.modules("imp005")
def test_both_buses_of_an_imp005_work_at_once(bench, imp, judge):
    both_buses(bench, imp, judge)


def both_buses(bench, imp, judge):
    ports = [spi_port(bench, imp, name) for name in wired_spis(bench.rig)]
    judge.equal("buses", len(ports), 2)
    for port in ports:
        port.imp.configure(mode_flags(0), KHZ)
    for port, other in (ports, reversed(ports)):
        text = port.name.encode()
        for level in (0, 1):
            expected = text if port.loopback else bytes([0xFF * level]) * len(text)
            if not port.loopback:
                port.cipo.drive(bool(level))
            nets = [port.sclk_net, port.copi_net, other.sclk_net]
            with bench.capture(nets, CAPTURE_HZ) as recording:
                got = port.imp.writeread(text)
            wave = recording.waveform
            judge.equal(f"{port.name} sends", words(wave, port).data(channel="mosi"), text)
            judge.equal(f"{port.name} reads", got, expected)
            judge.equal(f"edges on SCLK of {other.name}", len(wave.edges(other.sclk_net)), 0)
