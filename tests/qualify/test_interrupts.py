import signal

import pytest

from benchctl.qualify.interrupts import interrupts_wait


def test_an_interrupt_comes_when_the_recording_is_done() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_wait():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        done.append("recorded")
    assert done == ["recorded"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
