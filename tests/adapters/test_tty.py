"""The kernel UART on a pty: what a virtual bench uses, and the least a tty can do."""

import os
import pty
import subprocess
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from benchctl.adapters.monotonic import MonotonicClock
from benchctl.adapters.tty import TtyUart
from benchctl.buses.host import Host
from benchctl.buses.pattern import Pattern
from benchctl.buses.uart import Parity, UartFormat
from benchctl.errors import (
    AdapterBusyError,
    AdapterError,
    AdapterGoneError,
    BusTimeoutError,
    NotEquippedError,
    UserError,
)

HOST = Host(MonotonicClock())


class Ends(NamedTuple):
    other: int
    path: str


@pytest.fixture
def ends() -> Iterator[Ends]:
    other, own = pty.openpty()
    tty.setraw(own)
    path = os.ttyname(own)
    os.close(own)
    yield Ends(other, path)
    with suppress(OSError):  # a test may have closed it
        os.close(other)


@pytest.fixture
def uart(ends: Ends) -> Iterator[TtyUart]:
    uart = TtyUart(HOST, ends.path)
    yield uart
    uart.close()


def test_bytes_both_ways(uart: TtyUart, ends: Ends) -> None:
    uart.write(b"there")
    uart.drain()
    assert os.read(ends.other, 100) == b"there"
    os.write(ends.other, b"and back")
    assert uart.read(3) == b"and"
    chunk = uart.read_chunk()
    assert chunk is not None
    assert (chunk.data, chunk.errors) == (b" back", frozenset())


def test_timeouts_say_what_came(uart: TtyUart, ends: Ends) -> None:
    assert uart.read_chunk(0.001) is None
    os.write(ends.other, b"ab")
    with pytest.raises(BusTimeoutError, match=r"2 of 3 bytes came in 0\.01 s") as caught:
        uart.read(3, 0.01)
    assert caught.value.received == b"ab"


def test_discarded_input_is_gone(uart: TtyUart, ends: Ends) -> None:
    os.write(ends.other, b"abc")
    assert uart.read(1) == b"a"
    uart.discard_input()
    assert uart.read_chunk(0.001) is None


def test_large_writes_wait_for_room(uart: TtyUart, ends: Ends) -> None:
    data = bytes(range(256)) * 200
    task = HOST.clock.spawn(lambda: uart.write(data), "writer")
    got = b""
    while len(got) < len(data):
        got += os.read(ends.other, 65_536)
    task.join(5.0)
    assert got == data


def test_it_says_what_a_pty_cannot_do(uart: TtyUart) -> None:
    assert any("it is a pty" in limit for limit in uart.limitations)
    for ask in (lambda: uart.set_rts(True), uart.cts):
        with pytest.raises(NotEquippedError, match="line on /dev/pts/"):
            ask()
    for play in (
        lambda: uart.write_gapped(b"x", 1.0),
        lambda: uart.write_pattern(Pattern().line_break(1000)),
    ):
        with pytest.raises(
            NotEquippedError, match=r"UART that can play patterns: /dev/pts/.* is a kernel tty"
        ):
            play()


def test_format(uart: TtyUart) -> None:
    assert uart.configure(UartFormat(9600, 7, Parity.EVEN, 2)) == 9600
    assert uart.format.bits == 7
    with pytest.raises(UserError, match="cannot do this format"):
        uart.configure(UartFormat(9600, 9))
    assert uart.stamp_uncertainty_ns >= 100_000


def test_port_in_use_names_the_holder(uart: TtyUart, ends: Ends) -> None:
    with pytest.raises(AdapterBusyError, match=rf"{ends.path} is in use \(held by .*\(pid {os.getpid()}\)\)"):
        TtyUart(HOST, ends.path)


def test_nobody_else_can_open_a_port_in_use(uart: TtyUart, ends: Ends) -> None:
    Path(ends.path).chmod(0o666)
    nobody = 65_534 if os.geteuid() == 0 else None  # root may open everything
    command = ["sh", "-c", ': <> "$0"', ends.path]

    def open_it() -> bool:
        return subprocess.run(command, capture_output=True, check=False, user=nobody).returncode == 0

    assert not open_it()
    uart.close()
    assert open_it()


def test_rate_that_the_driver_does_not_make_is_refused(
    uart: TtyUart, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "benchctl.adapters.tty.tty_baud", lambda descriptor: 9600
    )  # what ftdi_sio falls back to
    with pytest.raises(UserError, match=rf"{ends.path} cannot make 12000000 baud. its driver made it 9600"):
        uart.configure(UartFormat(12_000_000))


def test_stamp_of_what_lay_waiting_says_how_late_it_may_be(uart: TtyUart, ends: Ends) -> None:
    prompt_ns = uart.stamp_uncertainty_ns
    task = HOST.clock.spawn(uart.read_chunk, "reader")
    HOST.clock.sleep(0.05)
    os.write(ends.other, b"awaited")
    task.join()
    assert uart.stamp_uncertainty_ns == prompt_ns
    sent_ns = HOST.clock.now_ns()
    os.write(ends.other, b"unawaited")
    HOST.clock.sleep(0.2)
    chunk = uart.read_chunk()
    assert chunk is not None
    assert chunk.t_ns - sent_ns > 100_000_000
    assert chunk.t_ns - uart.stamp_uncertainty_ns < sent_ns


def test_absent_port() -> None:
    with pytest.raises(AdapterError, match="there is no /dev/serial/by-id/nothing"):
        TtyUart(HOST, "/dev/serial/by-id/nothing")


def test_other_side_gone(uart: TtyUart, ends: Ends) -> None:
    os.close(ends.other)
    for use in (
        lambda: uart.read(1),
        uart.discard_input,
        lambda: uart.write(b"x"),
        uart.drain,
        lambda: uart.configure(UartFormat(9600)),
        lambda: uart.set_rts(True),
    ):
        with pytest.raises(AdapterGoneError, match=f"{ends.path} failed"):
            use()
    uart.close()
    uart.close()


def test_path_is_below_the_device_root(ends: Ends, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/ttyUSB0").symlink_to(ends.path)
    uart = TtyUart(Host(MonotonicClock(), device_root=tmp_path), "/dev/ttyUSB0")
    uart.write(b"x")
    assert os.read(ends.other, 1) == b"x"
    uart.close()
