import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.errors import BusTimeoutError, NotEquippedError, UserError, WiringError
from benchctl.flash.nor import FlashChip
from benchctl.flash.spans import FlashMismatchError
from benchctl.twin.clock import VirtualClock
from benchctl.twin.parts.nor.chip import Chip
from tests.flash.soldered import WireSpi, soldered


@pytest.mark.parametrize("part", ["W25Q32JV", "W25Q256JV", "W25X40CL", "MX25L12835F"])
def test_identify(part: str) -> None:
    chip = soldered(part).chip
    assert chip.size == Chip.named(part).size
    assert str(chip.identity) == Chip.named(part).jedec_id.hex().upper()
    assert chip.parameters.source == ("parts.yaml" if part == "W25X40CL" else "SFDP 1.5")
    assert chip.protection().none


def test_nobody_answers() -> None:
    spi = WireSpi("", 0)
    with pytest.raises(WiringError, match="no flash answers: its ID reads ff ff ff"):
        FlashChip.identify(spi, VirtualClock(spi.world), 1e6)


def test_a_part_that_nobody_described() -> None:
    spi = WireSpi("W25X40CL", 0)
    assert spi.flash is not None
    object.__setattr__(spi.flash.chip, "jedec_id", b"\xef\x30\x14")
    try:
        with pytest.raises(NotEquippedError, match="description of the Winbond flash EF3014"):
            FlashChip.identify(spi, VirtualClock(spi.world), 1e6)
    finally:
        object.__setattr__(spi.flash.chip, "jedec_id", b"\xef\x30\x13")


def test_it_is_found_asleep_in_4_byte_mode_and_erasing() -> None:
    setup = soldered("W25Q256JV")
    spi = setup.spi
    for command in (b"\xb7", b"\x06", b"\xd8\0\0\0\0"):
        spi.exchange(command)
    assert spi.flash is not None
    assert spi.flash.busy
    chip = FlashChip.identify(spi, setup.clock, 10e6)
    assert not spi.flash.busy
    assert chip.size == 32 << 20
    spi.exchange(b"\xb9")
    assert FlashChip.identify(spi, setup.clock, 10e6).size == 32 << 20


@pytest.mark.parametrize("part", ["W25X40CL", "W25Q256JV"])
def test_read(part: str) -> None:
    setup = soldered(part)
    content = setup.fill()
    assert setup.chip.read(0, 10) == content[:10]
    assert setup.chip.read(0x12345, 200_000) == content[0x12345:][:200_000]
    assert setup.chip.read(setup.chip.size - 5, 5) == content[-5:]
    assert setup.chip.read(7, 0) == b""
    with pytest.raises(UserError, match="not within the flash"):
        setup.chip.read(setup.chip.size - 5, 6)


def test_read_fills_the_largest_transfers() -> None:
    setup = soldered()
    setup.spi.sent.clear()
    setup.chip.read(0, 0x20000)
    assert [sent[0] for sent in setup.spi.sent] == [0x0B] * 3  # 64 KiB hold less than 64 KiB of data


def test_read_all_tells_how_far_it_is() -> None:
    setup = soldered()
    content = setup.fill()
    steps: list[int] = []
    assert setup.chip.read_all(0, setup.chip.size, steps.append) == content
    assert sum(steps) == setup.chip.size
    assert len(steps) > 1


@pytest.mark.parametrize("part", ["W25X40CL", "W25Q256JV"])
def test_erase(part: str) -> None:
    setup = soldered(part)
    before = np.frombuffer(setup.fill(), np.uint8)
    start, end = setup.chip.size - 0x13000, setup.chip.size - 0x1000
    setup.chip.erase(start, end)
    assert (setup.cells[start:end] == 0xFF).all()
    assert (setup.cells[:start] == before[:start]).all()
    assert (setup.cells[end:] == before[end:]).all()


def test_erase_all() -> None:
    setup = soldered()
    setup.fill()
    done: list[int] = []
    setup.chip.erase(0, setup.chip.size, done.append)
    assert (setup.cells == 0xFF).all()
    assert done == [setup.chip.size]


