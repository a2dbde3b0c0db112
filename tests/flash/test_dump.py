import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.errors import AdapterGoneError, UserError
from benchctl.flash.dump import DumpDisagreementError, DumpProgress, Region, _agreed, dump
from tests.flash.soldered import soldered


def test_reads_twice_and_writes_what_both_say(tmp_path: Path) -> None:
    setup, file = soldered(), tmp_path / "flash.bin"
    content = setup.fill()
    setup.spi.sent.clear()
    result = dump(setup.chip, setup.clock, Region(0x1000, 0x7000, 2, (20e6,)), file)
    assert file.read_bytes() == content[0x1000:0x8000]
    assert sum(sent[0] == 0x0B for sent in setup.spi.sent) == 2
    assert (result.count, result.resumed_at, result.outvoted) == (0x7000, 0, ())
    assert 0.95 < result.wire <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["flash.bin"]


def test_two_rates_take_turns(tmp_path: Path) -> None:
    setup = soldered()
    setup.fill()
    setup.spi.rates.clear()
    result = dump(setup.chip, setup.clock, Region(0, 0x100000 // 8, 3, (20e6, 5e6)), tmp_path / "f")
    assert set(setup.spi.rates) == {20e6, 5e6}
    assert 0.95 < result.wire <= 1


def test_a_disagreement_names_the_addresses(tmp_path: Path) -> None:
    setup, file = soldered(), tmp_path / "flash.bin"
    setup.fill()

    def corrupt(number: int, data: bytes) -> bytes:
        return data[:0x123] + bytes([data[0x123] ^ 1]) + data[0x124:] if number == 2 else data

    setup.spi.corrupt = corrupt
    with pytest.raises(DumpDisagreementError, match=r"two reads differ at 0x000323 \(1 byte\)") as caught:
        dump(setup.chip, setup.clock, Region(0x200, 0x1000, 2, (20e6,)), file)
    assert caught.value.spans == ((0x323, 0x324),)
    assert not file.exists()


def test_the_majority_of_three_wins(tmp_path: Path) -> None:
    setup, file = soldered(), tmp_path / "flash.bin"
    content = setup.fill()
    setup.spi.corrupt = lambda number, data: bytes([data[0] ^ 0x55]) + data[1:] if number == 2 else data
    result = dump(setup.chip, setup.clock, Region(0, 0x1000, 3, (20e6,)), file)
    assert file.read_bytes() == content[:0x1000]
    assert result.outvoted == ((0, 1),)


def test_no_majority(tmp_path: Path) -> None:
    setup = soldered()
    setup.spi.corrupt = lambda number, data: bytes([number]) + data[1:]
    with pytest.raises(DumpDisagreementError, match="no majority of 3 reads agrees at 0x000000"):
        dump(setup.chip, setup.clock, Region(0, 0x1000, 3, (20e6,)), tmp_path / "f")


@given(
    st.integers(1, 40).flatmap(lambda n: st.lists(st.binary(min_size=n, max_size=n), min_size=1, max_size=7))
)
def test_majority_as_counted_byte_by_byte(reads: list[bytes]) -> None:
    columns = list(zip(*reads, strict=True))
    winners = [max(set(column), key=column.count) for column in columns]
    undecided = [n for n, w in enumerate(winners) if columns[n].count(w) * 2 <= len(reads)]
    if undecided:
        with pytest.raises(DumpDisagreementError) as caught:
            _agreed(reads, 0)
        assert [n for first, last in caught.value.spans for n in range(first, last)] == undecided
        return
    data, outvoted = _agreed(reads, 0)
    assert data == bytes(winners)
    minority = [n for n, column in enumerate(columns) if len(set(column)) > 1]
    assert [n for first, last in outvoted for n in range(first, last)] == minority


class Unplugged:
    """Lets so many reads pass, then the adapter is gone."""

    def __init__(self, reads: int) -> None:
        self.left = reads

    def __call__(self, _number: int, data: bytes) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise AdapterGoneError("quad A has gone")
        return data


def test_it_goes_on_where_it_was_unplugged(tmp_path: Path) -> None:
    setup, file = soldered(hz=2e6), tmp_path / "flash.bin"
    content = setup.fill()
    setup.spi.max_transfer = 1 << 20  # type: ignore[misc]
    region = Region(0, len(content), 2, (2e6,))
    setup.spi.corrupt = Unplugged(8)
    with pytest.raises(AdapterGoneError):
        dump(setup.chip, setup.clock, region, file)
    assert not file.exists()
    done = json.loads((tmp_path / "flash.bin.journal").read_text())["done"]
    assert 0 < done < len(content)
    setup.spi.corrupt = lambda _number, data: data
    states: list[DumpProgress] = []
    result = dump(setup.chip, setup.clock, region, file, states.append)
    assert result.resumed_at == done
    assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["flash.bin"]
    assert [state.done for state in states] == sorted(state.done for state in states)
    assert states[0].left_s > states[-1].left_s == 0


def test_it_does_not_go_on_with_another_content(tmp_path: Path) -> None:
    setup, file = soldered(hz=2e6), tmp_path / "flash.bin"
    setup.fill()
    region = Region(0, 0x40000, 2, (2e6,))
    setup.spi.corrupt = Unplugged(8)
    with pytest.raises(AdapterGoneError):
        dump(setup.chip, setup.clock, region, file)
    setup.spi.corrupt = lambda _number, data: data
    content = setup.fill(seed=9)
    with pytest.raises(UserError, match="beginning of a dump of another content"):
        dump(setup.chip, setup.clock, region, file)
    other = Region(0, 0x8000, 2, (2e6,))
    assert dump(setup.chip, setup.clock, other, file).resumed_at == 0
    assert file.read_bytes() == content[:0x8000]


@pytest.mark.parametrize("journal", ["", "{", "[]", '{"done": 5}', '{"done": "x"}'])
def test_a_damaged_journal_starts_again(tmp_path: Path, journal: str) -> None:
    setup, file = soldered(), tmp_path / "flash.bin"
    content = setup.fill()
    (tmp_path / "flash.bin.journal").write_text(journal)
    (tmp_path / "flash.bin.partial").write_bytes(b"something")
    assert dump(setup.chip, setup.clock, Region(0, 0x1000, 1, (20e6,)), file).resumed_at == 0
    assert file.read_bytes() == content[:0x1000]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    setup = soldered()
    with pytest.raises(UserError, match="cannot write"):
        dump(setup.chip, setup.clock, Region(0, 0x1000, 1, (20e6,)), tmp_path / "none" / "flash.bin")
