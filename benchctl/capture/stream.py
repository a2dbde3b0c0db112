"""A capture read chunk by chunk, so that it may be longer than memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchctl.capture.waveform import Waveform, channel_bit, join

# Samples per chunk: large enough that numpy's cost per call does not show, small enough for the cache.
CHUNK = 1 << 20


@dataclass(frozen=True)
class Stream:
    """A capture whose waveform comes in chunks that follow each other.

    Attributes:
        names: the channels.
        open: begins reading from the start; gives at least one chunk.
    """

    names: tuple[str, ...]
    open: Callable[[], Iterator[Waveform]]

    def chunks(self) -> Iterator[Waveform]:
        """The waveform in chunks, from the start.

        Raises:
            UserError: the file is damaged; the chunks before the damage have been given.
        """
        return self.open()

    def read(self) -> Waveform:
        """The whole waveform at once."""
        return join(self.chunks())

    def check(self, *names: str | None) -> None:
        """Raise UserError, with the nearest name, for a name that is not a channel; None is no name."""
        for name in names:
            if name is not None:
                channel_bit(self.names, name)
