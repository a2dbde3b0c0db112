"""Reading and writing: what the program reads and writes is what the bench finds on the chip."""

import pytest

from fixtures.flash import SECTOR

WINDOW = 64 * 1024

present = pytest.mark.modules("imp003", "imp005")
# The claim is the imp003's; an imp005 is held to the same API description.
read_write = pytest.mark.parametrize(
    "module",
    [
        pytest.param(
            "imp003", marks=pytest.mark.claim("r30-spiflash-read-write", "r30-imp003-flash-448k-reserved")
        ),
        pytest.param("imp005", marks=pytest.mark.modules("imp005")),
    ],
)


def patterned(length, seed=0):
    return bytes((89 * at + seed) & 0xFF for at in range(length))


@read_write
def test_writes_land_in_the_users_part_only(judge, spiflash, module):
    """SF-ADR-01: user address n is physical start + n; what is below stays as it was."""
    start, text = spiflash.user_start(), patterned(600, 7)

    def below(content):
        return content[:WINDOW] + content[max(start - WINDOW, 0) : start]

    spiflash.seen_by_bench(lambda chip: chip.write(start, patterned(2 * SECTOR)))
    end = min(start + WINDOW, spiflash.capacity)
    before = spiflash.content(end)
    spiflash.blank(0, 1)
    judge.equal("write()", spiflash.imp.write(0x123, text), 0)
    judge.equal("read()", spiflash.imp.read(0x123, len(text)), text)
    after = spiflash.content(end)
    expected = b"\xff" * 0x123 + text
    users = after[start : start + 2 * SECTOR]
    judge.equal("the user's part, by the bench", users, expected.ljust(2 * SECTOR, b"\xff"))
    judge.equal("impOS' part unchanged", below(after) == below(before), True)
    changes = spiflash.compare(before, after)
    judge.equal("the user's sectors that changed, by the bench", spiflash.user_sectors(changes), [0, 1])
    judge.attach_flash(
        changes, f"{len(text)} bytes written at the user's 123h, after erasing the sectors 0 and 1"
    )


@read_write
def test_content_survives_a_power_cycle(judge, spiflash, power_cycle, module):
    spiflash.blank(2)
    spiflash.imp.write(2 * SECTOR, patterned(SECTOR, 3))
    power_cycle()
    spiflash.imp.enable()
    judge.equal("read()", spiflash.imp.read(2 * SECTOR, SECTOR), patterned(SECTOR, 3))


@present
def test_reads_what_the_bench_wrote(judge, spiflash):
    start, text = spiflash.user_start(), patterned(1000, 5)
    spiflash.seen_by_bench(lambda chip: chip.write(start + 3 * SECTOR + 77, text))
    spiflash.imp.enable()
    judge.equal("read()", spiflash.imp.read(3 * SECTOR + 77, len(text)), text)
    judge.equal("a part of it", spiflash.imp.read(3 * SECTOR + 177, 1), text[100:101])


@read_write
@pytest.mark.parametrize(("at", "length"), [(0, 1), (255, 2), (256, 256), (1001, 3000), (SECTOR - 6, 20)])
def test_any_address_and_length(imp, judge, spiflash, at, length, module):
    """SF-WR-05: pages of 256 bytes and sectors make no difference to a write."""
    spiflash.blank(0, 1)
    text = patterned(length, at & 0xFF)
    judge.equal("write()", spiflash.imp.write(at, text, imp.SPIFLASH_POSTVERIFY), 0)
    around = spiflash.imp.read(0, 2 * SECTOR)
    judge.equal("content", around, (b"\xff" * at + text).ljust(2 * SECTOR, b"\xff"))


@present
def test_write_takes_a_string(judge, spiflash):
    """Vendor code passes strings as well as blobs (api/spiflash.yaml, write)."""
    spiflash.blank(0)
    judge.equal("write()", spiflash.imp.write(0, "a\x00string\xfe"), 0)
    judge.equal("read()", spiflash.imp.read(0, 9), b"a\x00string\xfe")


@present
@pytest.mark.parametrize(
    ("indices", "part"), [((), b"0123456789"), ((4,), b"456789"), ((2, 6), b"2345"), ((0, 10), b"0123456789")]
)
def test_start_and_end_index_choose_a_part(judge, spiflash, indices, part):
    """The end index is exclusive."""
    spiflash.blank(0)
    judge.equal("write()", spiflash.imp.write(16, b"0123456789", 0, *indices), 0)
    judge.equal("content", spiflash.imp.read(16, 12), part.ljust(12, b"\xff"))


@present
def test_readintoblob_begins_at_the_pointer(imp, judge, spiflash):
    """SF-RIB-01: the bytes at the blob's pointer are replaced, the others stay."""
    spiflash.blank(0)
    spiflash.imp.write(0, b"ABCDEFGH")
    target = imp.keep(b"0123456789abcdef")
    target.seek(4)
    spiflash.imp.readintoblob(0, target, 8)
    judge.equal("blob", target.value(), b"0123ABCDEFGHcdef")
    judge.equal("pointer", target.tell(), 12)
    target.forget()


@present
def test_last_byte_is_usable(judge, spiflash):
    """size() bytes are the program's, to the last; what happens beyond is not documented (SF-ADR-07)."""
    spiflash.imp.enable()
    size = spiflash.imp.size()
    spiflash.imp.erasesector(size - SECTOR)
    judge.equal("write()", spiflash.imp.write(size - 4, b"last"), 0)
    judge.equal("read()", spiflash.imp.read(size - 4, 4), b"last")
    last = spiflash.seen_by_bench(lambda chip: chip.read(chip.size - 4, 4))
    judge.equal("end of the chip, by the bench", last, b"last")
