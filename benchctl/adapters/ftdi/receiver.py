"""Receiving on an FTDI UART: chunks with stamps, and nothing lost while nobody reads.

The chip buffers 1 to 4 KiB. Whoever waits for data reads the endpoint itself, so that the stamp is taken by
the code that was blocked in the transfer; in between, a task empties the chip often enough.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from benchctl.adapters.ftdi.channel import FtdiChannel
from benchctl.adapters.ftdi.packets import line_errors
from benchctl.buses.uart import Received
from benchctl.errors import BenchError, BusTimeoutError

_READ_PACKETS = 16
_LONGEST_REST_S = 0.016
_SHORTEST_REST_S = 0.001
_PATIENCE_NS = 1_000_000_000
_HANDOVER_S = 0.0002
_STOP_S = 2.0


class Receiver:
    """Reads one channel in UART mode until stopped.

    Attributes:
        gap_ns: time between two looks at the chip, before the chunk taken last: what its stamp may be late.
        rest_s: how long the chip may be left alone without losing data.
    """

    def __init__(self, channel: FtdiChannel) -> None:
        self._channel = channel
        self._clock = channel.clock
        self._queue: deque[tuple[Received, int]] = deque()
        self._last_look_ns = self._clock.now_ns()
        self._size = _READ_PACKETS * channel.packet_size
        self.gap_ns = 0
        self.rest_s = _LONGEST_REST_S
        self._wanted = 0
        self._resting = True
        self._stopped = False
        self._task = self._clock.spawn(self._keep_empty, f"{channel.who} receiver")

    def set_frame_time(self, frame_ns: float) -> None:
        """Tell how fast data can come, so that the chip is emptied at a quarter of its buffer."""
        quarter_s = self._channel.fifo[1] / 4 * frame_ns / 1e9
        before, self.rest_s = self.rest_s, min(_LONGEST_REST_S, max(_SHORTEST_REST_S, quarter_s))
        if self.rest_s < before:
            self._clock.sleep(before)  # the rest being taken may still be a long one

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within it the caller alone talks to the channel's input.

        Raises:
            BenchError: what made the receiving task end, such as the adapter's being unplugged.
        """
        self._wanted += 1
        try:
            while not (self._resting or self._task.done):
                self._clock.sleep(_HANDOVER_S)
            if self._task.done and not self._stopped:
                self._task.join()
            yield
        finally:
            self._wanted -= 1

    def take(self, timeout_s: float) -> Received | None:
        """The next chunk, or None when nothing came in `timeout_s` s."""
        deadline = self._clock.deadline_ns(timeout_s)
        if not self._queue:
            with self.held():
                self._wait(deadline)
        if not self._queue:
            return None
        chunk, self.gap_ns = self._queue.popleft()
        return chunk

    def discard(self) -> None:
        """Forget what was received, also what the chip still holds."""
        with self.held():
            while self._look():
                pass
        self._queue.clear()

    def stop(self) -> None:
        """End receiving; harmless when already stopped."""
        if self._stopped:
            return
        self._stopped = True
        try:
            self._task.join(_STOP_S)
        except BusTimeoutError:
            raise
        except BenchError:
            pass  # it was raised where it mattered, or the channel's own close meets it again

    def _wait(self, deadline_ns: int) -> None:
        patient_ns = self._clock.now_ns() + _PATIENCE_NS
        # The receiving task may have brought something while this one waited for it to rest.
        while not self._queue and not self._look() and (now := self._clock.now_ns()) < deadline_ns:
            if now > patient_ns:  # a long wait need not look every millisecond; the stamps then say so
                self._clock.sleep(min(self.rest_s, (deadline_ns - now) / 1e9))

    def _look(self) -> bool:
        """Read once; True when data came."""
        gap_ns = self._clock.now_ns() - self._last_look_ns
        raw = self._channel.read_data(self._size)
        now = self._last_look_ns = self._clock.now_ns()
        if not raw.data:
            return False
        self._queue.append((Received(now, raw.data, line_errors(raw.status)), gap_ns))
        return True

    def _keep_empty(self) -> None:
        while not self._stopped:
            self._clock.sleep(self.rest_s)
            # Order matters: not resting is said before looking whether somebody wants the channel, and
            # somebody says so before looking whether this is resting. So never both read.
            self._resting = False
            if not self._wanted and not self._stopped:
                while self._look() and not self._wanted:
                    pass
            self._resting = True
