"""What changed between two runs: new failures, fixes, tests that come and go, observations that moved."""

from dataclasses import dataclass

from benchctl.measure import Verdict
from benchctl.report.quantity import in_print, is_number
from benchctl.report.results import Recorded, Results, TestResult


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A test whose verdict is another one now."""

    nodeid: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A recorded value that differs by more than the uncertainties of both runs explain."""

    nodeid: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences from an earlier run to a later one.

    Attributes:
        new_failures: FAIL now, and not before; a test that was not there before counts too.
        fixed: FAIL before, PASS now.
        changed: any other change of verdict.
        observations: observed values that moved.
        added, removed: tests that only one of the runs has.
    """

    new_failures: tuple[str, ...]
    fixed: tuple[str, ...]
    changed: tuple[VerdictChange, ...]
    observations: tuple[ValueChange, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """True when nothing differs."""
        return not any(
            (self.new_failures, self.fixed, self.changed, self.observations, self.added, self.removed)
        )


def compare(before: Results, after: Results) -> Comparison:
    """The differences between two runs, in the order of the later one's tests."""
    old = {test.nodeid: test for test in before.tests}
    new = {test.nodeid: test for test in after.tests}
    moved = [
        VerdictChange(nodeid, old[nodeid].verdict, test.verdict)
        for nodeid, test in new.items()
        if nodeid in old and old[nodeid].verdict is not test.verdict
    ]
    fixed = [each for each in moved if (each.before, each.after) == (Verdict.FAIL, Verdict.PASS)]
    broken = [
        nodeid
        for nodeid, test in new.items()
        if test.verdict is Verdict.FAIL and (nodeid not in old or old[nodeid].verdict is not Verdict.FAIL)
    ]
    return Comparison(
        tuple(broken),
        tuple(each.nodeid for each in fixed),
        tuple(each for each in moved if each not in fixed and each.after is not Verdict.FAIL),
        tuple(change for nodeid in new if nodeid in old for change in _values(old[nodeid], new[nodeid])),
        tuple(nodeid for nodeid in new if nodeid not in old),
        tuple(nodeid for nodeid in old if nodeid not in new),
    )


def _values(old: TestResult, new: TestResult) -> list[ValueChange]:
    earlier = {record.name: record for record in old.measurements}
    return [
        ValueChange(new.nodeid, record.name, in_print(earlier[record.name])[0], in_print(record)[0])
        for record in new.measurements
        if _observed(record) and record.name in earlier and _differs(earlier[record.name], record)
    ]


def _observed(record: Recorded) -> bool:
    return record.low is None and record.high is None


def _differs(old: Recorded, new: Recorded) -> bool:
    if is_number(old.value) and is_number(new.value) and old.unit == new.unit:
        return abs(old.value - new.value) > (old.uncertainty or 0.0) + (new.uncertainty or 0.0)
    return (old.value, old.unit) != (new.value, new.unit)
