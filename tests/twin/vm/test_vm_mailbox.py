import os
from collections.abc import Iterator

import pytest

from benchctl.twin.vm.mailbox import ROOM, Inbox, Outbox, new_memory


@pytest.fixture
def ends() -> Iterator[tuple[Outbox, Inbox]]:
    memory = new_memory()
    yield Outbox(memory, 0), Inbox(memory, 0)
    os.close(memory)


def test_a_message_is_there_once_it_is_left_and_until_it_is_taken(ends: tuple[Outbox, Inbox]) -> None:
    outbox, inbox = ends
    assert not inbox.announced
    for message in (b"one", b"another", bytes(ROOM)):
        assert outbox.put(message)
        assert not outbox.announce()
        assert inbox.announced
        assert inbox.held == message
        inbox.taken()
        assert inbox.held is None
        assert not inbox.announced


def test_there_is_room_for_one_of_limited_size(ends: tuple[Outbox, Inbox]) -> None:
    outbox, inbox = ends
    assert not outbox.put(bytes(ROOM + 1))
    assert outbox.put(b"first")
    outbox.announce()
    assert not outbox.put(b"second")
    outbox.announce()
    assert inbox.held == b"first"
    inbox.taken()
    assert inbox.announced
    assert inbox.held is None  # it went another way
    inbox.taken()
    assert outbox.put(b"third")


def test_one_that_sleeps_must_be_woken(ends: tuple[Outbox, Inbox]) -> None:
    outbox, inbox = ends
    inbox.fall_asleep()
    assert not outbox.put(b"left where nobody looks")
    inbox.wake_up()
    assert outbox.put(b"left before it fell asleep")
    inbox.fall_asleep()
    assert outbox.announce()
    assert inbox.announced


def test_directions_do_not_meet() -> None:
    memory = new_memory()
    outbox, inbox = Outbox(memory, 0), Inbox(memory, 1)
    outbox.put(bytes([255]) * ROOM)
    outbox.announce()
    assert not inbox.announced
    assert inbox.held is None
    assert not inbox.watch(1_000_000)
    os.close(memory)
