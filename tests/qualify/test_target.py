import pytest

from benchctl.errors import RigError, UserError
from benchctl.qualify.target import Target, target_of

IMP005 = Target("bench", "imp005", "34.11")


def test_a_test_applies_when_one_of_its_claims_does() -> None:
    claims = ["r34-usb-throws-on-other-imps", "r34-usb-host-support"]
    assert IMP005.why_not(claims, [], None) == ""
    assert "not for the imp005" in IMP005.why_not(claims[:1], [], None)
    assert IMP005.why_not([], [], None) == ""


def test_markers_rule_out_modules_and_releases() -> None:
    assert "is for imp001, imp002" in IMP005.why_not([], ["imp001", "imp002"], None)
    assert "is for impOS 36 and later, this is 34.11" in IMP005.why_not([], [], "36")
    assert IMP005.why_not([], ["imp005"], "34") == ""


def test_an_unknown_release_rules_nothing_out_until_the_imp_says_hello() -> None:
    unknown = Target("bench", "imp005")
    assert unknown.why_not([], [], "36") == ""
    assert unknown.running("34.11").why_not([], [], "36") != ""


def test_the_options_name_the_target() -> None:
    target = target_of("virtual-imp005", "34", 3, ["uart-flags-stay"])
    assert target == Target("virtual-imp005", "imp005", "34.11", 3, ("uart-flags-stay",), virtual=True)
    with pytest.raises(UserError, match="does not run on the imp005"):
        target_of("virtual-imp005", "30", 0, ())
    with pytest.raises(UserError, match="virtual-imp005"):
        target_of("virtual-imp05", None, 0, ())
    with pytest.raises(UserError, match="perhaps you meant 'uart-flags-stay'"):
        target_of("virtual-imp005", None, 0, ["uart-flags-sty"])
    with pytest.raises(RigError, match="has the placeholder 'EDIT-ME-QUAD' for its serial"):
        target_of("imp005-breakout", None, 0, ())
