"""The control link with the firmware as on the imp: frames of every length, a line that is disturbed."""

from collections.abc import Iterator

import numpy as np
import pytest

from benchctl.bench import Bench
from benchctl.dut.deploy import Deployment
from benchctl.errors import LinkError, SquirrelError
from benchctl.rig.loader import load_rig
from benchctl.twin.build import open_virtual
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive

RIG = load_rig("virtual-imp005")
LINK_RX, LINK_TX = "u0_rx", "u0_tx"  # as the imp sees them


@pytest.fixture(scope="module")
def linked() -> Iterator[tuple[Bench, dict[str, Net]]]:
    twin = open_virtual(RIG)
    with Bench(RIG, twin.host, lambda: twin.cloud, twin.close) as bench:
        yield bench, twin.nets


@pytest.mark.parametrize("filler", [0, 1, 255])
def test_values_of_every_length_come_back(linked: tuple[Bench, dict[str, Net]], filler: int) -> None:
    imp = linked[0].imp
    before = imp.session.retries
    for length in [*range(225, 262), *range(490, 520), 1500, 3000]:
        value = bytes([filler]) * length
        kept = imp.keep(value)
        assert kept.value() == value, length
        kept.forget()
    assert imp.session.retries == before


def disturb(net: Net, at_ns: int, for_ns: int) -> None:
    times = np.array([at_ns, at_ns + for_ns], np.int64)
    net.driver("noise").play(times, np.array([Drive.LOW, Drive.Z], np.uint8))


@pytest.mark.parametrize("wire", [LINK_RX, LINK_TX])
def test_a_disturbed_call_is_made_once(linked: tuple[Bench, dict[str, Net]], wire: str) -> None:
    bench, nets = linked
    imp = bench.imp
    before = imp.session.retries
    for after_us in range(0, 900, 60):
        kept = imp.keep([])
        disturb(nets[wire], bench.clock.now_ns() + after_us * 1000, 40_000)
        kept.append(after_us)
        assert kept.value() == [after_us], after_us
        kept.forget()
    assert imp.session.retries > before + 2  # it was a disturbance


def test_a_path_travels_once(linked: tuple[Bench, dict[str, Net]]) -> None:
    bench, nets = linked
    path = "hardware.pinW.getsamplerate_of_a_very_long_name"
    sent = []
    for _ in range(3):
        start = bench.clock.now_ns()
        with pytest.raises(SquirrelError, match="does not exist"):
            bench.imp.root(path)()
        sent.append(len(nets[LINK_RX].edges(start, bench.clock.now_ns()).times))
    assert sent[0] > sent[1] + 3 * len(path)
    assert sent[1] < 80  # a frame of some 14 bytes


def test_a_path_that_was_lost_is_told_again(linked: tuple[Bench, dict[str, Net]]) -> None:
    bench, nets = linked
    imp = bench.imp
    known = imp.hardware.getdeviceid()
    disturb(nets[LINK_RX], bench.clock.now_ns(), 2_000_000_000)
    with pytest.raises(LinkError):
        imp.hardware.wakereason(timeout_s=0.1)
    bench.clock.sleep(2)
    assert imp.hardware.getdeviceid() == known
    assert imp.hardware.wakereason() == imp.hello.wake_reason


def test_more_paths_than_numbers(linked: tuple[Bench, dict[str, Net]]) -> None:
    imp = linked[0].imp
    for _ in range(2):
        for number in range(260):
            with pytest.raises(SquirrelError, match=f"'nothing{number}' does not exist"):
                imp.root(f"nothing{number}")()
        assert imp.hardware.micros() != imp.hardware.millis()


def nothing_to_deploy_with() -> Deployment:
    raise AssertionError("the firmware was to be deployed again")


def test_the_firmware_is_found_where_an_earlier_user_left_its_link() -> None:
    twin = open_virtual(RIG)
    try:
        with Bench(RIG, twin.host, lambda: twin.cloud, lambda: None) as bench:
            bench.use("UART0_TX")
            assert bench.control.uart == "uart1"
        with Bench(RIG, twin.host, nothing_to_deploy_with, lambda: None) as bench:
            assert bench.imp.hardware.millis() > 0
            assert bench.control.uart == "uart0"
    finally:
        twin.close()
