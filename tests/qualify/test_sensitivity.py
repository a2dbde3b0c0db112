from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchctl.errors import BenchError, UserError
from benchctl.measure import Verdict
from benchctl.qualify.sensitivity import ProcessRun, Sensitivity, sensitivity
from benchctl.report.results import TestResult

CLAIM = "r34-usb-host-support"
HOST, SPEED = "suites/usb/test_usb.py::test_host", "suites/usb/test_usb.py::test_speed"
ECHO = "suites/uart/test_echo.py::test_echo"


@dataclass(frozen=True)
class Fault:
    id: str
    claim: str = CLAIM
    modules: frozenset[str] = frozenset()


class Bench:
    """Stands in for the runs: which tests fail under which fault."""

    def __init__(self, **failing: Sequence[str]) -> None:
        self.failing = failing
        self.runs: list[tuple[tuple[str, ...], str | None]] = []

    def __call__(self, selected: Sequence[str], fault: str | None) -> list[TestResult]:
        self.runs.append((tuple(selected), fault))
        bad = self.failing.get(fault or "healthy", ())
        return [
            TestResult(test, [], Verdict.FAIL if test in bad else Verdict.PASS)
            for test in (HOST, SPEED, ECHO)
            if any(test.startswith(chosen) for chosen in selected)
        ]


@pytest.fixture
def suites(checkout: Path) -> Path:
    usb, uart = checkout / "suites" / "usb", checkout / "suites" / "uart"
    usb.mkdir()
    uart.mkdir()
    usb.joinpath("test_usb.py").write_text(
        f"import pytest\n@pytest.mark.claim({CLAIM!r})\ndef test_host(): ...\ndef test_speed(): ...\n"
    )
    uart.joinpath("test_echo.py").write_text("def test_echo(): ...\n")
    return checkout


def measure(suites: Path, bench: Bench, *faults: Fault, areas: Sequence[str] = ()) -> Sensitivity:
    return sensitivity("virtual-imp005", areas, faults=faults, run=bench, project=suites)


def test_a_fault_meets_the_tests_of_its_claim_first(suites: Path) -> None:
    bench = Bench(dead=[HOST])
    found = measure(suites, bench, Fault("dead"))
    assert found.faults[0].caught_by == (HOST,)
    assert sorted(bench.runs, key=str) == sorted(
        [(("suites/uart", "suites/usb"), None), ((HOST,), "dead")], key=str
    )
    assert found.exit_code == 0


def test_what_they_let_pass_meets_everything_else(suites: Path) -> None:
    bench = Bench(subtle=[ECHO])
    found = measure(suites, bench, Fault("subtle"))
    assert found.faults[0].caught_by == (ECHO,)
    assert found.holes == ()


def test_a_fault_that_nobody_notices_is_a_hole(suites: Path) -> None:
    found = measure(suites, Bench(), Fault("silent"))
    assert found.holes == ("silent",)
    assert found.exit_code == 1


def test_a_false_alarm_catches_nothing(suites: Path) -> None:
    found = measure(suites, Bench(healthy=[HOST], dead=[HOST]), Fault("dead"))
    assert found.false_alarms == (HOST,)
    assert found.holes == ("dead",)


def test_only_faults_that_can_occur_on_the_rig_are_tried(suites: Path) -> None:
    found = measure(
        suites,
        Bench(),
        Fault("elsewhere", modules=frozenset({"imp001"})),
        Fault("not claimed here", claim="r34-usb-throws-on-other-imps"),
    )
    assert found.faults == ()


def test_an_area_limits_tests_and_faults(suites: Path) -> None:
    bench = Bench(dead=[HOST])
    faults = Fault("dead"), Fault("other", claim="r30-uart-callback-event-parameter")
    found = measure(suites, bench, *faults, areas=["usb"])
    assert [fault.id for fault in found.faults] == ["dead"]
    assert (("suites/usb",), None) in bench.runs
    with pytest.raises(UserError, match="'usb'"):
        measure(suites, bench, areas=["usv"])


def test_an_area_is_not_blamed_for_claims_that_another_decides(suites: Path) -> None:
    undecided = Fault("nobody", claim="r30-uart-callback-event-parameter")
    found = measure(suites, Bench(), Fault("decided under usb"), undecided, areas=["uart"])
    assert found.holes == ("nobody",)


def test_the_bench_failing_on_the_healthy_twin_is_not_all_well() -> None:
    assert Sensitivity((), (), (HOST,)).exit_code == 3


def test_a_run_is_a_process_that_leaves_a_journal(suites: Path) -> None:
    run = ProcessRun("virtual-imp005", suites)
    assert [test.nodeid for test in run(["suites/usb/test_usb.py::test_host"], None)] == [HOST]
    with pytest.raises(BenchError, match="gave no results"):
        run(["suites/usb/test_usb.py::test_nowhere"], None)


def test_a_real_imp_is_given_no_faults() -> None:
    with pytest.raises(UserError, match="imp005-breakout is a real bench"):
        sensitivity("imp005-breakout")
