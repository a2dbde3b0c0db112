from collections.abc import Callable

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture.items import Items
from benchctl.capture.uart import UartFormat as DecoderFormat
from benchctl.capture.uart import decode
from benchctl.capture.waveform import Waveform

Decode = Callable[[Waveform, str, UartFormat], Items]


@pytest.fixture(scope="session")
def decode_uart() -> Decode:
    """The characters on one channel of a waveform."""

    def decoded(waveform: Waveform, channel: str, fmt: UartFormat) -> Items:
        return decode(
            waveform, channel, DecoderFormat(fmt.baud, fmt.bits, fmt.parity.name.lower(), float(fmt.stop))
        )

    return decoded
