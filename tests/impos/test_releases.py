import pytest

from benchctl.errors import UserError
from benchctl.impos.releases import releases, require_supported, wanted
from benchctl.impos.version import ImposVersion


def test_versions_compare_as_numbers() -> None:
    assert ImposVersion.parse("34.8") < ImposVersion.parse("34.11") < ImposVersion.parse("36")
    assert str(ImposVersion.parse("34.11")) == "34.11"


@pytest.mark.parametrize("text", ["", "34.", "34.x", "v34", "34.11.2"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not an impOS version"):
        ImposVersion.parse(text)


def test_a_line_alone_means_its_latest_minor() -> None:
    assert wanted("34") == ImposVersion(34, 11)
    assert wanted("34.3") == ImposVersion(34, 3)
    assert wanted("32") == ImposVersion(32, 0)


def test_a_release_older_than_the_module_is_refused() -> None:
    with pytest.raises(UserError, match=r"does not run on the imp005\. its first release is 34"):
        require_supported("imp005", ImposVersion(30))
    require_supported("imp005", ImposVersion(34))
    require_supported("imp001", ImposVersion(30))


def test_a_release_newer_than_any_known_one_can_be_qualified() -> None:
    require_supported("imp005", ImposVersion(max(releases()) + 2))


def test_an_unknown_module_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="'imp004m'"):
        require_supported("imp004", ImposVersion(42))
