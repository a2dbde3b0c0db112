"""A capture read chunk by chunk, so that it may be longer than memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchctl.capture.waveform import Waveform, channel_bit, join

# Samples per chunk: large enough that numpy's cost per call does not show, small enough for the cache.
CHUNK = 1 << 19


@dataclass(frozen=True)
class Stream:
    """A capture whose waveform comes in chunks that follow each other.

    Attributes:
        names: the channels.
        open: begins reading from the start, all channels or those of some bits; gives at least one chunk.
    """

    names: tuple[str, ...]
    open: Callable[[int | None], Iterator[Waveform]]

    def chunks(self, *names: str | None) -> Iterator[Waveform]:
        """The waveform in chunks, from the start.

        Args:
            names: the channels that matter; the transitions of others may be left out. All without any;
                None is no name.

        Raises:
            UserError: no such channel (the nearest is suggested), or the file is damaged; the chunks before
                the damage have been given.
        """
        bits = [channel_bit(self.names, name) for name in names if name is not None]
        return self.open(sum(1 << bit for bit in set(bits)) if bits else None)

    def read(self) -> Waveform:
        """The whole waveform at once."""
        return join(self.chunks())
