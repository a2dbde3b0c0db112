import pytest

from benchctl.flash.jedec import JedecId
from benchctl.flash.protection import Rule
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.nor.protection import protected_span

PARTS = ("W25Q32JV", "W25Q64JV", "W25Q128JV", "W25Q256JV", "W25X40CL", "MX25L12835F")


def rule(part: str) -> Rule:
    chip = Chip.named(part)
    return Rule.of(JedecId(*chip.jedec_id), chip.size)


@pytest.mark.parametrize("part", PARTS)
def test_every_combination_of_bits_as_the_chip_has_it(part: str) -> None:
    chip, found = Chip.named(part), rule(part)
    for first in range(0, 0x80, 4):
        for second in (0x00, 0x08, 0x40, 0x48) if len(found.registers) > 1 else (0,):
            start, end = protected_span(chip, [first, second, 0])
            protection = found.decode([first, second, 0][: len(found.registers)])
            assert protection.known
            assert protection.none if start == end else (protection.first, protection.last) == (start, end)


def test_the_data_sheet_of_the_w25q128jv() -> None:
    found = rule("W25Q128JV")
    assert found.decode([0x04, 0x00, 0x00]).first == 0xFC0000
    assert found.decode([0x24, 0x00, 0x00]).last == 0x040000
    assert (found.decode([0x64, 0x40, 0x00]).first, found.decode([0x64, 0x40, 0x00]).last) == (
        0x1000,
        0x1000000,
    )
    assert found.decode([0x1C, 0x00, 0x00]).covers(0, 1)


def test_locks() -> None:
    found = rule("W25Q128JV")
    assert found.decode([0x80, 0x00, 0x00]).locked
    assert found.decode([0x00, 0x01, 0x00]).locked
    assert not found.decode([0x00, 0x00, 0x00]).locked
    individual = found.decode([0x00, 0x00, 0x04])
    assert individual.individual
    assert individual.covers(0x123, 0x124)


def test_unknown_chip_counts_any_bit_as_all() -> None:
    found = Rule.of(JedecId(0x01, 0x02, 0x03), 0x1000)
    assert not found.decode([0x04]).known
    assert found.decode([0x04]).covers(0, 1)
    assert found.decode([0x82]).none


def test_covers() -> None:
    protection = rule("W25Q128JV").decode([0x04, 0x00, 0x00])
    assert not protection.covers(0, 0xFC0000)
    assert protection.covers(0, 0xFC0001)
    assert not rule("W25Q128JV").decode([0, 0, 0]).covers(0, 0x1000000)
