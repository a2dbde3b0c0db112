"""Logic capture with an FTDI channel: asynchronous bit-bang samples its eight pins at the bit-bang clock."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi import packets, rates
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.buses.clock import Task
from benchctl.buses.logic import LogicCapture
from benchctl.capture.waveform import Waveform, join
from benchctl.errors import AdapterError, AdapterOverrunError, UserError

_DEFAULT_HZ = 1_000_000
_LATENCY_MS = 2
_READ_S = 0.02
_LARGEST_READ = 1 << 18
_SILENCE_S = 1.0
_POLL_S = 0.0005
# What the host cannot know about when its requests took effect, and what a crystal can be off at most.
_SLACK_S, _SLACK_PART = 0.005, 0.0005
_BITS = 8


class FtdiCapture(LogicCapture):
    """`LogicCapture` of up to eight nets on D0 to D7 of one channel.

    Sample and edge times are exact to one sample; the rate is as exact as the chip's crystal. The start in
    bench time is known to a few ms only (`origin_ns`).

    Args:
        chip: the open chip.
        channel: its letter.
        nets: net name to the bit of its pin.
    """

    def __init__(self, chip: FtdiChip, channel: str, nets: Mapping[str, int]) -> None:
        if not nets or any(not 0 <= bit < _BITS for bit in nets.values()):
            raise UserError("a capture needs one net or more, on D0 to D7", "look at the rig's nets")
        self._bits = dict(nets)
        self._channel = chip.channel(channel)
        self._clock = self._channel.clock
        self._rate = Fraction(0)
        self._task: Task[list[Waveform]] | None = None
        self._count = 0
        self._stop_at: int | None = None
        try:
            self._channel.set_latency(_LATENCY_MS)
            self.configure(_DEFAULT_HZ)
        except BaseException:
            self._channel.close()
            raise

    @property
    def nets(self) -> tuple[str, ...]:
        """The nets wired to this channel."""
        return tuple(self._bits)

    def configure(self, sample_hz: float) -> float:
        """Set the sample rate; returns the nearest the chip can, which it uses."""
        if self._task is not None:
            raise UserError("a capture is running", "stop it first")
        self._rate = self._channel.bitbang(sample_hz)
        return float(self._rate)

    def start(self) -> None:
        """Begin recording; returns once the first samples are here."""
        if self._task is not None:
            raise UserError("a capture is running", "stop it first")
        self._count, self._stop_at = 0, None
        self._task = self._clock.spawn(self._record, f"{self._channel.who} capture")
        while not (self._count or self._task.done):
            self._clock.sleep(_POLL_S)
        if self._task.done:
            self._finish()

    def stop(self) -> Waveform:
        """End recording with a sample taken no earlier than now.

        Raises:
            AdapterOverrunError: samples were lost.
            AdapterError: the chip stopped sampling, or its clock is not what it should be.
        """
        if self._task is None:
            raise UserError("no capture is running", "start one first")
        self._stop_at = self._clock.now_ns()
        return join(self._finish())

    def close(self) -> None:
        """End a running capture and release the channel; harmless when already closed."""
        if self._channel.is_open:
            self._stop_at = self._clock.now_ns()
            close_all([*([self._abandon] if self._task else []), self._channel.close])

    def _abandon(self) -> None:
        self._finish()

    def _finish(self) -> list[Waveform]:
        task, self._task = self._task, None
        assert task is not None
        return task.join()

    def _record(self) -> list[Waveform]:
        """Read until every sample up to `_stop_at` is here; one waveform a transfer."""
        channel, clock, rate = self._channel, self._clock, self._rate
        size = packets.transfer_size(int(rate * Fraction(_READ_S)), channel.packet_size)
        size = min(size, _LARGEST_READ)
        channel.discard()
        start_ns = heard_ns = clock.now_ns()
        chunks: list[Waveform] = []
        previous: int | None = None
        while self._stop_at is None or self._count < (self._stop_at - start_ns) * rate / 1_000_000_000:
            payload = channel.read_data(size)
            if payload.status & packets.OVERRUN:
                raise self._lost(f"the chip said so after {self._count} samples")
            now = clock.now_ns()
            if payload.data:
                chunks.append(self._waveform(payload.data, previous, start_ns))
                previous = int(self._packed(payload.data[-1:])[0])
                self._count += len(payload.data)
                heard_ns = now
                self._check_pace(now - start_ns, buffered=channel.fifo[1] + size)
            elif now - heard_ns > _SILENCE_S * 1e9:
                raise AdapterError(
                    f"{channel.who} sends no samples", "unplug the adapter and plug it in again"
                )
        return chunks

    def _check_pace(self, elapsed_ns: int, buffered: int) -> None:
        """The number of samples must be what the clock makes in the time that passed."""
        due = float(elapsed_ns * self._rate / 1_000_000_000)
        slack = due * _SLACK_PART + float(self._rate) * _SLACK_S
        if self._count > due + slack:
            raise AdapterError(
                f"{self._channel.who} samples faster than {float(self._rate):.0f} Hz: {self._count} samples "
                f"in {elapsed_ns / 1e9:.4f} s",
                "this chip's bit-bang clock is not what benchctl takes it for: please report it",
            )
        if self._count < due - slack - buffered:
            raise self._lost(f"{self._count} samples in {elapsed_ns / 1e9:.4f} s")

    def _lost(self, evidence: str) -> AdapterOverrunError:
        return AdapterOverrunError(
            f"{self._channel.who} lost samples at {float(self._rate):.0f} Hz: {evidence}",
            "sample more slowly, or put the adapter on a USB port of its own",
        )

    def _waveform(self, data: bytes, previous: int | None, origin_ns: int) -> Waveform:
        return Waveform.from_samples(
            self._packed(data),
            self.nets,
            self._rate,
            start=self._count,
            previous=previous,
            origin_ns=origin_ns,
            clock_ppm=rates.CRYSTAL_PPM,
            source=f"{self._channel.who} at {float(self._rate):g} Hz",
        )

    def _packed(self, data: bytes) -> NDArray[np.uint8]:
        """Samples with bit n the n-th net."""
        port = np.frombuffer(data, np.uint8)
        if all(bit == index for index, bit in enumerate(self._bits.values())):
            return port
        packed = np.zeros(len(port), np.uint8)
        for index, bit in enumerate(self._bits.values()):
            packed |= (port >> bit & 1) << index
        return packed
