"""Reading a flash into a file so that one can rely on it.

Every piece is read several times, at several clock rates when asked, and compared before it is written. The
file grows as NAME.partial; what is in it is told by NAME.journal, so that a dump which an unplugged adapter
cut off goes on where it stopped.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchctl.buses.clock import Clock
from benchctl.errors import UserError, WiringError
from benchctl.flash.nor import FlashChip
from benchctl.flash.spans import Span, name_spans, octets, true_spans

_PIECE_S = 0.25  # of bus time between two reports of progress
_PIECE_MIN, _PIECE_MAX = 0x1000, 0x100000
_CHECKED = 0x1000  # read again before going on with an earlier dump


class DumpDisagreementError(WiringError):
    """Reads of the same addresses gave different data. `spans` are those addresses, as [first, last)."""

    def __init__(self, spans: Sequence[Span], reads: int) -> None:
        self.spans = tuple(spans)
        how = "two reads differ" if reads == 2 else f"no majority of {reads} reads agrees"
        super().__init__(
            f"{how} at {name_spans(spans)}",
            "lower the clock rate, shorten the wires, or take a majority of more reads",
        )


@dataclass(frozen=True)
class Region:
    """What to read, and how often.

    Attributes:
        start, count: addresses, bytes.
        reads: how many times; from 3 on the majority counts.
        rates: SCLK in Hz of the reads in turn, so that with two rates every other read uses the second.
    """

    start: int
    count: int
    reads: int
    rates: tuple[float, ...]


@dataclass(frozen=True)
class DumpProgress:
    """Where a dump is: bytes of the region done, all of them, bytes a second so far, seconds left."""

    done: int
    count: int
    rate: float
    left_s: float


@dataclass(frozen=True)
class DumpResult:
    """How a dump went.

    Attributes:
        resumed_at: bytes that an earlier dump had already brought.
        outvoted: spans in which a minority of the reads disagreed.
        bench_s: bench time it took.
        rate: bytes of the file a second, over what this dump brought.
        wire: that rate as a part of what the bus could carry, all reads counted.
    """

    count: int
    resumed_at: int
    outvoted: tuple[Span, ...]
    bench_s: float
    rate: float
    wire: float


def dump(
    chip: FlashChip,
    clock: Clock,
    region: Region,
    file: Path,
    progress: Callable[[DumpProgress], None] | None = None,
) -> DumpResult:
    """Read a region of a chip into a file, going on with an earlier dump of it that was cut off.

    Raises:
        DumpDisagreementError: the reads do not agree; nothing of that piece is in the file.
        AdapterGoneError: the adapter was unplugged; call again to go on.
        UserError: the earlier dump is of another content, or the region is not within the chip.
    """
    journal = Journal(file, chip, region)
    resumed_at = journal.done
    if resumed_at:
        _check_same(chip, region, journal)
    hz = [chip.set_clock(rate) for rate in region.rates]
    rates = [hz[n % len(hz)] for n in range(region.reads)]
    wire_s_per_byte = sum(8 / rate for rate in rates)
    piece = _piece(wire_s_per_byte)
    outvoted: list[Span] = []
    start_ns = clock.now_ns()
    with journal.partial.open("r+b") as out:
        out.seek(resumed_at)
        for at in range(resumed_at, region.count, piece):
            count = min(piece, region.count - at)
            data, minority = _agreed(_reads(chip, region.start + at, count, rates), region.start + at)
            outvoted += minority
            out.write(data)
            out.flush()
            journal.advance(at + count)
            if progress:
                done, elapsed = at + count, (clock.now_ns() - start_ns) / 1e9
                rate = (done - resumed_at) / elapsed
                progress(DumpProgress(done, region.count, rate, (region.count - done) / rate))
    bench_s = (clock.now_ns() - start_ns) / 1e9
    journal.finish()
    brought = region.count - resumed_at
    rate = brought / bench_s if brought else 0.0
    return DumpResult(
        region.count, resumed_at, tuple(outvoted), bench_s, rate, min(rate * wire_s_per_byte, 1.0)
    )


class Journal:
    """What a dump that is not finished has brought so far, beside its file."""

    def __init__(self, file: Path, chip: FlashChip, region: Region) -> None:
        self._file = file
        self.partial = file.with_name(f"{file.name}.partial")
        self._path = file.with_name(f"{file.name}.journal")
        self._about = json.loads(json.dumps({"flash": str(chip.identity), **asdict(region)}))
        self.done = self._earlier()
        if not self.done:
            try:
                self.partial.write_bytes(b"")
            except OSError as error:
                raise UserError(
                    f"cannot write {self.partial}: {error.strerror}", "name another file with -o"
                ) from error
        self.advance(self.done)

    def advance(self, done: int) -> None:
        """Note that the first `done` bytes are in the partial file; replaced whole, never half written."""
        self.done = done
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text(json.dumps({**self._about, "done": done}) + "\n", encoding="utf-8")
        fresh.replace(self._path)

    def finish(self) -> None:
        """Give the file its name; the journal has served."""
        self.partial.replace(self._file)
        self._path.unlink()

    def _earlier(self) -> int:
        """Bytes that an earlier dump of the same region brought; 0 when there is none."""
        try:
            noted = json.loads(self._path.read_text(encoding="utf-8"))
            there = self.partial.stat().st_size
        except (OSError, ValueError):
            return 0
        if not isinstance(noted, dict):
            return 0
        done = noted.pop("done", None)
        usable = isinstance(done, int) and 0 <= done <= there and noted == self._about
        return done if usable else 0


def _check_same(chip: FlashChip, region: Region, journal: Journal) -> None:
    """The end of what an earlier dump brought must still be what the flash holds."""
    count = min(_CHECKED, journal.done)
    with journal.partial.open("rb") as earlier:
        earlier.seek(journal.done - count)
        expected = earlier.read(count)
    if chip.read(region.start + journal.done - count, count) != expected:
        raise UserError(
            f"{journal.partial} is the beginning of a dump of another content",
            f"delete {journal.partial} to start again",
        )


def _piece(wire_s_per_byte: float) -> int:
    """Bytes read at once: long against a USB round trip, short against anybody's patience."""
    most = int(_PIECE_S / wire_s_per_byte)
    return min(max(1 << max(most.bit_length() - 1, 0), _PIECE_MIN), _PIECE_MAX)


def _reads(chip: FlashChip, address: int, count: int, rates: Sequence[float]) -> list[bytes]:
    reads = []
    for hz in rates:
        if hz != chip.hz:
            chip.set_clock(hz)
        reads.append(chip.read(address, count))
    return reads


def _agreed(reads: Sequence[bytes], base: int) -> tuple[bytes, list[Span]]:
    """What more than half of the reads say of each byte, and where any of them said otherwise."""
    first = reads[0]
    if all(read == first for read in reads[1:]):
        return first, []
    votes = np.stack([octets(read) for read in reads])
    winner = _bit_majority(votes)
    winning = (votes == winner).sum(axis=0)
    undecided = true_spans(winning * 2 <= len(reads), base)
    if undecided:
        raise DumpDisagreementError(undecided, len(reads))
    return winner.tobytes(), true_spans(winning < len(reads), base)


def _bit_majority(votes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each bit's majority over the rows: a byte that most rows agree on is made of just those bits."""
    bits = np.unpackbits(votes, axis=1)
    return np.packbits(bits.sum(axis=0, dtype=np.int64) * 2 > len(votes))
