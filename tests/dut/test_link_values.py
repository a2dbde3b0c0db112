import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.dut.link.values import Constant, decode, encode
from benchctl.errors import LinkError, UserError

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(width=32, allow_nan=False),
    st.text(st.characters(max_codepoint=255), max_size=30),
    st.binary(max_size=30),
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=255), max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(trees, max_size=4))
def test_values_round_trip(values: list[object]) -> None:
    assert decode(b"".join(map(encode, values))) == values


@given(st.binary(max_size=40))
def test_damaged_values_are_link_errors(data: bytes) -> None:
    with contextlib.suppress(LinkError):
        decode(data)


def test_unsigned_words_wrap_as_on_the_imp() -> None:
    assert decode(encode(0xFFFFFFFF)) == [-1]
    assert encode(0xFFFFFFFF)[1:] == struct.pack("<i", -1)


@pytest.mark.parametrize("value", [2**32, "\u20ac", object()])
def test_what_squirrel_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(UserError):
        encode(value)


def test_constants_are_or_ed_by_name() -> None:
    assert Constant(("A",)) | Constant(("B",)) == Constant(("A", "B"))
    assert Constant(("A",)) | 0 == Constant(("A",))
    with pytest.raises(UserError, match="name the flag"):
        Constant(("A",)) | 4
