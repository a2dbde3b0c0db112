import shutil

import pytest

from benchctl.adapters.monotonic import MonotonicClock
from benchctl.adapters.sigrok import SigrokCapture
from benchctl.buses.host import Host
from benchctl.errors import AdapterError, AdapterOverrunError, UserError

DEMO = "demo:analog_channels=0:logic_channels=8"
HOST = Host(MonotonicClock())
pytestmark = [
    pytest.mark.debian("sigrok-cli"),
    pytest.mark.skipif(shutil.which("sigrok-cli") is None, reason="sigrok-cli is not installed"),
]


def test_demo_instrument_is_recorded() -> None:
    capture = SigrokCapture(HOST, DEMO, {"b": "D3", "a": "D1"})
    assert capture.configure(200_000) == 200_000
    capture.start()
    HOST.clock.sleep(0.2)
    waveform = capture.stop()
    capture.close()
    capture.close()
    assert waveform.names == ("b", "a")
    assert waveform.rate == 200_000
    assert 0.1 * 200_000 < waveform.span < 2 * 200_000
    assert len(waveform.edges("a"))


def test_absent_instrument() -> None:
    capture = SigrokCapture(HOST, "fx2lafw", {"a": "D1"})
    with pytest.raises(AdapterError, match="sigrok-cli cannot record with fx2lafw at 1000000 Hz: No devices"):
        capture.start()
    with pytest.raises(UserError, match="no capture is running"):
        capture.stop()
    capture.close()


def test_instrument_that_stops_by_itself_lost_samples() -> None:
    capture = SigrokCapture(HOST, DEMO, {"a": "D1"})
    capture.start()
    assert capture._process is not None
    capture._process.kill()
    capture._process.wait()
    with pytest.raises(AdapterOverrunError, match="stopped recording by itself"):
        capture.stop()
    capture.close()
