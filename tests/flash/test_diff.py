import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.errors import NotEquippedError, UserError
from benchctl.flash.diff import FlashDiff
from benchctl.flash.layout import Layout
from benchctl.flash.sectormap import text_map

SIZE = 0x100000
LAYOUT = Layout.of_imp(SIZE, reserved_bytes=794624, user_bytes=None)


def changed(*addresses: int) -> FlashDiff:
    before, after = bytearray(SIZE), bytearray(SIZE)
    for address in addresses:
        after[address] = 0xA5
    return FlashDiff(bytes(before), bytes(after), LAYOUT)


def test_layout_from_the_documentation_and_from_the_imp() -> None:
    assert [(a.name, a.start, a.end) for a in LAYOUT.areas] == [
        ("impos", 0, 0xC2000), ("user", 0xC2000, SIZE),
    ]  # fmt: skip
    asked = Layout.of_imp(SIZE, reserved_bytes=0x70000, user_bytes=0x80000)
    assert asked.area("user").start == 0x80000
    with pytest.raises(NotEquippedError, match="border between the impOS and the user area"):
        Layout.of_imp(SIZE, reserved_bytes=None, user_bytes=None)
    with pytest.raises(UserError, match="does not fit a flash of 4096 bytes"):
        Layout.of_imp(0x1000, reserved_bytes=0x70000, user_bytes=None)
    with pytest.raises(UserError, match="no area 'usr'"):
        LAYOUT.area("usr")
    assert [area.name for area in LAYOUT.touched(0xC1FFF, 0xC2001)] == ["impos", "user"]
    assert [area.name for area in LAYOUT.touched(0xC2000, SIZE)] == ["user"]


def test_sectors_and_areas() -> None:
    diff = changed(0x1000, 0x1FFF, 0xC1FFF, 0xC2000)
    assert not diff.same
    assert diff.sectors == [0x1000, 0xC1000, 0xC2000]
    assert [(c.area.name, c.sectors, c.changed) for c in diff.areas] == [("impos", 2, 3), ("user", 1, 1)]
    assert diff.spans == [(0x1000, 0x1001), (0x1FFF, 0x2000), (0xC1FFF, 0xC2001)]


def test_hex_rows() -> None:
    diff = FlashDiff(
        bytes(range(64)), bytes(range(20)) + b"\xee\xef" + bytes(range(22, 64)), LAYOUT, base=0x38
    )
    (row,) = list(diff.rows())
    assert (row.address, row.changed) == (0x40, (12, 13))
    assert str(row).startswith(f"00000040  {'.. ' * 12}14 15 .. ..")
    assert str(row).count("ee ef") == 1


def test_maps() -> None:
    diff = changed(0x1000, 0xC2000)
    rows = text_map(diff)
    assert rows[0].startswith("00000000  .▁..")
    assert rows[1].strip() == "(2 rows of 64 sectors unchanged)"
    assert "▁" in rows[2]


def test_same_and_of_other_lengths() -> None:
    diff = changed()
    assert diff.same
    assert list(diff.rows()) == []
    assert len(text_map(diff)) == 1
    with pytest.raises(UserError, match="contents of 1 and 2 bytes"):
        FlashDiff(b"a", b"ab", LAYOUT)


@given(st.integers(0, 5000), st.integers(1, 9000), st.lists(st.integers(0, 8999), max_size=20))
def test_every_changed_byte_is_in_its_sector_row_and_span(base: int, count: int, where: list[int]) -> None:
    before, after = bytearray(count), bytearray(count)
    for n in where:
        after[n % count] = 1
    diff = FlashDiff(bytes(before), bytes(after), Layout.plain(0x10000), base)
    expected = sorted({base + n % count for n in where})
    assert [a for first, last in diff.spans for a in range(first, last)] == expected
    assert diff.sectors == sorted({a // 0x1000 * 0x1000 for a in expected})
    assert [row.address + n for row in diff.rows() for n in row.changed] == expected
    assert all(row.address % 16 == 0 or row.address == base for row in diff.rows())
    assert diff.counts.sum() == len(expected) == sum(change.changed for change in diff.areas)
