from hypothesis import given
from hypothesis import strategies as st

from benchctl.flash.jedec import READ_LENGTH, JedecId


def test_winbond_in_an_answer_that_repeats() -> None:
    identity = JedecId.decode(bytes.fromhex("ef4018") * 5)
    assert identity == JedecId(0xEF, 0x40, 0x18)
    assert (identity.maker, str(identity), identity.number) == ("Winbond", "EF4018", 0xEF4018)


def test_continuation_codes_count_the_bank() -> None:
    identity = JedecId.decode(bytes.fromhex("7f7f9d1234"))
    assert identity == JedecId(0x9D, 0x12, 0x34, bank=2)
    assert str(identity) == "7F 7F 9D1234"
    assert identity.maker == "manufacturer 9Dh in bank 3"


def test_unknown_maker_is_named_by_its_code() -> None:
    identity = JedecId.decode(bytes.fromhex("7e0011"))
    assert identity is not None
    assert identity.maker == "manufacturer 7Eh"


def test_nobody_there() -> None:
    for silence in (b"\xff" * 15, bytes(15), b"\x7f" * 15, b"\xef\x40", b""):
        assert JedecId.decode(silence) is None


@given(st.binary(max_size=READ_LENGTH))
def test_any_answer_decodes_or_is_refused(answer: bytes) -> None:
    identity = JedecId.decode(answer)
    if identity is not None:
        assert answer.startswith(bytes.fromhex(str(identity).replace(" ", "")))
        assert identity.maker
