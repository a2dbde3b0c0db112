import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tests.qualify.checkouts import add_suite

NEEDS_A_RIG = "suites run on a rig"


class Project:
    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path / "out"

    def suite(self, text: str, name: str = "uart/test_it.py") -> None:
        add_suite(self.pytester.path, name, "import pytest\nfrom benchctl import errors\n" + text)

    def run(self, *options: str, rig: str = "fake") -> pytest.RunResult:
        arguments = ["--rig", rig] if rig else []
        return self.pytester.runpytest("suites", *arguments, "--report-dir", str(self.folder), *options)

    def results(self) -> Any:
        return json.loads((self.folder / "results.json").read_text())

    def verdicts(self) -> dict[str, str]:
        return {test["nodeid"].split("::")[-1]: test["verdict"] for test in self.results()["tests"]}

    def message(self, name: str) -> str:
        found: str = next(
            test["message"] for test in self.results()["tests"] if test["nodeid"].endswith(name)
        )
        return found


@pytest.fixture
def suites(project: pytest.Pytester) -> Project:
    return Project(project)


def test_suites_without_a_rig_are_refused(suites: Project) -> None:
    suites.suite("def test_it(): ...")
    outcome = suites.run(rig="")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    assert NEEDS_A_RIG in outcome.stderr.str()


def test_other_tests_run_without_a_rig(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): ...")
    project.runpytest().assert_outcomes(passed=1)


