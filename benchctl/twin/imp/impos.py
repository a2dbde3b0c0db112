"""What each impOS release still gets wrong.

Facts: the release notes (releases.yaml) and the notes in the API fact files. What a release *has* is asked
with `ImposVersion.since`, for methods through `api` in `api/base.py`.
"""

from functools import cache

from benchctl.impos.version import ImposVersion

# Fault id: releases that have the defect, as (first with it, first without it). Only defects that show every
# time belong here; a release note's rare crash does not make an old release crash on the twin.
_DEFECTS: dict[str, tuple[ImposVersion, ImposVersion]] = {
    fault: (ImposVersion(*first), ImposVersion(*fixed))
    for fault, first, fixed in (
        ("spi-read-clocks-garbage", (0, 0), (30, 0)),  # SPI-RB-01
        ("uart-flush-short-when-slow", (0, 0), (30, 0)),  # UART-FLUSH-02
        ("buses-stay-configured", (0, 0), (30, 0)),  # SPI-DIS-02, I2C-DIS-02
        ("pin-n-driven-at-start", (34, 0), (34, 8)),
        ("spiflash-unpaired-disable", (30, 0), (34, 8)),
        ("pin-q-misses-edges", (30, 0), (34, 0)),
        ("uart-reads-before-configure", (34, 0), (42, 1)),
        ("long-timer-wraps", (41, 34), (42, 5)),
        ("timer-keeps-closure", (30, 0), (42, 6)),
        ("spi-named-abcd", (34, 0), (34, 1)),  # choice: renamed "within the 34 line", minor not stated
        ("format-floats-unpadded", (30, 0), (34, 6)),
        ("format-nonfinite-zero", (30, 0), (34, 10)),
    )
}


@cache
def defects(version: ImposVersion) -> frozenset[str]:
    """Ids of the faults that this version ships with."""
    return frozenset(fault for fault, (first, fixed) in _DEFECTS.items() if first <= version < fixed)
