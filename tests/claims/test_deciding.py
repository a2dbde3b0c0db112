from pathlib import Path

import pytest

from benchctl.claims.deciding import deciding_tests
from benchctl.errors import UserError


def write(folder: Path, text: str) -> Path:
    file = folder / "suites" / "usb" / "test_host.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return folder / "suites"


def test_marks_on_modules_classes_functions_and_parameters_all_count(tmp_path: Path) -> None:
    suites = write(
        tmp_path,
        """
import pytest
pytestmark = [pytest.mark.claim("r34-usb-host-support"), pytest.mark.needs("usb")]

@pytest.mark.claim("r34-usb-full-speed-12mbps")
class TestSpeed:
    pytestmark = pytest.mark.claim("r34-imp005-supported")

    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.claim("r34-inherits-33"))])
    def test_bits(self, x): ...

def helper(): ...

def test_alone(): ...
""",
    )
    bits, alone = "suites/usb/test_host.py::TestSpeed::test_bits", "suites/usb/test_host.py::test_alone"
    assert deciding_tests(suites) == {
        "r34-imp005-supported": (bits,),
        "r34-inherits-33": (bits,),
        "r34-usb-full-speed-12mbps": (bits,),
        "r34-usb-host-support": (bits, alone),
    }


def test_a_mark_with_a_name_counts_where_it_is_used(tmp_path: Path) -> None:
    suites = write(
        tmp_path,
        """
import pytest
host = pytest.mark.claim("r34-usb-host-support")
speeds = pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.claim("r34-inherits-33"))])

@host
def test_one(): ...

class TestMore:
    @speeds
    @host
    def test_two(self, x): ...
""",
    )
    one, two = "suites/usb/test_host.py::test_one", "suites/usb/test_host.py::TestMore::test_two"
    assert deciding_tests(suites) == {"r34-inherits-33": (two,), "r34-usb-host-support": (two, one)}


def test_an_unknown_claim_names_the_line_and_the_nearest(tmp_path: Path) -> None:
    suites = write(tmp_path, '\n@pytest.mark.claim("r34-usb-hst-support")\ndef test_it(): ...\n')
    with pytest.raises(UserError, match=r"test_host.py:2: .*'r34-usb-host-support'"):
        deciding_tests(suites)


def test_a_computed_claim_is_refused(tmp_path: Path) -> None:
    suites = write(tmp_path, "\n@pytest.mark.claim(CLAIM)\ndef test_it(): ...\n")
    with pytest.raises(UserError, match="literal id"):
        deciding_tests(suites)
