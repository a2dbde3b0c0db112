"""Digital inputs: levels, pulls, and state change callbacks counted against captured edges."""

import pytest

_APART_S = 0.01


def test_every_pin_reads_what_the_bench_drives(imp, judge, each_pin):
    """PIN-RD-01 and PIN-RD-02."""
    each_pin.imp.configure(imp.DIGITAL_IN)
    for level in (0, 1, 0):
        each_pin.line.drive(bool(level))
        judge.equal(f"read() with the wire at {level}", each_pin.imp.read(), level)


@pytest.mark.parametrize("level", [0, 1])
def test_input_without_pull_follows_a_weak_bench(imp, judge, pulled_pin, level):
    """DIGITAL_IN has no pull: the bench's resistor alone decides the level."""
    pulled_pin.imp.configure(imp.DIGITAL_IN)
    pulled_pin.line.drive(not level)
    pulled_pin.line.release()
    pulled_pin.pull.to(bool(level))
    judge.equal("read()", pulled_pin.imp.read(), level)
    judge.equal("level at the bench", int(pulled_pin.line.read()), level)


@pytest.mark.parametrize(("mode", "level"), [("DIGITAL_IN_PULLUP", 1), ("DIGITAL_IN_PULLDOWN", 0)])
def test_input_pull_takes_a_released_wire(imp, judge, pulled_pin, mode, level):
    """DIGITAL_IN_PULLUP and DIGITAL_IN_PULLDOWN: the wire returns when the bench lets go of it."""
    pulled_pin.imp.configure(imp.constant(mode))
    pulled_pin.line.drive(not level)
    judge.equal("read() while the bench holds the wire", pulled_pin.imp.read(), 1 - level)
    pulled_pin.line.release()
    judge.equal("read() once released", pulled_pin.imp.read(), level)
    judge.equal("level at the bench once released", int(pulled_pin.line.read()), level)


@pytest.mark.parametrize(("mode", "level"), [("DIGITAL_IN_PULLUP", 0), ("DIGITAL_IN_PULLDOWN", 1)])
def test_input_pull_against_the_bench(imp, judge, pulled_pin, mode, level):
    """How strong the imp's pulls are is not stated: which of the two resistors wins is recorded."""
    pulled_pin.imp.configure(imp.constant(mode))
    pulled_pin.pull.to(bool(level))
    judge.observe(f"level with {pulled_pin.pull.ohms:g} Ω the other way", pulled_pin.imp.read())


def _toggle(bench, pin, edges: int) -> int:
    """Toggle the wire `edges` times; returns how many edges the capture saw."""
    level = bool(pin.line.read())
    pin.line.drive(level)
    with bench.capture([pin.net], 100_000) as recording:
        for _ in range(edges):
            bench.clock.sleep(_APART_S)
            level = not level
            pin.line.drive(level)
        bench.clock.sleep(_APART_S)
    return len(recording.waveform.edges(pin.net))


def test_every_pin_calls_back_once_an_edge(bench, imp, judge, each_callback_pin):
    """PIN-SC-01 and PIN-SC-05: no call at configure(), then one call an edge, with the level of the wire."""
    pin = each_callback_pin
    changed = imp.on_event([pin.imp.read])
    pin.line.drive(False)
    pin.imp.configure(imp.DIGITAL_IN, changed)
    judge.equal("calls at configure()", len(imp.events(changed, within_s=0.05)), 0)
    edges = _toggle(bench, pin, 9)
    events = imp.events(changed, within_s=0.05)
    judge.equal("edges on the wire", edges, 9)
    judge.equal("calls", len(events), edges)
    judge.equal(
        "levels read in the calls", [event.then[0] for event in events], [n % 2 for n in range(1, 10)]
    )


@pytest.mark.claim("r34-imp003-pinq-callback-consistent")
def test_pin_q_calls_back_at_every_change(bench, imp, judge, pin_named):
    """PIN-SC-06: imp003 pin Q, fifty changes."""
    pin = pin_named("Q")
    changed = imp.on_event()
    pin.line.drive(False)
    pin.imp.configure(imp.DIGITAL_IN, changed)
    edges = _toggle(bench, pin, 50)
    judge.equal("calls", len(imp.events(changed, within_s=0.05)), edges)


def test_callbacks_end_when_the_pin_is_configured_without(bench, imp, judge, callback_pin):
    """A configure() without a callback takes the callback away."""
    pin, changed = callback_pin, imp.on_event()
    pin.line.drive(False)
    pin.imp.configure(imp.DIGITAL_IN, changed)
    pin.imp.configure(imp.DIGITAL_IN)
    edges = _toggle(bench, pin, 4)
    judge.equal("edges on the wire", edges, 4)
    judge.equal("calls", len(imp.events(changed, within_s=0.05)), 0)


def test_edges_while_squirrel_is_busy(bench, imp, judge, callback_pin):
    """PIN-SC-04: how many edges are queued while Squirrel is blocked is not stated."""
    pin, changed = callback_pin, imp.on_event()
    pin.line.drive(False)
    pin.imp.configure(imp.DIGITAL_IN, changed)

    def toggle() -> None:
        bench.clock.sleep(0.05)
        _toggle(bench, pin, 6)

    imp.run_detached([(imp.sleep, (0.3,))], meanwhile=toggle)
    judge.observe("calls for 6 edges during imp.sleep()", len(imp.events(changed, within_s=0.1)))
