"""Erasing and the rules of NOR: erasing sets whole sectors, writing only clears bits; verification."""

import pytest

from fixtures.flash import SECTOR

present = pytest.mark.modules("imp003", "imp005")
# The claim is the imp003's; an imp005 is held to the same API description.
sector_erase = pytest.mark.parametrize(
    "module",
    [
        pytest.param("imp003", marks=pytest.mark.claim("r30-spiflash-sector-erase")),
        pytest.param("imp005", marks=pytest.mark.modules("imp005")),
    ],
)
OLD, NEW = b"\xf0\xff\x00\x55", b"\x0f\xa5\xff\x50"  # NEW wants bits that OLD has cleared
BOTH = bytes(old & new for old, new in zip(OLD, NEW, strict=True))
FITTING = b"\x70\x0f\x00\x11"  # only clears bits of OLD
FLAGS = ((), ("SPIFLASH_PREVERIFY",), ("SPIFLASH_POSTVERIFY",), ("SPIFLASH_PREVERIFY", "SPIFLASH_POSTVERIFY"))

flags = pytest.mark.parametrize("names", FLAGS, ids=lambda names: "+".join(names) or "no flags")


@sector_erase
def test_one_sector_is_erased(judge, spiflash, module):
    """SF-ER-01: all 4096 bytes read FFh, the sectors beside it are unchanged; so says the bench too."""
    start = spiflash.user_start()
    filling = bytes(range(256)) * 16
    spiflash.seen_by_bench(lambda chip: chip.write(start, 8 * filling))
    before = spiflash.content()
    spiflash.imp.enable()
    spiflash.imp.erasesector(5 * SECTOR)
    expected = 5 * filling + b"\xff" * SECTOR + 2 * filling
    seen = spiflash.imp.read(4 * SECTOR, 3 * SECTOR)
    judge.equal("sectors 4 to 6 as expected, by the imp", seen == expected[4 * SECTOR : 7 * SECTOR], True)
    after = spiflash.content()
    judge.equal("8 sectors as expected, by the bench", after[start : start + 8 * SECTOR] == expected, True)
    changes = spiflash.compare(before, after)
    judge.equal("the user's sectors that changed, by the bench", spiflash.user_sectors(changes), [5])
    judge.attach_flash(changes, "erasesector() of the user's sector 5")


@present
@pytest.mark.parametrize("address", [1, 256, SECTOR // 2, SECTOR - 1, SECTOR + 4])
def test_misaligned_erase_throws(judge, spiflash, address):
    """SF-ER-E1; and nothing is erased."""
    spiflash.blank(0, 1)
    for sector in (0, 1):
        spiflash.imp.write(sector * SECTOR, b"kept")
    judge.equal("throws", bool(spiflash.imp.erasesector.throws(address)), True)
    kept = [spiflash.imp.read(sector * SECTOR, 4) for sector in (0, 1)]
    judge.equal("content", kept, [b"kept", b"kept"])


@sector_erase
def test_writing_only_clears_bits(judge, spiflash, module):
    """SF-WR-01, SF-WR-02: a byte becomes old AND new, without complaint; only erasing sets bits."""
    spiflash.blank(0)
    judge.equal("first write()", spiflash.imp.write(0, OLD), 0)
    judge.equal("second write()", spiflash.imp.write(0, NEW), 0)
    judge.equal("content", spiflash.imp.read(0, 4), BOTH)
    spiflash.imp.erasesector(0)
    judge.equal("erased", spiflash.imp.read(0, 4), b"\xff" * 4)


@present
@flags
def test_write_that_fits_is_verified(imp, judge, spiflash, names):
    """SF-WR-06: bits that are only cleared pass either check."""
    spiflash.blank(0)
    spiflash.imp.write(64, OLD)
    judge.equal("write()", spiflash.imp.write(64, FITTING, combined(imp, names)), 0)
    judge.equal("content", spiflash.imp.read(64, 4), FITTING)


@present
@flags
def test_write_that_cannot_be_is_told(imp, judge, spiflash, names):
    """SF-WR-03: PREVERIFY fails and writes nothing. SF-WR-04: POSTVERIFY fails after writing.

    The failure's value beyond non-zero is not documented. The bench's view is the last word.
    """
    start = spiflash.user_start()
    spiflash.blank(0)
    spiflash.imp.write(64, OLD)
    returned = spiflash.imp.write(64, NEW, combined(imp, names))
    expected = OLD if "SPIFLASH_PREVERIFY" in names else BOTH
    judge.equal("a failure", returned != 0, bool(names))
    judge.equal("content", spiflash.imp.read(64, 4), expected)
    judge.equal(
        "content, by the bench", spiflash.seen_by_bench(lambda chip: chip.read(start + 64, 4)), expected
    )
    judge.observe("returned", returned)


def combined(imp, names):
    if not names:
        return 0
    flags = imp.constant(names[0])
    for name in names[1:]:
        flags = flags | imp.constant(name)
    return flags
