"""What hardware.spiflash says of the chip, against what the chip tells the bench."""

import pytest

KB = 1024
RESERVED, LEAST_USER = 448 * KB, 64 * KB
LEAST_CHIP, MOST_CHIP = 512 * KB, 16 * 1024 * KB
INFO = {
    "size": int,
    "max_write_size": int,
    "fast_read_freq": int,
    "normal_read_freq": int,
    "supports_fast_read": bool,
    "supports_quad_read": bool,
    "fast_dummy_cycles": int,
}

pytestmark = pytest.mark.modules("imp003", "imp005")


@pytest.mark.claim("r30-imp003-flash-448k-reserved", "r30-imp003-flash-is-external")
def test_448_kb_are_reserved(judge, spiflash):
    """SF-ADR-02. The capacity is what the fitted part's SFDP or data sheet says."""
    judge.equal("reserved", spiflash.user_start(), RESERVED)


@pytest.mark.claim("r30-imp003-flash-size-range", "r30-imp003-flash-is-external")
def test_chip_is_of_a_supported_size(judge, spiflash):
    """size() plus the reserve is the fitted part's capacity, from 512 KB to 16 MB."""
    spiflash.imp.enable()
    size = spiflash.imp.size() + RESERVED
    judge.equal("size() and the reserve", size, spiflash.capacity)
    judge.equal("from 512 KB to 16 MB", LEAST_CHIP <= size <= MOST_CHIP, True)


@pytest.mark.claim("r30-imp003-flash-min-64k-user")
def test_at_least_64_kb_are_the_users(judge, spiflash):
    spiflash.imp.enable()
    judge.equal("64 KB or more", spiflash.imp.size() >= LEAST_USER, True)


@pytest.mark.modules("imp005")
def test_some_of_the_chip_is_the_users(judge, spiflash):
    """SF-ADR-05: how much an imp005 reserves is not documented; SF-ADR-01: some, and not all."""
    reserved = spiflash.user_start()
    judge.equal("within the chip", 0 < reserved < spiflash.capacity, True)
    judge.observe("reserved", reserved, "B")


def test_chipid_is_the_jedec_id(judge, spiflash):
    """SF-ID-01: the three bytes that the chip answers to 9Fh, as the bench reads them."""
    identity = spiflash.seen_by_bench(lambda chip: chip.identity)
    spiflash.imp.enable()
    judge.equal("chipid()", f"{spiflash.imp.chipid():06X}", str(identity))


@pytest.mark.claim("r34-spiflash-timing-info-method")
def test_info_has_the_timing_data(judge, spiflash):
    """Keys and types of info(). Its values come from a page written at manufacture: recorded."""
    spiflash.imp.enable()
    judge.equal("info() exists", "info" in spiflash.imp, True)
    info = spiflash.imp.info()
    judge.equal("keys", set(info), set(INFO))
    types = {key: type(value) for key, value in info.items()}
    judge.equal(
        "types", {key: kind.__name__ for key, kind in types.items()}, {k: t.__name__ for k, t in INFO.items()}
    )
    judge.equal("a fast read is not slower", info["fast_read_freq"] >= info["normal_read_freq"], True)
    judge.observe("info()", dict(sorted(info.items())))
