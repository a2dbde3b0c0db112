from collections import Counter

import pytest

from benchctl.claims.catalogue import claim, claims
from benchctl.dut.module import MODULES
from benchctl.errors import UserError
from benchctl.impos.version import ImposVersion


def test_the_catalogue_holds_every_claim_of_the_five_documents() -> None:
    by_seed = Counter(each.seed[:3] for each in claims().values())
    assert by_seed == {"000": 85, "001": 86, "002": 62, "003": 62, "004": 54}


def test_every_claim_is_well_formed() -> None:
    for each in claims().values():
        assert set(each.modules) <= set(MODULES), each.id
        assert each.modules, each.id
        assert each.bench_testable.verdict in ("yes", "partly", "no"), each.id
        assert each.confidence in ("documented", "inferred", "unknown"), each.id
        assert each.claim.strip(), each.id


def test_a_module_claim_applies_to_its_modules_only() -> None:
    usb = claim("r34-usb-host-support")
    assert usb.applies_to("imp005", ImposVersion(34))
    assert "not for the imp003" in usb.why_not("imp003", ImposVersion(34))


def test_a_claim_does_not_apply_before_its_release() -> None:
    claimed = claim("r42-imp005-uart-config-interrupt-load")
    assert claimed.applies_to("imp005", ImposVersion(42, 3))
    assert "from impOS 42.3 on, this is 42.2" in claimed.why_not("imp005", ImposVersion(42, 2))


def test_a_claim_ends_where_a_later_release_changed_it() -> None:
    claimed = claim("r30-blinkup-always-on-first-60s")
    assert claimed.applies_to("imp001", ImposVersion(40, 14))
    assert "up to impOS 40" in claimed.why_not("imp001", ImposVersion(42))
    assert claimed.releases == "30 to 40"


def test_later_modules_inherit_what_was_said_of_all_imps() -> None:
    assert claim("r30-uart-callback-event-parameter").applies_to("imp005", ImposVersion(42, 9))
    assert not claim("r30-enabled-bus-holds-clock-up").applies_to("imp005", ImposVersion(42, 9))
    assert not claim("mig-pwm-pins").applies_to("imp005", ImposVersion(42, 9))


def test_an_unknown_release_rules_nothing_out() -> None:
    assert claim("r42-imp005-uart-config-interrupt-load").applies_to("imp005", None)
    assert claim("mig-imp002-end-of-life").releases == "unknown"


def test_an_unknown_claim_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="'r34-usb-host-support'"):
        claim("r34-usb-host-suport")
