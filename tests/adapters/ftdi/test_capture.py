from collections.abc import Callable

import numpy as np
import pytest
from pyftdi.ftdi import Ftdi

from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.uart import UartFormat
from benchctl.capture.items import Items
from benchctl.capture.waveform import Waveform
from benchctl.errors import AdapterOverrunError, UserError

Crossed = Callable[[], FtdiChip]
Decode = Callable[[Waveform, str, UartFormat], Items]


@pytest.mark.parametrize("sample_hz", [100_000, 1_000_000, 4_000_000, 10_000_000])
def test_what_is_sent_is_recorded(crossed: Crossed, decode_uart: Decode, sample_hz: float) -> None:
    chip = crossed()
    a, capture = FtdiUart(chip, "A"), FtdiCapture(chip, "C", {"b_to_a": 1, "a_to_b": 0})
    fmt = UartFormat(9600)
    a.configure(fmt)
    assert capture.configure(sample_hz) == pytest.approx(sample_hz, rel=0.01)
    capture.start()
    a.write(b"recorded")
    a.drain()
    waveform = capture.stop()
    assert waveform.names == ("b_to_a", "a_to_b")
    assert decode_uart(waveform, "a_to_b", fmt).data("data") == b"recorded"
    assert not len(waveform.edges("b_to_a"))
    assert waveform.clock_ppm == 30


def test_capture_covers_the_time_between_start_and_stop(crossed: Crossed) -> None:
    chip = crossed()
    clock = chip.host.clock
    capture = FtdiCapture(chip, "C", {"a_to_b": 0})
    for seconds in (0.0, 0.001, 0.5, 5.0):
        before = clock.now_ns()
        capture.start()
        started = clock.now_ns()
        clock.sleep(seconds)
        stopped = clock.now_ns()
        waveform = capture.stop()
        assert before <= waveform.origin_ns <= started
        assert waveform.origin_ns + waveform.duration_ns >= stopped


def test_what_was_lost_before_the_start_is_no_overrun(
    crossed: Crossed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether emptying the buffers also clears the chip's overrun bit is not documented."""
    chip = crossed()
    capture = FtdiCapture(chip, "C", {"a_to_b": 0})
    chip.host.clock.sleep(0.5)  # the chip samples, and nobody reads
    monkeypatch.setattr(Ftdi, "purge_buffers", lambda self: None)
    capture.start()
    assert capture.stop().end > 0


def test_slow_host_is_an_overrun(crossed: Crossed, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = crossed()
    clock = chip.host.clock
    capture = FtdiCapture(chip, "C", {"a_to_b": 0})
    read_data = capture._channel.read_data

    def busy(size: int) -> object:
        clock.sleep(0.05)
        return read_data(size)

    capture.start()
    monkeypatch.setattr(capture._channel, "read_data", busy)
    clock.sleep(0.2)
    with pytest.raises(AdapterOverrunError, match="quad C lost samples at 1000000 Hz"):
        capture.stop()
    monkeypatch.undo()
    capture.start()
    assert capture.stop().span


def test_lost_samples_are_noticed_without_the_chips_help(
    crossed: Crossed, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip = crossed()
    capture = FtdiCapture(chip, "C", {"a_to_b": 0})
    read_data = capture._channel.read_data
    monkeypatch.setattr(
        capture._channel, "read_data", lambda size: read_data(size)._replace(status=0, data=b"\0" * 100)
    )
    capture.start()
    chip.host.clock.sleep(0.5)
    with pytest.raises(AdapterOverrunError, match="samples in"):
        capture.stop()


def test_misuse_is_refused(crossed: Crossed) -> None:
    chip = crossed()
    capture = FtdiCapture(chip, "C", {"a_to_b": 0})
    with pytest.raises(UserError, match="no capture is running"):
        capture.stop()
    capture.start()
    with pytest.raises(UserError, match="a capture is running"):
        capture.start()
    with pytest.raises(UserError, match="a capture is running"):
        capture.configure(1e6)
    capture.close()
    capture.close()
    with pytest.raises(UserError, match="one net or more"):
        FtdiCapture(chip, "D", {"x": 8})


def test_many_nets_keep_their_bits(crossed: Crossed) -> None:
    chip = crossed()
    capture = FtdiCapture(chip, "D", {f"n{bit}": bit for bit in reversed(range(8))})
    capture.start()
    waveform = capture.stop()
    assert waveform.initial == 0xFF  # open pins have pull-ups
    assert np.array_equal(waveform.times, [])
