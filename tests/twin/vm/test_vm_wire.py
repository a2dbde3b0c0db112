import marshal
import os
import socket
import struct
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.vm.mailbox import ROOM, new_memory
from benchctl.twin.vm.wire import Channel


def channels(one: socket.socket, other: socket.socket) -> tuple[Channel, Channel]:
    memory = new_memory()
    ends = Channel(one, memory, 0), Channel(other, memory, 1)
    os.close(memory)
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


def test_small_messages_do_not_take_the_socket():
    ours, theirs = socket.socketpair()
    one, other = channels(ours, theirs)
    theirs.setblocking(False)
    one.send(("small",))
    with pytest.raises(BlockingIOError):
        theirs.recv(1)
    one.send(("a second one has no room",))
    assert theirs.recv(1, socket.MSG_PEEK)
    assert [other.receive(), other.receive()] == [("small",), ("a second one has no room",)]
    one.close()
    other.close()


@pytest.mark.parametrize("size", range(ROOM - 20, ROOM + 20))
def test_messages_about_as_large_as_the_mailbox(size: int) -> None:
    one, other = channels(*socket.socketpair())
    messages = [("x", bytes(size)), ("y",), ("z", bytes(size))]
    for message in messages:
        one.send(message)
        assert other.receive() == message
    one.close()
    other.close()


def test_what_has_arrived_survives_a_timeout():
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    _, channel = channels(ours, theirs)
    payload = marshal.dumps(("hello",))
    raw = struct.pack("<I", len(payload)) + payload
    ours.sendall(raw[:7])
    with pytest.raises(BlockingIOError):
        channel.receive()
    ours.sendall(raw[7:])
    assert channel.receive() == ("hello",)
    ours.close()
    theirs.close()
