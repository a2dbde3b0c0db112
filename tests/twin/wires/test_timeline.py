"""A wave that is planned does what the same wave played would, whoever looks when."""

from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchctl.twin.wires.timeline import Drive, Timeline, Times, Values


class Burst(NamedTuple):
    """Toggles from `first_ns` on."""

    first_ns: int
    period_ns: int
    size: int

    @property
    def last_ns(self) -> int:
        return self.first_ns + (self.size - 1) * self.period_ns

    @property
    def last(self) -> int:
        return Drive.LOW if self.size % 2 else Drive.HIGH

    def steps(self) -> tuple[Times, Values]:
        times = self.first_ns + np.arange(self.size, dtype=np.int64) * self.period_ns
        return times, np.where(np.arange(self.size) % 2, Drive.HIGH, Drive.LOW).astype(np.uint8)


BURSTS = st.tuples(st.integers(0, 50), st.integers(1, 9), st.integers(1, 8))
LOOKS = st.tuples(
    st.sampled_from(["plan", "at", "cut", "step", "forget", "sample"]), st.integers(0, 400), BURSTS
)


@given(st.lists(LOOKS, max_size=30))
def test_planned_is_as_good_as_played(actions: list[tuple[str, int, tuple[int, int, int]]]) -> None:
    planned, played, forgotten = Timeline(-1, Drive.HIGH), Timeline(-1, Drive.HIGH), -1
    for action, t_ns, (gap, period, size) in actions:
        t_ns = max(t_ns, forgotten)
        if action == "plan":
            wave = Burst(max(planned.end_ns, forgotten) + 1 + gap, period, size)
            planned.plan(wave)
            played.extend(*wave.steps())
        elif action == "cut":
            planned.cut(t_ns + 1)
            played.cut(t_ns + 1)
        elif action == "step":
            assert planned.step(t_ns + 1, Drive.LOW) == played.step(t_ns + 1, Drive.LOW)
        elif action == "forget":
            forgotten = t_ns
            planned.forget_before(t_ns)
            played.forget_before(t_ns)
        elif action == "sample":
            times = np.arange(forgotten, 500)
            assert planned.sample(times).tolist() == played.sample(times).tolist()
        assert planned.at(t_ns) == played.at(t_ns)
        assert (planned.end_ns, planned.last) == (played.end_ns, played.last)
