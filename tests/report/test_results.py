import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.errors import UserError
from benchctl.measure import Measurement, Verdict
from benchctl.report.results import (
    Recorded,
    Results,
    RunHeader,
    TestResult,
    exit_code,
    read_results,
    rounded,
)

HEADER = RunHeader("virtual-imp005", "imp005", "42.9", 7, "2026-01-02T03:04:05+00:00")


def test_the_document_is_the_contract(tmp_path: Path) -> None:
    gap = Measurement("gap", 1.5e-3, "s", 1e-6, high=2e-3, source="logic capture")
    test = TestResult(
        "suites/uart/test_x.py::test_gap",
        ["r34-uart-timing-enabled-flag"],
        Verdict.PASS,
        "",
        [Recorded.of(gap)],
        0.5,
        0.01,
    )
    text = Results(HEADER, [test]).to_json()
    assert json.loads(text) == {
        "schema": 1,
        "rig": "virtual-imp005",
        "module": "imp005",
        "impos": "42.9",
        "seed": 7,
        "started": "2026-01-02T03:04:05+00:00",
        "tests": [
            {
                "nodeid": "suites/uart/test_x.py::test_gap",
                "claims": ["r34-uart-timing-enabled-flag"],
                "verdict": "PASS",
                "message": "",
                "measurements": [
                    {
                        "name": "gap",
                        "value": 0.0015,
                        "unit": "s",
                        "uncertainty": 1e-6,
                        "low": None,
                        "high": 0.002,
                        "source": "logic capture",
                    }
                ],
                "bench_s": 0.5,
                "wall_s": 0.01,
            }
        ],
        "totals": {"PASS": 1},
    }
    assert test.area == "uart"


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text()
records = st.builds(Recorded, st.text(), scalars, st.text(), st.none() | st.floats(0, 1e9), scalars, scalars)
tests = st.builds(
    TestResult, st.text(), st.lists(st.text()), st.sampled_from(Verdict), st.text(), st.lists(records)
)


@given(st.lists(tests, max_size=3))
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, found: list[TestResult]
) -> None:
    file = tmp_path_factory.getbasetemp() / "results.json"
    results = Results(HEADER, found)
    file.write_text(results.to_json(), encoding="utf-8")
    assert read_results(file) == results


def test_another_file_is_refused_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    with pytest.raises(UserError, match="cannot read"):
        read_results(file)
    file.write_text('{"schema": 2}')
    with pytest.raises(UserError, match="schema"):
        read_results(file)


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (set(), 0),
        ({Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE, Verdict.NOT_EQUIPPED}, 0),
        ({Verdict.PASS, Verdict.FAIL, Verdict.ERROR}, 1),
        ({Verdict.PASS, Verdict.ERROR}, 3),
        ({Verdict.PASS, Verdict.INCONCLUSIVE}, 3),
    ],
)
def test_exit_codes(verdicts: set[Verdict], code: int) -> None:
    assert exit_code(verdicts) == code


def test_numbers_are_rounded_to_what_instruments_show() -> None:
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(123456789012) == 123456789012


def test_an_unbounded_uncertainty_is_written_as_none() -> None:
    assert Recorded.of(Measurement("gap", 1.0, uncertainty=float("inf"))).uncertainty is None
