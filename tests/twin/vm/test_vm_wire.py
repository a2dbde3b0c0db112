import os
import socket
import threading
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.vm.wire import Channel, new_bell


def channels(one: socket.socket, other: socket.socket) -> tuple[Channel, Channel]:
    bell = new_bell()
    ends = Channel(one, bell, 0), Channel(other, bell, 1)
    os.close(bell)
    return ends


_scalars = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.binary() | st.text()
_messages = st.lists(st.tuples(_scalars, st.lists(_scalars)), min_size=1, max_size=8)


@given(_messages)
@settings(max_examples=50, deadline=None)
def test_messages_arrive_whole_and_in_order(messages):
    one, other = channels(*socket.socketpair())
    for message in messages:
        one.send(message)
    assert [other.receive() for _ in messages] == messages
    one.close()
    assert other.receive() is None
    other.close()


def test_an_answer_is_seen_while_one_spins_and_when_one_sleeps():
    one, other = channels(*socket.socketpair())

    def answer() -> None:
        for pause in (0, 0.01, 0, 0.01):
            question = one.receive()
            time.sleep(pause)  # longer than anybody spins
            one.send(question)

    answering = threading.Thread(target=answer)
    answering.start()
    for number in range(4):
        other.send((number,))
        assert other.receive() == (number,)
    answering.join()
    one.close()
    other.close()


def test_a_message_larger_than_any_buffer():
    one, other = channels(*socket.socketpair())
    message = ("source", bytes(range(256)) * 20_000)
    sender = threading.Thread(target=one.send, args=(message,))
    sender.start()
    assert other.receive() == message
    sender.join()
    one.close()
    other.close()


def test_what_has_arrived_survives_a_timeout():
    ours, theirs = socket.socketpair()
    probe, probe_end = socket.socketpair()
    channels(probe, probe_end)[0].send(("hello",))
    raw = probe_end.recv(1000)
    theirs.setblocking(False)
    _, channel = channels(ours, theirs)
    ours.sendall(raw[:7])
    try:
        channel.receive()
        raise AssertionError("half a message was taken for a whole one")
    except BlockingIOError:
        ours.sendall(raw[7:])
    assert channel.receive() == ("hello",)
    for end in (ours, theirs, probe, probe_end):
        end.close()
