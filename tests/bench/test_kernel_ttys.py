"""A virtual bench whose UARTs are ttys of the kernel: while they are open, time passes as wall time does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchctl.bench import Bench, open_bench
from benchctl.buses.uart import UartFormat
from benchctl.errors import AdapterBusyError

RIG = Path(__file__).parents[1] / "adapters/kernel/virtual.yaml"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with open_bench(str(RIG)) as opened:
        yield opened


def test_the_firmware_is_met_over_a_tty(bench: Bench) -> None:
    assert bench.imp.hello.module == "imp003"


@pytest.mark.parametrize("baud", [9600, 57_600])
def test_bytes_both_ways_at_the_rate_set(bench: Bench, baud: int) -> None:
    imp, data = bench.imp, bytes(range(64))
    theirs, ours = imp.hardware.uartUVGD, bench.uart("uartUVGD")
    theirs.configure(baud, 8, imp.PARITY_NONE, 1, imp.NO_CTSRTS)
    ours.configure(UartFormat(baud))
    ours.discard_input()
    theirs.write(data)
    assert ours.read(len(data)) == data
    ours.write(data)
    ours.drain()
    bench.clock.sleep(0.01)
    assert theirs.readblob(len(data)) == data


def test_the_link_moves_to_the_other_tty_and_back(bench: Bench) -> None:
    bench.use("Q", "R")
    assert bench.control.uart == "uartUVGD"
    assert bench.imp.hardware.pinL.configure(bench.imp.DIGITAL_IN) is None
    bench.use("U", "V")
    assert bench.control.uart == "uartQRPW"


def test_a_tty_somebody_else_holds_is_refused(bench: Bench) -> None:
    node = bench.host.device_root / "dev/serial/by-id/usb-cable"
    bench.release()
    with (
        node.open("rb", buffering=0),
        pytest.raises(AdapterBusyError, match=r"usb-cable is in use \(held by"),
    ):
        bench.uart("uartUVGD")