def test_each_way_to_end_has_its_verdict(suites: Project) -> None:
    suites.suite(
        """
@pytest.fixture
def poor(): raise errors.NotEquippedError("USB hub", "wire one")
@pytest.fixture
def broken(): raise errors.AdapterGoneError("the adapter vanished")
@pytest.fixture
def doubtful(): assert False
@pytest.fixture
def late():
    yield
    raise errors.AdapterError("the port did not close")

def test_pass(): assert True
def test_judged(judge): judge.equal("reply", 1, 1)
def test_assertion(): assert 1 == 2
def test_unequal(judge): judge.equal("reply", 1, 2); judge.equal("next", 1, 1)
def test_threw(): raise errors.SquirrelError("no such index", "uart.read")
def test_outside(judge): judge.measure("gap", 3, unit="ms", uncertainty=.1, high=2, source="x")
def test_coarse(judge): judge.measure("gap", 1, unit="ms", uncertainty=16, high=2, source="host stamp")
def test_observed(judge): judge.observe("boot", 1.5, "s")
def test_lacks(poor): ...
def test_lacks_in_call(): raise errors.NotEquippedError("logic capture")
def test_gone(broken): ...
def test_doubtful(doubtful): ...
def test_bug(): raise KeyError("x")
def test_stumbles(judge): judge.equal("edges", 1, 2); raise KeyError("x")
def test_gone_after_a_failure(judge): judge.equal("edges", 1, 2); raise errors.AdapterGoneError("vanished")
def test_teardown(late, judge): judge.equal("reply", 1, 1)
def test_skips(): pytest.skip("no cellular network here")
@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""
    )
    outcome = suites.run()
    assert suites.verdicts() == {
        "test_pass": "PASS",
        "test_judged": "PASS",
        "test_assertion": "FAIL",
        "test_unequal": "FAIL",
        "test_threw": "FAIL",
        "test_outside": "FAIL",
        "test_coarse": "INCONCLUSIVE",
        "test_observed": "OBSERVED",
        "test_lacks": "NOT-EQUIPPED",
        "test_lacks_in_call": "NOT-EQUIPPED",
        "test_gone": "ERROR",
        "test_doubtful": "ERROR",
        "test_bug": "ERROR",
        "test_stumbles": "FAIL",
        "test_gone_after_a_failure": "ERROR",
        "test_teardown": "ERROR",
        "test_skips": "NOT-APPLICABLE",
        "test_known": "FAIL",
    }
    assert outcome.ret == 1
    assert suites.message("test_lacks") == "this rig has no USB hub. wire one."
    assert "needs an instrument with an uncertainty below 1 ms" in suites.message("test_coarse")
    assert suites.message("test_threw") == "uart.read threw: no such index."
    assert suites.message("test_bug") == "KeyError: 'x'"
    assert suites.message("test_gone_after_a_failure") == "vanished.\nedges: expected 2, got 1"
    stumbled = "edges: expected 2, got 1\nthe test could not go on: KeyError: 'x'"
    assert suites.message("test_stumbles") == stumbled
    assert suites.results()["totals"] == {
        "ERROR": 5,
        "FAIL": 6,
        "INCONCLUSIVE": 1,
        "NOT-EQUIPPED": 2,
        "NOT-APPLICABLE": 1,
        "PASS": 2,
        "OBSERVED": 1,
    }


def test_what_fails_or_errs_shows_in_junit_as_such(suites: Project) -> None:
    suites.suite(
        """
@pytest.mark.claim("r34-usb-host-support")
def test_fails(): assert False, "wrong \\x00 byte"
def test_errs(): raise errors.AdapterError("gone")
def test_coarse(judge): judge.measure("gap", 1, unit="ms", uncertainty=16, high=2, source="host stamp")
def test_passes(): ...
"""
    )
    suites.run("--impos", "34.11", "--seed", "5")
    root = Xml.parse(suites.folder / "junit.xml").getroot()
    suite = root.find("testsuite")
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    stated = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    assert stated == {"rig": "fake", "module": "imp005", "impos": "34.11", "seed": "5"}
    first = suite.find("testcase")
    assert first is not None
    properties = {each.get("name"): each.get("value") for each in first.findall("properties/property")}
    assert properties["claims"] == "r34-usb-host-support"
    assert first.find("failure") is not None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("def test_it(): ...", 0),
        ("def test_it(): raise errors.NotEquippedError('x')", 0),
        ("def test_it(): assert 0", 1),
        ("def test_it(): raise errors.AdapterError('x')", 3),
        ("def test_it(judge): judge.measure('g', 1, unit='s', uncertainty=9, high=2, source='x')", 3),
        ("import nonsense_that_is_not_there", 3),
    ],
)
def test_the_exit_code_is_that_of_the_contract(suites: Project, body: str, code: int) -> None:
    suites.suite(body)
    assert suites.run("--continue-on-collection-errors").ret == code


def test_what_does_not_apply_is_skipped_before_any_fixture(suites: Project) -> None:
    suites.suite(
        """
@pytest.fixture(autouse=True)
def bench(): open("opened", "w")

@pytest.mark.claim("r34-usb-throws-on-other-imps")
def test_by_claim(): assert 0
@pytest.mark.modules("imp001", "imp002")
def test_by_module(): assert 0
@pytest.mark.impos("36")
def test_by_release(): assert 0
"""
    )
    assert suites.run("--impos", "34.11").ret == 0
    assert set(suites.verdicts().values()) == {"NOT-APPLICABLE"}
    assert "not for the imp005" in suites.message("test_by_claim")
    assert not Path("opened").exists()


def test_a_release_that_only_the_imp_knows_rules_out_later(suites: Project) -> None:
    suites.suite(
        """
@pytest.fixture(scope="module")
def bench(qualification):
    qualification.bench_opened("34.11", lambda: 0)
    yield
    qualification.bench_closing()

@pytest.mark.impos("36")
def test_later(bench): assert 0
def test_now(bench): ...
"""
    )
    assert suites.run().ret == 0
    assert suites.verdicts() == {"test_later": "NOT-APPLICABLE", "test_now": "PASS"}
    assert suites.results()["impos"] == "34.11"


def test_another_release_on_the_imp_is_an_error(suites: Project) -> None:
    suites.suite(
        """
def test_it(qualification): qualification.bench_opened("36.14", lambda: 0)
"""
    )
    assert suites.run("--impos", "34.11").ret == 3
    assert "the imp runs impOS 36.14, but the run is about 34.11" in suites.message("test_it")


def test_bench_time_comes_from_the_rigs_clock(suites: Project) -> None:
    suites.suite(
        """
class Clock:
    ns = 0
    def __call__(self): return self.ns
clock = Clock()

@pytest.fixture(scope="module", autouse=True)
def bench(qualification):
    clock.ns += 10**9
    qualification.bench_opened("", clock)
    clock.ns += 2 * 10**9

def test_first(): clock.ns += 5 * 10**8
def test_second(): clock.ns += 250_000_000
"""
    )
    suites.run()
    assert [test["bench_s"] for test in suites.results()["tests"]] == [2.5, 0.25]


def test_an_unknown_claim_stops_the_run_with_the_nearest(suites: Project) -> None:
    suites.suite('@pytest.mark.claim("r34-usb-host-suport")\ndef test_it(): ...')
    outcome = suites.run()
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    assert "'r34-usb-host-support'" in outcome.stderr.str()


def test_areas_are_folders(suites: Project) -> None:
    suites.suite("def test_a(): ...")
    suites.suite("def test_b(): ...", "spi/test_b.py")
    suites.run("--area", "spi")
    assert suites.verdicts() == {"test_b": "PASS"}
    outcome = suites.run("--area", "sip")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    assert "'spi'" in outcome.stderr.str()


def test_the_same_run_gives_the_same_results_but_for_wall_time(suites: Project) -> None:
    suites.suite(
        """
class Thing: ...
def test_fails(judge):
    judge.observe("boot", 0.1 + 0.2, "s")
    assert Thing() == Thing()
"""
    )

    def stable() -> Any:
        suites.run()
        results = suites.results()
        del results["started"]
        for test in results["tests"]:
            del test["wall_s"]
        return results

    assert stable() == stable()


def test_every_finished_test_is_in_the_journal_when_the_run_is_interrupted(suites: Project) -> None:
    suites.suite(
        """
from pathlib import Path
def test_first(judge): judge.equal("reply", 1, 1)
def test_second():
    assert "test_first" in Path("out/journal.jsonl").read_text()
    raise KeyboardInterrupt
def test_third(): ...
"""
    )
    outcome = suites.pytester.runpytest_inprocess(
        "suites", "--rig", "fake", "--report-dir", "out", no_reraise_ctrlc=True
    )
    assert outcome.ret == pytest.ExitCode.INTERRUPTED
    assert suites.verdicts() == {"test_first": "PASS"}
    assert "2 of 3 tests are missing" in (suites.folder / "index.html").read_text()


def test_the_terminal_speaks_in_verdicts(suites: Project) -> None:
    suites.suite(
        """
def test_coarse(judge): judge.measure("gap", 1, unit="ms", uncertainty=16, high=2, source="host stamp")
def test_lacks(): raise errors.NotEquippedError("USB hub")
"""
    )
    output = suites.run("-v").stdout.str()
    assert "test_coarse INCONCLUSIVE" in output
    assert "test_lacks NOT-EQUIPPED" in output
    assert "1 inconclusive" in output
