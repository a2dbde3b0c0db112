from benchctl.measure import Verdict
from benchctl.report.compare import ValueChange, VerdictChange, compare
from benchctl.report.results import Recorded, Results, RunHeader, TestResult

HEADER = RunHeader("bench", "imp005", "34.11", 0, "2026-01-02T03:04:05+00:00")


def run(*tests: TestResult) -> Results:
    return Results(HEADER, list(tests))


def result(nodeid: str, verdict: Verdict, *records: Recorded) -> TestResult:
    return TestResult(nodeid, [], verdict, "", list(records))


def test_each_kind_of_change_is_told_apart() -> None:
    before = run(
        result("stays", Verdict.FAIL),
        result("breaks", Verdict.PASS),
        result("mended", Verdict.FAIL),
        result("better equipped", Verdict.NOT_EQUIPPED),
        result("gone", Verdict.PASS),
    )
    after = run(
        result("stays", Verdict.FAIL),
        result("breaks", Verdict.FAIL),
        result("mended", Verdict.PASS),
        result("better equipped", Verdict.PASS),
        result("new and bad", Verdict.FAIL),
    )
    changes = compare(before, after)
    assert changes.new_failures == ("breaks", "new and bad")
    assert changes.fixed == ("mended",)
    assert changes.changed == (VerdictChange("better equipped", Verdict.NOT_EQUIPPED, Verdict.PASS),)
    assert changes.added == ("new and bad",)
    assert changes.removed == ("gone",)
    assert not changes.empty


def test_an_observation_moved_only_beyond_both_uncertainties() -> None:
    def observed(value: float, uncertainty: float, text: str) -> Results:
        return run(
            result(
                "t",
                Verdict.OBSERVED,
                Recorded("boot", value, "s", uncertainty),
                Recorded("name", text),
                Recorded("judged", value, "s", 0.0, 0.0, 9.0),
            )
        )

    assert compare(observed(1.0, 0.1, "a"), observed(1.2, 0.1, "a")).empty
    assert compare(observed(1.0, 0.1, "a"), observed(1.3, 0.1, "b")).observations == (
        ValueChange("t", "boot", "1.00 ± 0.10 s", "1.30 ± 0.10 s"),
        ValueChange("t", "name", "a", "b"),
    )
