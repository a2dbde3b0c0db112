from benchctl.impos.version import ImposVersion
from benchctl.measure import Verdict
from benchctl.report.coverage import coverage
from benchctl.report.results import TestResult

VERSION = ImposVersion(34, 11)


def result(claim: str, verdict: Verdict) -> TestResult:
    return TestResult(f"suites/x/test_{claim}.py::test", [claim], verdict)


def test_a_claim_is_decided_by_a_pass_or_a_fail_and_by_nothing_else() -> None:
    found = coverage(
        [
            result("r34-usb-host-support", Verdict.PASS),
            result("r34-usb-host-support", Verdict.FAIL),
            result("r34-usb-full-speed-12mbps", Verdict.NOT_EQUIPPED),
        ],
        ["r34-imp005-supported"],
        "imp005",
        VERSION,
    )
    assert found.decided == {"r34-usb-host-support": Verdict.FAIL}
    assert {each.id for each in found.undecided} == {"r34-usb-full-speed-12mbps", "r34-imp005-supported"}
    assert "r34-usb-no-hub-support" in {each.id for each in found.nobody}


def test_only_claims_that_apply_count() -> None:
    found = coverage([], [], "imp003", VERSION)
    ids = {each.id for each in found.nobody}
    assert "r34-usb-throws-on-other-imps" in ids
    assert "r34-usb-host-support" not in ids
    assert not any(each.startswith("r42-") for each in ids)
    assert found.applicable == len(ids)
