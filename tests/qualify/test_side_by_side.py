import json
import os
from dataclasses import replace
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from benchctl.errors import UserError
from benchctl.measure import Verdict
from benchctl.qualify.runner import QualifyRequest, QualifySummary, qualify
from benchctl.qualify.side_by_side import SideBySide, require_benches
from benchctl.qualify.target import Target
from tests.qualify.checkouts import add_suite, interrupted, waiting_test

_JUDGED = """
import os
def test_measured(judge):
    judge.measure("gap <x>", 1.5e-3, unit="s", uncertainty=1e-5, high=2e-3, source="logic capture")
def test_fails(judge): judge.equal("process", {value}, 0)
"""


def run(project: Path, benches: int, **options: Any) -> QualifySummary:
    request = QualifyRequest(
        "virtual-imp005", out=project / f"out{benches}", project=project, benches=benches
    )
    return qualify(replace(request, **options))


def verdicts(summary: QualifySummary) -> list[tuple[str, Verdict]]:
    return [(test.nodeid.removeprefix("suites/"), test.verdict) for test in summary.results.tests]


def test_areas_run_in_other_processes_and_are_recorded_in_one_order(checkout: Path) -> None:
    add_suite(checkout, "uart/test_a.py", _JUDGED.format(value=f"int(os.getpid() == {os.getpid()})"))
    add_suite(checkout, "spi/test_b.py", _JUDGED.format(value=1))
    summary = run(checkout, 2)
    assert verdicts(summary) == [
        ("spi/test_b.py::test_measured", Verdict.PASS),
        ("spi/test_b.py::test_fails", Verdict.FAIL),
        ("uart/test_a.py::test_measured", Verdict.PASS),
        ("uart/test_a.py::test_fails", Verdict.PASS),
    ]
    assert summary.exit_code == 1
    page = (checkout / "out2" / "index.html").read_text()
    assert "expected 0, got 1" in page
    assert "logic capture" in page  # in the details only
    assert "1.500 \\u00b1 0.010 ms" in page  # in its row


def test_what_takes_its_process_down_is_an_error_and_the_others_run(checkout: Path) -> None:
    claim = "r34-usb-host-support"
    add_suite(
        checkout,
        "uart/test_a.py",
        f"import os, pytest\ndef test_a(): ...\n@pytest.mark.claim({claim!r})\ndef test_b(): os._exit(1)\n"
        "def test_c(): ...\n",
    )
    add_suite(checkout, "spi/test_d.py", "def test_d(): ...")
    summary = run(checkout, 2)
    assert verdicts(summary) == [
        ("spi/test_d.py::test_d", Verdict.PASS),
        ("uart/test_a.py::test_a", Verdict.PASS),
        ("uart/test_a.py::test_b", Verdict.ERROR),
        ("uart/test_a.py::test_c", Verdict.PASS),
    ]
    crashed = summary.results.tests[2]
    assert (crashed.claims, crashed.message) == ([claim], "the process that ran it died")
    assert summary.exit_code == 3


def test_a_suite_that_cannot_be_imported_is_one_error(checkout: Path) -> None:
    add_suite(checkout, "uart/test_a.py", "import nothing_of_that_name")
    add_suite(checkout, "spi/test_b.py", "def test_b(): ...")
    assert verdicts(run(checkout, 2)) == [
        ("uart/test_a.py", Verdict.ERROR),
        ("spi/test_b.py::test_b", Verdict.PASS),
    ]


def test_an_area_measures_the_same_beside_others_and_after_them(tmp_path: Path) -> None:
    def results(*areas: str, benches: int) -> dict[str, Any]:
        out = tmp_path / f"{'-'.join(areas)}{benches}"
        qualify(QualifyRequest("virtual-imp005", areas=areas, benches=benches, out=out))
        tests = json.loads((out / "results.json").read_text())["tests"]
        return {test.pop("nodeid"): {**test, "wall_s": 0} for test in tests}

    together = results("adc", "pwm", benches=2)
    assert results("adc", "pwm", benches=1) == together
    assert results("pwm", benches=1).items() <= together.items()


def test_a_real_bench_is_one(project: pytest.Pytester) -> None:
    with pytest.raises(UserError, match="desk is a real bench, and there is one of it"):
        require_benches(Target("desk", "imp005"), 2)
    add_suite(project.path, "uart/test_a.py", "def test_a(): ...")
    by_hand = project.runpytest("suites", "--rig", "fake", "-n", "2")
    assert by_hand.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is one of it" in by_hand.stderr.str()


def test_an_interrupt_leaves_what_was_finished(checkout: Path) -> None:
    journal = checkout / "out" / "journal.jsonl"
    until_both_are_recorded = f"while Path({str(journal)!r}).read_text().count('\"test\"') < 2: ..."
    add_suite(checkout, "spi/test_b.py", "def test_b(): ...")
    waits = waiting_test(checkout, until_both_are_recorded)
    add_suite(checkout, "uart/test_a.py", "def test_first(): ...\n" + waits + "def test_third(): ...\n")
    assert interrupted(checkout, benches=2) == 130
    document = json.loads((checkout / "out" / "results.json").read_text())
    assert document["totals"] == {"PASS": 2}
    assert "2 of 4 tests are missing" in (checkout / "out" / "index.html").read_text()


def test_what_was_on_its_way_at_an_interrupt_is_recorded() -> None:
    taken: list[str] = []
    events: Queue[tuple[str, dict[str, str]]] = Queue()
    for event in (("logstart", {"nodeid": "a"}), ("testreport", {"rep": "a"}), ("testreport", {"rep": "b"})):
        events.put(event)
    running = SimpleNamespace(queue=events, worker_testreport=lambda rep: taken.append(rep))
    plugins = SimpleNamespace(getplugin={"dsession": running}.get)
    config: Any = SimpleNamespace(pluginmanager=plugins)
    record: Any = None
    SideBySide(config, record).pytest_keyboard_interrupt()
    assert taken == ["a", "b"]


def test_a_bench_that_does_not_open_is_tried_once_an_area(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refuse(rig: str, **_: object) -> None:
        tried.append(rig)
        raise RuntimeError("no luck")

    monkeypatch.setattr("fixtures.bench.open_bench", refuse)
    plugins = '["benchctl.qualify.plugin", "fixtures.judging", "fixtures.bench"]'
    (checkout / "conftest.py").write_text(f"pytest_plugins = {plugins}\n")
    for area in ("spi", "uart"):
        add_suite(checkout, f"{area}/test_it.py", "def test_a(bench): ...\ndef test_b(bench): ...\n")
    results = run(checkout, 1).results
    assert [test.message for test in results.tests] == ["RuntimeError: no luck"] * 4
    assert tried == ["virtual-imp005"] * 2
