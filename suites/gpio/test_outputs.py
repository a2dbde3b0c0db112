"""Digital outputs: starting state, open drain, writing and reading back, all judged on the wire."""

import numpy as np
import pytest

from benchctl.capture.waveform import Waveform

# 250 ns a sample: short enough for any pulse that software makes.
_HZ = 4_000_000


def _levels(waveform: Waveform, net: str) -> list[int]:
    """Every level the net took, in order."""
    first = int(waveform.initial_level(net))
    return [(first + n) % 2 for n in range(len(waveform.edges(net)) + 1)]


@pytest.mark.claim("r30-digital-out-initial-state")
@pytest.mark.parametrize("pulled_to", [0, 1])
@pytest.mark.parametrize("start", [0, 1])
def test_output_starts_at_its_starting_state(bench, imp, judge, pulled_pin, start, pulled_to):
    """PIN-OUT-01: with the bench pulling either way, the first driven level is `start`, without a pulse."""
    pulled_pin.imp.configure(imp.DIGITAL_IN)
    pulled_pin.pull.to(bool(pulled_to))
    with bench.capture([pulled_pin.net], _HZ) as recording:
        pulled_pin.imp.configure(imp.DIGITAL_OUT, start)
    judge.attach_waveform(recording.waveform, f"configure(DIGITAL_OUT, {start}), pulled to {pulled_to}")
    expected = [pulled_to] if start == pulled_to else [pulled_to, start]
    judge.equal("levels on the wire", _levels(recording.waveform, pulled_pin.net), expected)


@pytest.mark.claim("r30-digital-out-default-low")
def test_output_without_starting_state_starts_low(bench, imp, judge, pulled_pin):
    """PIN-OUT-02, against the bench's pull-up."""
    pulled_pin.imp.configure(imp.DIGITAL_IN)
    pulled_pin.pull.to(True)
    with bench.capture([pulled_pin.net], _HZ) as recording:
        pulled_pin.imp.configure(imp.DIGITAL_OUT)
    judge.attach_waveform(recording.waveform, "configure(DIGITAL_OUT) against a pull-up")
    judge.equal("levels on the wire", _levels(recording.waveform, pulled_pin.net), [1, 0])


@pytest.mark.claim("r30-digital-out-od-initial-float")
@pytest.mark.parametrize("pulled_to", [0, 1])
def test_open_drain_starts_floating(bench, imp, judge, pulled_pin, pulled_to):
    """PIN-OUT-03: configure(DIGITAL_OUT_OD, 1) leaves the wire where the bench pulls it."""
    pulled_pin.imp.configure(imp.DIGITAL_IN)
    pulled_pin.pull.to(bool(pulled_to))
    with bench.capture([pulled_pin.net], _HZ) as recording:
        pulled_pin.imp.configure(imp.DIGITAL_OUT_OD, 1)
    judge.attach_waveform(recording.waveform, f"configure(DIGITAL_OUT_OD, 1), pulled to {pulled_to}")
    judge.equal("levels on the wire", _levels(recording.waveform, pulled_pin.net), [pulled_to])


@pytest.mark.parametrize("mode", ["DIGITAL_OUT_OD", "DIGITAL_OUT_OD_PULLUP"])
def test_open_drain_pulls_low_and_lets_go(bench, imp, judge, pulled_pin, mode):
    """PIN-OUT-03: 0 pulls low against the bench's pull-up, 1 lets go of the wire."""
    pulled_pin.imp.configure(imp.constant(mode), 1)
    pulled_pin.pull.to(True)
    with bench.capture([pulled_pin.net], _HZ) as recording:
        for state in (0, 1, 0, 1):
            pulled_pin.imp.write(state)
    judge.attach_waveform(recording.waveform, f"{mode}: 0, 1, 0, 1")
    judge.equal("levels with a pull-up", _levels(recording.waveform, pulled_pin.net), [1, 0, 1, 0, 1])
    pulled_pin.pull.off()
    pulled_pin.line.drive(False)
    judge.equal("level while the bench holds the wire low", pulled_pin.imp.read(), 0)
    judge.equal("level at the bench", int(pulled_pin.line.read()), 0)


def test_open_drain_with_pull_up_rises_by_itself(bench, imp, judge, pulled_pin):
    """DIGITAL_OUT_OD_PULLUP: the wire goes high by itself; how strongly is not stated."""
    pulled_pin.imp.configure(imp.DIGITAL_OUT_OD_PULLUP, 0)
    judge.equal("level at 0", int(pulled_pin.line.read()), 0)
    pulled_pin.imp.write(1)
    judge.equal("level at 1", int(pulled_pin.line.read()), 1)
    pulled_pin.pull.to(False)
    judge.observe(f"level at 1 against {pulled_pin.pull.ohms:g} Ω to ground", int(pulled_pin.line.read()))


def test_every_pin_writes_and_reads_back(bench, imp, judge, each_pin):
    """PIN-RD-02: what is written is on the wire, and read() of an output gives the level at the pin."""
    each_pin.imp.configure(imp.DIGITAL_OUT, 0)
    with bench.capture([each_pin.net], 1_000_000) as recording:
        read = []
        for state in (1, 0, 1):
            each_pin.imp.write(state)
            read.append(each_pin.imp.read())
    judge.equal("levels on the wire", _levels(recording.waveform, each_pin.net), [0, 1, 0, 1])
    judge.equal("levels read", read, [1, 0, 1])


def test_writes_in_a_row_are_all_on_the_wire(bench, imp, judge, pin):
    """Sixty writes back to back: as many edges, in order, none merged."""
    pin.imp.configure(imp.DIGITAL_OUT, 0)
    steps = [(pin.imp.write, (n % 2,)) for n in range(1, 61)]
    with bench.capture([pin.net], _HZ) as recording:
        imp.run_detached(steps)
    edges = recording.waveform.edges(pin.net)
    judge.attach_waveform(recording.waveform, "sixty writes")
    judge.equal("edges", len(edges), 60)
    pulses = np.diff(edges) * float(recording.waveform.tick_ns)
    judge.observe(
        "time between two writes",
        float(np.median(pulses)) / 1e9,
        "s",
        uncertainty=2.5e-7,
        source="logic capture",
    )
    judge.intervals("between two writes", pulses)


def test_disable_lets_go_of_the_pin(bench, imp, judge, each_floating_pin):
    """PIN-DIS-01: disable() returns an output to its power-on state, here tri-state."""
    pin = each_floating_pin
    for state in (0, 1):
        pin.imp.configure(imp.DIGITAL_OUT, state)
        pin.imp.disable()
        for level in (False, True):
            pin.pull.to(level)
            judge.equal(
                f"after {state} and disable(), pulled to {int(level)}", int(pin.line.read()), int(level)
            )
        pin.pull.off()


def test_disabled_pin_must_be_configured_again(imp, judge, pin):
    """PIN-DIS-01: configure() is needed again; what write() does before that is not stated."""
    pin.imp.configure(imp.DIGITAL_OUT, 0)
    pin.imp.disable()
    pin.line.drive(False)
    pin.imp.configure(imp.DIGITAL_IN)
    judge.equal("level read", pin.imp.read(), 0)
    pin.line.drive(True)
    judge.equal("level read", pin.imp.read(), 1)
