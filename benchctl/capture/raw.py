"""Raw samples: one byte per sample, bit n is channel Dn. The file says nothing about itself."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchctl.capture.stream import CHUNK, Stream
from benchctl.capture.waveform import Waveform

NAMES = tuple(f"D{bit}" for bit in range(8))


def open_raw(path: Path, rate: Fraction) -> Stream:
    """The samples of `path`, taken at `rate` per second."""

    def chunks(only: int | None) -> Iterator[Waveform]:
        start, previous = 0, None
        with path.open("rb", buffering=0) as file:
            while len(samples := np.fromfile(file, dtype=np.uint8, count=CHUNK)) or not start:
                yield Waveform.from_samples(
                    samples, NAMES, rate, start=start, previous=previous, only=only, source=path.name
                )
                if not len(samples):
                    return
                start, previous = start + len(samples), int(samples[-1])

    return Stream(NAMES, chunks)
