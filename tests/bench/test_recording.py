"""Recording: whatever becomes of one capture, its port is free for the next."""

from collections.abc import Iterator

import pytest

from benchctl.adapters.ftdi.channel import FtdiChannel
from benchctl.bench import Bench, open_bench
from benchctl.errors import AdapterOverrunError


@pytest.fixture
def bench() -> Iterator[Bench]:
    with open_bench("virtual-imp003") as opened:
        yield opened


def test_a_capture_that_cannot_start_lets_its_port_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    net = next(net for net in bench.rig.nets if bench.wiring.net(net).name.startswith("u"))
    overrun = b"\x01\x62" + bytes(510)
    monkeypatch.setattr(FtdiChannel, "read", lambda self, size: overrun * 2)
    with pytest.raises(AdapterOverrunError), bench.capture([net], 1e6):
        pass
    monkeypatch.undo()
    with bench.capture([net], 1e6) as recording:
        bench.clock.sleep(0.001)
    assert recording.waveform.end > 0
