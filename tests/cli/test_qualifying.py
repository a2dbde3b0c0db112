import json
import sys
from pathlib import Path

import pytest

from benchctl.claims.catalogue import claims
from benchctl.cli.main import run
from benchctl.measure import Verdict
from benchctl.report.results import Results, RunHeader, TestResult


def benchctl(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["benchctl", *arguments])
        with pytest.raises(SystemExit) as stopped:
            run()
    return int(stopped.value.code or 0)


def test_claims_lists_the_whole_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchctl("claims", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == list(claims())
    assert set(rows[0]) >= {"id", "seed", "area", "kind", "modules", "releases", "deciding_tests"}
    assert benchctl("claims") == 0
    text = capsys.readouterr().out
    assert "r34-usb-host-support" in text
    assert f"{len(rows)} claims, " in text


def test_compare_says_what_broke_and_exits_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = RunHeader("bench", "imp005", "34.11", 0, "2026-01-02T03:04:05+00:00")
    for name, verdict in (("before", Verdict.PASS), ("after", Verdict.FAIL)):
        results = Results(header, [TestResult("suites/a/test_a.py::test[x]", [], verdict)])
        (tmp_path / name).write_text(results.to_json())
    before, after = str(tmp_path / "before"), str(tmp_path / "after")
    assert benchctl("compare", before, after) == 1
    assert "new failure  suites/a/test_a.py::test[x]" in capsys.readouterr().out
    assert benchctl("compare", after, before, "--json") == 0
    assert json.loads(capsys.readouterr().out)["fixed"] == ["suites/a/test_a.py::test[x]"]
    assert benchctl("compare", before, str(tmp_path / "none")) == 2


def test_qualify_refuses_a_wrong_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchctl("qualify", "virtual-imp05") == 2
    assert "virtual-imp005" in capsys.readouterr().err
    assert benchctl("qualify", "virtual-imp005", "--impos", "30") == 2
