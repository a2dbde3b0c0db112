import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.errors import UserError
from benchctl.flash.erasing import plan
from benchctl.flash.jedec import JedecId
from benchctl.flash.parameters import Parameters

CHIP = Parameters.of_part(JedecId(0xEF, 0x30, 0x13))
SECTORS = CHIP.size // CHIP.sector


@given(st.integers(0, SECTORS), st.integers(0, SECTORS))
def test_blocks_cover_the_region_and_nothing_else(a: int, b: int) -> None:
    start, end = min(a, b) * CHIP.sector, max(a, b) * CHIP.sector
    blocks = plan(start, end, CHIP)
    at = start
    for block in blocks:
        assert block.address == at
        assert block.address % block.erase.size == 0
        at = block.end
        larger = [e for e in CHIP.erases if e.size > block.erase.size]
        assert not any(block.address % e.size == 0 and block.address + e.size <= end for e in larger)
    assert at == end


def test_the_whole_chip_is_one_block() -> None:
    (block,) = plan(0, CHIP.size, CHIP)
    assert block.erase.whole_chip


def test_mixed_sizes() -> None:
    blocks = plan(0x7000, 0x21000, CHIP)
    assert [(b.address, b.erase.size) for b in blocks] == [
        (0x7000, 0x1000), (0x8000, 0x8000), (0x10000, 0x10000), (0x20000, 0x1000),
    ]  # fmt: skip


def test_half_a_sector_is_refused() -> None:
    with pytest.raises(UserError, match="does not begin and end on a sector boundary"):
        plan(0x800, 0x2000, CHIP)
