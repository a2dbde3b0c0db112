"""The pulse counter against pulses that the bench times."""

import pytest

_PERIOD_US = 100.0
_RATE_HZ = 1e6 / _PERIOD_US
_TRAIN_S = 0.08


def _count(bench, imp, pin) -> tuple[int, float]:
    """Read the counter while pulses of a constant rate come in: the count, and how long read() took in s."""
    steps = [(imp.hardware.micros, ()), (pin.imp.read, ()), (imp.hardware.micros, ())]

    def pulses() -> None:
        count = round(_TRAIN_S * _RATE_HZ)
        pin.line.pulse(False, _PERIOD_US / 2, count=count, period_us=_PERIOD_US)

    start, counted, end = imp.run_detached(steps, delay_s=0.02, meanwhile=pulses)
    return counted, (end - start) / 1e6


def _judge_count(judge, counted: int, window_s: float) -> None:
    """A window that is not in step with the pulses sees one more or fewer."""
    due = window_s * _RATE_HZ
    judge.measure(
        "pulses counted", counted, unit="", uncertainty=0, low=due - 1, high=due + 1, source="imp counter"
    )


@pytest.mark.parametrize("window_s", [0.01, 0.02, 0.04])
def test_counter_counts_pulses_in_its_window(bench, imp, judge, power_cycle, counter_pin, window_s):
    """PIN-RD-04: the count is the bench's rate times the window, and read() blocks for all of it."""
    power_cycle()
    pin = counter_pin()
    pin.imp.configure(imp.PULSE_COUNTER, window_s)
    counted, took_s = _count(bench, imp, pin)
    _judge_count(judge, counted, window_s)
    judge.measure(
        "time read() takes",
        took_s,
        unit="s",
        uncertainty=2e-6,
        low=window_s,
        source="imp timer",
        resolution=1e-6,
    )


def test_counter_without_pulses_reads_zero(imp, judge, power_cycle, counter_pin):
    """PIN-RD-04."""
    power_cycle()
    pin = counter_pin()
    pin.line.drive(False)
    pin.imp.configure(imp.PULSE_COUNTER, 0.1)
    judge.equal("count", pin.imp.read(), 0)


@pytest.mark.claim("r42-ki-pulse-counter-reconfigure")
@pytest.mark.parametrize("through_input", [False, True], ids=["directly", "through-DIGITAL_IN"])
def test_counter_miscounts_after_another_window(bench, imp, judge, power_cycle, counter_pin, through_input):
    """PIN-RD-06, a known issue: right at first, wrong once configured with another window, even with
    DIGITAL_IN in between. A release that counts right again should say so in its notes."""
    power_cycle()
    pin = counter_pin()
    pin.imp.configure(imp.PULSE_COUNTER, 0.02)
    counted, _ = _count(bench, imp, pin)
    _judge_count(judge, counted, 0.02)
    if through_input:
        pin.imp.configure(imp.DIGITAL_IN)
    pin.imp.configure(imp.PULSE_COUNTER, 0.04)
    counted, _ = _count(bench, imp, pin)
    due = 0.04 * _RATE_HZ
    judge.observe("pulses counted with another window", counted)
    judge.equal("counts right with another window", abs(counted - due) <= 1, False)
