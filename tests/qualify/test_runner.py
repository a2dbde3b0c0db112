import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchctl.errors import UserError
from benchctl.measure import Verdict
from benchctl.qualify.progress import ProgressDisplay
from benchctl.qualify.runner import QualifyRequest, qualify
from tests.qualify.checkouts import add_suite, interrupted, waiting_test

_SUITE = """
from benchctl import errors

def test_passes(judge): judge.equal("reply", 1, 1)
def test_fails(judge): judge.equal("reply", 1, 2)
def test_lacks(): raise errors.NotEquippedError("USB hub")
"""


def test_a_run_writes_its_report_and_says_how_it_goes(checkout: Path) -> None:
    add_suite(checkout, "uart/test_echo.py", _SUITE)
    add_suite(checkout, "spi/test_other.py", "def test_other(): assert 0")
    console = Console(file=io.StringIO(), width=200)
    request = QualifyRequest(
        "virtual-imp005", "34.11", ("uart",), seed=9, out=checkout / "out", project=checkout
    )
    summary = qualify(request, [ProgressDisplay(console)])
    assert summary.exit_code == 1
    assert summary.results.totals == {"FAIL": 1, "NOT-EQUIPPED": 1, "PASS": 1}
    document = json.loads((checkout / "out" / "results.json").read_text())
    assert (document["rig"], document["impos"], document["seed"]) == ("virtual-imp005", "34.11", 9)
    assert (checkout / "out" / "junit.xml").read_text().startswith("<?xml")
    assert "impOS 34.11 on the imp005" in (checkout / "out" / "index.html").read_text()
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "PASS           suites/uart/test_echo.py::test_passes",
        "FAIL           suites/uart/test_echo.py::test_fails",
        "               reply: expected 2, got 1",
        "NOT-EQUIPPED   suites/uart/test_echo.py::test_lacks",
    ]


def test_a_terminal_keeps_only_what_needs_attention(checkout: Path) -> None:
    add_suite(checkout, "uart/test_echo.py", _SUITE)
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    qualify(
        QualifyRequest("virtual-imp005", out=checkout / "out", project=checkout), [ProgressDisplay(console)]
    )
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue()
    assert "3/3" in lines
    assert "test_echo.py::test_fails\n" in lines
    assert "test_echo.py::test_lacks\n" not in lines


def test_a_dumb_terminal_gets_a_line_for_each_test(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    add_suite(checkout, "uart/test_echo.py", _SUITE)
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
    qualify(
        QualifyRequest("virtual-imp005", out=checkout / "out", project=checkout), [ProgressDisplay(console)]
    )
    assert isinstance(console.file, io.StringIO)
    assert "PASS           suites/uart/test_echo.py::test_passes\n" in console.file.getvalue()


def test_a_suite_that_cannot_be_imported_is_an_error_and_the_others_run(checkout: Path) -> None:
    add_suite(checkout, "uart/test_broken.py", "import nothing_of_that_name")
    add_suite(checkout, "uart/test_fine.py", "def test_it(): ...")
    summary = qualify(QualifyRequest("virtual-imp005", out=checkout / "out", project=checkout))
    verdicts = {test.nodeid: test.verdict for test in summary.results.tests}
    assert verdicts == {
        "suites/uart/test_broken.py": Verdict.ERROR,
        "suites/uart/test_fine.py::test_it": Verdict.PASS,
    }
    assert summary.exit_code == 3


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (QualifyRequest("virtual-imp05"), "virtual-imp005"),
        (QualifyRequest("virtual-imp005", impos="30"), "does not run on the imp005"),
        (QualifyRequest("virtual-imp005", areas=("urat",)), "'uart'"),
        (QualifyRequest("virtual-imp005", faults=("uart-flags-sty",)), "'uart-flags-stay'"),
        (QualifyRequest("virtual-imp005", baseline=Path("none.json")), "cannot read none.json: No such file"),
        (QualifyRequest("virtual-imp005", areas=("empty",)), "no suite test was selected"),
        (QualifyRequest("virtual-imp005", tests=("suites/uart/test_bad.py",)), "no claim 'r99'"),
    ],
)
def test_a_wrong_request_is_refused(checkout: Path, request_: QualifyRequest, message: str) -> None:
    add_suite(checkout, "empty/test_none.py", "")
    claim = "r99" if request_.tests else "r34-usb-host-support"
    add_suite(
        checkout, "uart/test_bad.py", f"import pytest\n@pytest.mark.claim('{claim}')\ndef test_it(): ..."
    )
    with pytest.raises(UserError, match=message):
        qualify(replace(request_, project=checkout, out=checkout / "out"))


@pytest.mark.parametrize(("out", "reason"), [("file", "File exists"), ("file/deeper", "Not a directory")])
def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(
    checkout: Path, out: str, reason: str
) -> None:
    (checkout / "file").touch()
    add_suite(checkout, "uart/test_it.py", "def test_it(): raise SystemExit('it ran')")
    with pytest.raises(UserError, match=f"no report can be written into .*{out}: {reason}"):
        qualify(QualifyRequest("virtual-imp005", out=checkout / out, project=checkout))


def test_an_interrupt_leaves_a_valid_partial_report(checkout: Path) -> None:
    first = 'def test_first(judge): judge.equal("reply", 1, 1)\n'
    add_suite(checkout, "uart/test_slow.py", first + waiting_test(checkout) + "def test_third(): ...\n")
    assert interrupted(checkout, benches=1) == 130
    document = json.loads((checkout / "out" / "results.json").read_text())
    assert document["totals"] == {"PASS": 1}
    assert "2 of 3 tests are missing" in (checkout / "out" / "index.html").read_text()
