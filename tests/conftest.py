"""Tests of the plugin run pytest within pytest; Hypothesis repeats itself and does not watch the clock."""

from collections.abc import Callable

import pytest
from hypothesis import settings

from benchctl.buses.uart import UartFormat
from benchctl.capture.items import Items
from benchctl.capture.uart import UartFormat as DecoderFormat
from benchctl.capture.uart import decode
from benchctl.capture.waveform import Waveform

pytest_plugins = ["pytester"]

settings.register_profile("benchctl", deadline=None, derandomize=True)
settings.load_profile("benchctl")

Decode = Callable[[Waveform, str, UartFormat], Items]


@pytest.fixture(scope="session")
def decode_uart() -> Decode:
    """The characters on one channel of a waveform."""

    def decoded(waveform: Waveform, channel: str, fmt: UartFormat) -> Items:
        return decode(
            waveform, channel, DecoderFormat(fmt.baud, fmt.bits, fmt.parity.name.lower(), float(fmt.stop))
        )

    return decoded
