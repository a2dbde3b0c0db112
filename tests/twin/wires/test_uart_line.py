import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineError, LineFormat, UartReceiver, UartTransmitter
from benchctl.twin.world import World


def fmt(baud: float, **kw: object) -> LineFormat:
    return LineFormat(round(1e15 / baud), **kw)  # type: ignore[arg-type]


def link(tx: LineFormat, rx: LineFormat) -> tuple[World, UartTransmitter, UartReceiver, list[int]]:
    world = World()
    net = Net(world, "tx")
    sender = UartTransmitter(net.driver("tx"), tx)
    changes: list[int] = []
    receiver = UartReceiver(net, rx, lambda: changes.append(world.now))
    return world, sender, receiver, changes


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(min_size=1, max_size=40),
    bits=st.sampled_from([7, 8]),
    parity=st.sampled_from("NEOMS"),
    half_stops=st.sampled_from([2, 3, 4]),
    skew=st.floats(-0.02, 0.02),
)
def test_frames_arrive_as_sent(data: bytes, bits: int, parity: str, half_stops: int, skew: float) -> None:
    masked = bytes(b & ((1 << bits) - 1) for b in data)
    shape = {"bits": bits, "parity": parity, "half_stops": half_stops}
    world, sender, receiver, _ = link(fmt(9600, **shape), fmt(9600 * (1 + skew), **shape))
    sender.send(masked)
    world.sleep_until(sender.idle_ns)
    arrivals = receiver.take(world.now)
    assert bytes(a.value for a in arrivals) == masked
    assert not any(a.error for a in arrivals)


def test_intervals_are_one_frame_time_back_to_back() -> None:
    world, sender, receiver, _ = link(fmt(19200), fmt(19200))
    sender.send(bytes(range(50)))
    world.sleep_until(sender.idle_ns)
    t = [a.t_ns for a in receiver.take(world.now)]
    assert t[-1] - t[0] == pytest.approx(49 * 10e9 / 19200, abs=2)


def test_wrong_baud_is_garbled() -> None:
    world, sender, receiver, _ = link(fmt(9600), fmt(19200))
    sender.send(b"\x55\xaa\x0f")
    world.sleep_until(sender.idle_ns)
    assert bytes(a.value for a in receiver.take(world.now)) != b"\x55\xaa\x0f"


def test_parity_and_framing_errors() -> None:
    world, sender, receiver, _ = link(fmt(9600, parity="E"), fmt(9600, parity="O"))
    sender.send(b"A")
    world.sleep_until(sender.idle_ns)
    assert [a.error for a in receiver.take(world.now)] == [LineError.PARITY]


def test_break_is_one_zero_byte_with_error() -> None:
    world, sender, receiver, _ = link(fmt(9600), fmt(9600))
    world.sleep_until(1_000)
    sender.hold(space=True)
    world.sleep_until(5_000_000)
    sender.hold(space=False)
    world.sleep_until(10_000_000)
    sender.send(b"x")
    world.sleep_until(20_000_000)
    first, second = receiver.take(world.now)
    assert (first.value, first.error) == (0, LineError.FRAMING | LineError.BREAK)
    assert (second.value, second.error) == (ord("x"), 0)


def test_pause_stops_after_the_frame_on_the_line() -> None:
    world, sender, receiver, _ = link(fmt(9600), fmt(9600))
    sender.send(b"abcdef")
    world.sleep_until(int(2.5 * 10e9 / 9600))
    assert sender.pause() == b"def"
    world.sleep_until(20_000_000)
    assert bytes(a.value for a in receiver.take(world.now)) == b"abc"
    sender.send(b"def")
    world.sleep_until(40_000_000)
    assert bytes(a.value for a in receiver.take(world.now)) == b"def"


def test_cut_mid_frame_changes_what_arrives() -> None:
    world, sender, receiver, changes = link(fmt(9600), fmt(9600))
    sender.send(b"\x00\x00")
    assert len(receiver.pending) == 2
    world.sleep_until(500_000)
    sender.hold(space=False)
    assert len(receiver.pending) == 1
    assert changes


def test_noise_pulse_shorter_than_half_a_bit_is_not_a_byte() -> None:
    world, _, receiver, _ = link(fmt(9600), fmt(9600))
    other = receiver._net.driver("glitch")
    other.play(np.array([1000, 21000]), np.array([Drive.LOW, Drive.Z], np.uint8))
    world.sleep_until(5_000_000)
    assert not receiver.take(world.now)


def test_a_receiver_made_while_frames_are_coming_has_them_without_being_told() -> None:
    world, sender, first, _ = link(fmt(9600), fmt(9600))
    first.close()
    sender.send(b"\x55\xaa")
    told: list[int] = []
    late = UartReceiver(sender._driver.net, fmt(9600), lambda: told.append(world.now))
    assert [a.value for a in late.pending] == [0x55, 0xAA]
    assert not told


def test_frames_in_front_of_a_disturbance_already_planned_are_received() -> None:
    world, sender, receiver, _ = link(fmt(9600), fmt(9600))
    other = receiver._net.driver("trouble")
    begin = world.now + 10_000_000
    other.play(np.array([begin, begin + 3_000_000]), np.array([Drive.LOW, Drive.Z], np.uint8))
    sender.send(b"\x55\xaa")
    world.sleep_until(begin)
    assert [a.value for a in receiver.take(world.now)] == [0x55, 0xAA]
