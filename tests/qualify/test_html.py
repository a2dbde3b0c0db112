import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.qualify.checkouts import add_suite

_SUITE = """
import numpy as np
import pytest
from benchctl.capture.waveform import Waveform
from benchctl.flash.diff import FlashDiff
from benchctl.flash.layout import Layout

@pytest.mark.claim("r34-usb-host-support")
@pytest.mark.parametrize("high", [2e-3, 1e-3])
def test_gap(judge, high):
    judge.equal("text", "next\\x85line", "next\\x85line")
    judge.equal("more text", "y" * 100, "y" * 100)
    judge.measure("gap <x>", 1.5e-3, unit="s", uncertainty=1e-5, low=0, high=high, source="logic capture")
    judge.attach_flash(FlashDiff(bytes(8192), bytes(8191) + b"x", Layout.plain(8192)), "one byte")
    judge.intervals("gaps", np.linspace(1e6, 2e6, 100_000), high_ns=high * 1e9)
    capture = Waveform.from_edges({"TXD": (1, np.arange(1, 500_000))}, 500_001)
    judge.attach_waveform(capture, "the frame", closer=(250_000, 250_010))
"""


@pytest.fixture
def page(project: pytest.Pytester) -> str:
    add_suite(project.path, "usb/test_gap.py", _SUITE)
    project.runpytest("suites", "--rig", "fake", "--impos", "34.11", "--seed", "3", "--report-dir", "out")
    return Path("out/index.html").read_text()


def blob(page: str) -> Any:
    found = re.search(r'data-jsonblob="(.*?)"', page)
    assert found is not None
    return json.loads(unescape(found[1]))


def test_each_test_is_one_row_with_its_value_limits_and_verdict(page: str) -> None:
    tests = blob(page)["tests"]
    rows = {nodeid: "".join(found[0]["resultsTableRow"]) for nodeid, found in tests.items()}
    assert all(len(found) == 1 for found in tests.values())
    passes, fails = rows.values()
    assert 'data-verdict="PASS"' in passes
    assert "1.500 ± 0.010 ms" in passes
    assert 'data-verdict="FAIL"' in fails
    assert "500 µs above the limit" in fails


def test_details_have_claims_drawings_and_a_capture_only_of_what_failed(page: str) -> None:
    passes, fails = (found[0]["extras"][0]["content"] for found in blob(page)["tests"].values())
    for details in (passes, fails):
        assert "impOS 34 adds USB host operation on the imp005." in details
        assert "gap &lt;x&gt;" in details
        assert "logic capture" in details
        assert "class='histogram'" in details
        assert "class='sectors'" in details
    assert "class='waveform'" not in passes
    assert fails.count("class='waveform'") == 2
    assert "closer: the frame" in fails


def test_a_row_shows_what_led_to_its_verdict(page: str) -> None:
    for found in blob(page)["tests"].values():
        row = "".join(found[0]["resultsTableRow"])
        shown = re.findall(r"<span>(.*?):", row)
        assert shown == ["gap &lt;x&gt;", "text"]
        assert "and 1 more" in row


def test_what_the_rig_lacks_is_told_once(project: pytest.Pytester) -> None:
    add_suite(
        project.path,
        "usb/test_gap.py",
        "import pytest\nfrom benchctl.errors import NotEquippedError\n"
        "@pytest.mark.parametrize('n', range(3))\n"
        "def test_it(n): raise NotEquippedError('USB hub', 'wire one')\n",
    )
    project.runpytest("suites", "--rig", "fake", "--report-dir", "out")
    page = Path("out/index.html").read_text()
    assert "What this rig lacks (1)" in page
    assert "this rig has no USB hub. wire one. <i>3 tests</i>" in page


def test_claims_that_failed_come_first(page: str) -> None:
    assert "The imp does not do what 1 of them says:" in page


def test_the_environment_says_what_was_tested(page: str) -> None:
    environment = blob(page)["environment"]
    assert {key: environment[key] for key in ("Rig", "Module", "impOS", "Seed", "Faults")} == {
        "Rig": "fake",
        "Module": "imp005",
        "impOS": "34.11",
        "Seed": 3,
        "Faults": "none",
    }
    assert "pyftdi" in environment["Libraries"]
    assert "impOS 34.11 on the imp005" in page


def test_claims_that_no_test_decides_are_listed(page: str) -> None:
    assert "Decided by no test" in page
    assert "r34-usb-no-hub-support" in page


def test_it_is_one_small_file_that_needs_no_network(page: str) -> None:
    assert [each.name for each in Path("out").iterdir() if each.is_dir()] == []
    assert len(page) < 300_000
    assert not re.search(r'(src|href)="https?://(?!pypi\.python\.org)', page)
