import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.errors import UserError
from benchctl.twin.vm.messages import Done, Manifest
from benchctl.twin.vm.sources import units


@pytest.fixture
def library(tmp_path):
    (tmp_path / "Adder.lib-1.2.0.nut").write_text("const STEP = 2;\nfunction add(x) { return x + STEP; }\n")
    return tmp_path


def test_libraries_come_before_the_program_and_are_visible_to_it(bench, launcher, library):
    found = units('#require "Adder.lib.nut:1.2.0"\nseen <- add(STEP)', "device_code", library)
    assert [name for name, _ in found] == ["Adder.lib.nut:1.2.0", "device_code"]
    with launcher.boot(Manifest(), found) as vm:
        assert vm.run_main() == Done()
        assert vm.read_global("seen") == 4


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            '#require "Adder.lib.nut:1.3.0"',
            r"device_code requires Adder.lib.nut:1.3.0.*put it at .*Adder.lib-1.3.0.nut",
        ),
        ('#require "Adder.lib.nut:1.+"', r"device_code:1: .*exact version"),
        ('\n#require "Adder.lib.nut:1.2.0";', r"device_code:2: .*semicolon"),
        ('#require "Adder.lib.nut:1.2.0"\n#require "Adder.lib.nut:1.2.0"', "more than once"),
        ('x <- 1\n@include "y.nut"', r"device_code:2: @include .*Builder first"),
        ("  @if DEBUG", "Builder first"),
        ("@{x}", "Builder first"),
    ],
)
def test_what_cannot_be_resolved_is_explained(library, code, message):
    with pytest.raises(UserError, match=message):
        units(code, "device_code", library)


def test_too_many_libraries(library):
    code = "\n".join(f'#require "L{number}:1.0.0"' for number in range(101))
    with pytest.raises(UserError, match=r"101 #require lines.*100 at most"):
        units(code, "device_code", library)


def test_without_a_folder_the_message_says_so():
    with pytest.raises(UserError, match="no folder of libraries"):
        units('#require "Adder.lib.nut:1.2.0"', "device_code")


def test_lambdas_and_verbatim_strings_are_no_builder_lines():
    code = 'local f =\n@(x) x + 1;\nlocal s =\n@"include";'
    assert units(code, "main") == [("main", code)]


@given(st.text())
def test_text_without_such_lines_passes_unchanged(text):
    if "#require" not in text and "@" not in text:
        assert units(text, "main") == [("main", text)]
