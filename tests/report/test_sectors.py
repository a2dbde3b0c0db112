import xml.etree.ElementTree as Xml

from hypothesis import given
from hypothesis import strategies as st

from benchctl.flash.diff import SECTOR, FlashDiff
from benchctl.flash.layout import Layout
from benchctl.report.sectors import sector_map
from benchctl.report.svg import standalone

SIZE, RESERVED = 0x100000, 0x70000


def drawn(changes: dict[int, int], base: int = 0, size: int = SIZE) -> Xml.Element:
    """The drawing of a chip in which so many bytes changed from each address on."""
    before, after = bytes(size), bytearray(size)
    for address, count in changes.items():
        after[address : address + count] = b"\1" * count
    layout = Layout.of_imp(base + SIZE, reserved_bytes=RESERVED, user_bytes=None)
    return Xml.fromstring(sector_map(FlashDiff(before, bytes(after), layout, base)))


def texts(root: Xml.Element) -> list[str]:
    return [each.text or "" for each in root.iter("text")]


def test_each_changed_sector_is_a_square_of_its_area() -> None:
    root = drawn({0x1000: 1, 0x6F800: 0x1000, 0x90000: 4096})
    squares = {
        rect.findtext("title"): rect.get("class") for rect in root.iter("rect") if rect.findtext("title")
    }
    assert squares == {
        "00001000: 1 bytes changed": "impos shade1",
        "0006f000: 2048 bytes changed": "impos shade2",
        "00070000: 2048 bytes changed": "user shade2",
        "00090000: 4096 bytes changed": "user shade4",
    }
    assert texts(root) == [
        "impOS, 00000000 to 0006ffff: 2 sectors, 2049 bytes changed",
        "user, 00070000 to 000fffff: 2 sectors, 6144 bytes changed",
        "00000000",
        "00020000 to 0005ffff unchanged",
        "00060000",
        "00080000",
        "000a0000 to 000fffff unchanged",
    ]


def test_nothing_changed() -> None:
    assert texts(drawn({})) == [
        "impOS, 00000000 to 0006ffff: unchanged",
        "user, 00070000 to 000fffff: unchanged",
        "00000000 to 000fffff unchanged",
    ]


def test_a_chip_without_known_areas() -> None:
    root = Xml.fromstring(sector_map(FlashDiff(bytes(64), b"\1" * 64, Layout.plain(64))))
    assert [rect.get("class") for rect in root.iter("rect") if rect.find("title") is not None] == [
        "other shade1"
    ]


def test_a_whole_chip_that_changed_stays_small() -> None:
    before, size = bytes(1 << 24), 1 << 24
    layout = Layout.of_imp(size, reserved_bytes=RESERVED, user_bytes=None)
    drawing = sector_map(FlashDiff(before, b"\xff" * size, layout))
    assert len(drawing) < 300_000
    assert "and more below" in drawing


def test_as_a_file_it_brings_its_own_colours() -> None:
    diff = FlashDiff(bytes(SECTOR), b"\1" * SECTOR, Layout.plain(SECTOR))
    assert ".shade1" in standalone(sector_map(diff))


@given(
    st.integers(0, 3 * SECTOR),
    st.integers(1, 9 * SECTOR),
    st.lists(st.tuples(st.integers(0, 9 * SECTOR), st.integers(1, 5000)), max_size=4),
)
def test_any_region_can_be_drawn(base: int, size: int, changes: list[tuple[int, int]]) -> None:
    root = drawn({at: min(count, size - at) for at, count in changes if at < size}, base, size)
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    for rect in root.iter("rect"):
        x, y, w, h = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= width + 1
        assert y + h <= height
