"""Which part of a NOR flash its status registers protect from programming and erasing."""

from benchctl.twin.parts.nor.chip import Chip

SEC_UNIT = 4096
SEC_LIMIT = 32768


def protected_span(chip: Chip, status: list[int]) -> tuple[int, int]:
    """The protected addresses as (first, one past the last); equal when nothing is.

    BP counts doublings of the chip's unit, or of 4 KiB up to 32 KiB with SEC; all ones protect everything.
    TB puts the region at the bottom; CMP protects everything but it. BP starts at bit 2 of the first status
    register on every chip; SEC is bit 6 of the first and CMP bit 6 of the second, where they exist.
    """
    rule = chip.protection
    bp = status[0] >> 2 & (1 << rule.bits) - 1
    register, bit = rule.top_bottom
    at_bottom = status[register] >> bit & 1
    if bp == 0:
        size = 0
    elif bp == (1 << rule.bits) - 1:
        size = chip.size
    elif rule.sec and status[0] >> 6 & 1:
        size = min(SEC_UNIT << (bp - 1), SEC_LIMIT)
    else:
        size = min(rule.unit << (bp - 1), chip.size)
    first, last = (0, size) if at_bottom else (chip.size - size, chip.size)
    if rule.cmp and status[1] >> 6 & 1:
        return (last, chip.size) if first == 0 else (0, first)
    return first, last