@pytest.mark.parametrize("part", ["W25X40CL", "W25Q256JV"])
def test_write_keeps_the_rest_of_its_sectors(part: str) -> None:
    setup = soldered(part)
    before = setup.fill()
    data = np.random.default_rng(1).integers(0, 256, 0x6321, np.uint8).tobytes()
    address = setup.chip.size - 0x9ABC
    changed = setup.chip.write(address, data)
    after = setup.cells.tobytes()
    assert after == before[:address] + data + before[address + len(data) :]
    assert changed == sum(a != b for a, b in zip(before, after, strict=True))


def test_write_erases_only_where_bits_rise() -> None:
    setup = soldered()
    setup.cells[:0x2000] = 0xF0
    setup.spi.sent.clear()
    assert setup.chip.write(0, b"\x70" * 0x1000 + b"\xf0" * 0x1000) == 0x1000
    opcodes = {sent[0] for sent in setup.spi.sent}
    assert 0x20 not in opcodes
    assert 0x02 in opcodes
    setup.spi.sent.clear()
    assert setup.chip.write(0, b"\x70" * 0x1000) == 0
    assert {sent[0] for sent in setup.spi.sent} == {0x05, 0x0B}  # nothing but the status and reading


def test_a_slow_chip_is_waited_for() -> None:
    """The batch of pages goes out before the chip is ready: what it did not hear is sent again."""
    setup = soldered(hz=50e6, seed=5)
    assert setup.spi.flash is not None
    setup.spi.flash._timer._slowness = 1.0
    data = np.random.default_rng(2).integers(0, 256, 0x3000, np.uint8).tobytes()
    setup.chip.write(0, data)
    assert setup.cells[:0x3000].tobytes() == data


def test_a_chip_that_never_finishes() -> None:
    setup = soldered()
    assert setup.spi.flash is not None
    setup.spi.flash._timer._slowness = 100.0
    with pytest.raises(BusTimeoutError, match=r"still busy with erasing 4 KiB at 0x1000 after 0\.4 s"):
        setup.chip.erase(0x1000, 0x2000)


def test_protected_regions_are_respected() -> None:
    setup = soldered()
    content = setup.fill()
    setup.spi.exchange(b"\x06")
    setup.spi.exchange(b"\x01\x04")  # BP0: the upper 64 KiB
    setup.clock.sleep(0.1)
    for change in (
        lambda: setup.chip.erase(0x70000, 0x71000),
        lambda: setup.chip.write(0x6FFFF, b"ab"),
        lambda: setup.chip.erase(0, 0x80000),
    ):
        with pytest.raises(UserError, match=r"protects 0x70000 to 0x80000 \(status 04\)"):
            change()
    assert setup.cells.tobytes() == content
    setup.chip.erase(0x6F000, 0x70000)
    assert (setup.cells[0x6F000:0x70000] == 0xFF).all()


def test_verify_names_what_differs() -> None:
    setup = soldered()
    content = bytearray(setup.fill(count=0x50000))
    assert setup.chip.verify(0, bytes(content)) == []
    content[0x100] ^= 1
    content[0x45678] ^= 0xFF
    content[0x45679] ^= 0xFF
    assert setup.chip.verify(0, bytes(content)) == [(0x100, 0x101), (0x45678, 0x4567A)]


def test_cells_that_do_not_erase_or_program() -> None:
    setup = soldered()
    setup.spi.corrupt = lambda _number, data: data[:3] + bytes([data[3] & 0xFE]) + data[4:]
    with pytest.raises(FlashMismatchError, match="not erased at 0x002003 ") as caught:
        setup.chip.erase(0x2000, 0x3000)
    assert caught.value.exit_code == 1
    setup.spi.corrupt = lambda _number, data: data[:3] + bytes([data[3] | 0x01]) + data[4:]
    with pytest.raises(FlashMismatchError, match="does not hold what was written at 0x002003"):
        setup.chip.write(0x2000, b"\xf0" * 0x100)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 0x7FFF), st.binary(min_size=1, max_size=600)), max_size=5))
def test_any_writes_one_after_another(writes: list[tuple[int, bytes]]) -> None:
    setup = soldered(hz=50e6)
    model = bytearray(setup.fill()[:0x9000])
    for address, data in writes:
        setup.chip.write(address, data)
        model[address : address + len(data)] = data
    assert setup.cells[:0x9000].tobytes() == model


def test_clock_rates() -> None:
    setup = soldered(hz=20e6)
    assert setup.chip.hz == 20e6
    assert setup.chip.set_clock(5e6) == 5e6
    assert setup.spi.rates[-1] == 5e6
