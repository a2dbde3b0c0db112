"""A pin going from a bus to DIGITAL_OUT and back, searched for glitches at the highest capture rate."""

import pytest

_HZ = 8_000_000
# A byte 0x55: each bit of a UART frame toggles, SCLK pulses eight times, an I²C address takes nine clocks.
_LEAST_EDGES = {"uart": 10, "spi": 16, "i2c": 18}


@pytest.mark.claim("r30-pin-reconfigure-glitch-free")
@pytest.mark.parametrize("start", [1, 0])
def test_taking_a_pin_from_a_bus_makes_no_glitch(bench, imp, judge, each_bus_pin, start):
    """PIN-OUT-04: a bus pin taken as DIGITAL_OUT moves as told: once, or not at all to its idle level."""
    each_bus_pin.configure()
    with bench.capture([each_bus_pin.net], _HZ) as recording:
        each_bus_pin.pin.configure(imp.DIGITAL_OUT, start)
    waveform = recording.waveform
    judge.attach_waveform(waveform, f"{each_bus_pin.kind} to configure(DIGITAL_OUT, {start})")
    judge.equal("level the bus idles at", int(waveform.initial_level(each_bus_pin.net)), each_bus_pin.idle)
    judge.equal("edges", len(waveform.edges(each_bus_pin.net)), int(start != each_bus_pin.idle))
    judge.observe(
        "shortest glitch sure to be seen", float(waveform.tick_ns) / 1e9, "s", source="logic capture"
    )
    judge.equal("level in the end", int(waveform.level_at(each_bus_pin.net, waveform.end)), start)


def test_giving_a_pin_back_to_its_bus(bench, imp, judge, each_bus_pin):
    """PIN-OUT-05: back by the bus's configure(); whether that is free of glitches is not stated."""
    each_bus_pin.configure()
    each_bus_pin.pin.configure(imp.DIGITAL_OUT, each_bus_pin.idle)
    with bench.capture([each_bus_pin.net], _HZ) as recording:
        each_bus_pin.configure()
    judge.observe("edges from the output back to the bus", len(recording.waveform.edges(each_bus_pin.net)))
    _sends(bench, judge, each_bus_pin)


def test_disable_has_no_effect_on_a_pin_in_use_by_a_bus(bench, judge, each_bus_pin):
    """PIN-DIS-02: the pin stays with its bus, which goes on sending."""
    each_bus_pin.configure()
    with bench.capture([each_bus_pin.net], _HZ) as recording:
        each_bus_pin.pin.disable()
    judge.equal("edges at disable()", len(recording.waveform.edges(each_bus_pin.net)), 0)
    _sends(bench, judge, each_bus_pin)


def _sends(bench, judge, bus_pin) -> None:
    with bench.capture([bus_pin.net], _HZ) as recording:
        bus_pin.send()
        bench.clock.sleep(0.002)
    edges = len(recording.waveform.edges(bus_pin.net))
    judge.measure(
        "edges of one byte 0x55", edges, unit="", uncertainty=0, low=_LEAST_EDGES[bus_pin.kind],
        high=None if bus_pin.kind == "i2c" else _LEAST_EDGES[bus_pin.kind], source="logic capture",
    )  # fmt: skip
