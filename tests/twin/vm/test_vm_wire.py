import socket
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.vm.wire import Channel

_scalars = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.binary() | st.text()
_messages = st.lists(st.tuples(_scalars, st.lists(_scalars)), min_size=1, max_size=8)


@given(_messages)
@settings(max_examples=50, deadline=None)
def test_messages_arrive_whole_and_in_order(messages):
    one, other = (Channel(end) for end in socket.socketpair())
    for message in messages:
        one.send(message)
    assert [other.receive() for _ in messages] == messages
    one.close()
    assert other.receive() is None
    other.close()


def test_a_message_larger_than_any_buffer():
    one, other = (Channel(end) for end in socket.socketpair())
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
    Channel(probe).send(("hello",))
    raw = probe_end.recv(1000)
    theirs.setblocking(False)
    channel = Channel(theirs)
    ours.sendall(raw[:7])
    try:
        channel.receive()
        raise AssertionError("half a message was taken for a whole one")
    except BlockingIOError:
        ours.sendall(raw[7:])
    assert channel.receive() == ("hello",)
    for end in (ours, theirs, probe, probe_end):
        end.close()
