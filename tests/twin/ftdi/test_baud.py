import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyftdi.ftdi import Ftdi

from benchctl.twin.ftdi.baud import Divider, decode
from benchctl.twin.ftdi.models import FT232R, FT4232H, MODELS, Model


def encoder(model: Model, interface: int = 1, *, bitbang: bool = False) -> Ftdi:
    """pyftdi's own encoder, without a device."""

    class Encoder(Ftdi):
        device_version = model.release
        is_H_series = model.high_speed  # noqa: N815 (pyftdi's name)
        is_bitbang_enabled = bitbang

    ftdi = Encoder()
    ftdi._index = interface
    return ftdi


@settings(max_examples=400)
@given(st.sampled_from(list(MODELS.values())), st.integers(300, 12_000_000))
def test_decodes_what_pyftdi_encodes(model: Model, baud: int) -> None:
    if not model.high_speed:
        baud = min(baud, 3_000_000)
    estimate, value, index = encoder(model)._convert_baudrate(baud)
    assert float(decode(model, value, index).baud) == pytest.approx(estimate, abs=1)


@given(st.integers(6_000, 20_000_000))
def test_bitbang_rate_is_what_pyftdi_says(rate: int) -> None:
    rate = min(rate, 12_000_000)
    estimate, value, index = encoder(FT4232H, bitbang=True)._convert_baudrate(rate)
    assert float(decode(FT4232H, value, index).bitbang_hz) == pytest.approx(estimate, rel=1e-4)


@pytest.mark.parametrize(
    ("model", "value", "index", "baud"),
    [
        (FT232R, 0x0000, 0, 3_000_000),
        (FT232R, 0x0001, 0, 2_000_000),
        (FT232R, 0x001A, 0, 115_385),  # 26
        (FT232R, 0x4138, 0, 9600),  # 312.5
        (FT4232H, 0x0000, 0x0201, 12_000_000),
        (FT4232H, 0x0001, 0x0201, 8_000_000),
        (FT4232H, 0xC068, 0x0201, 115_246),  # 104.125
    ],
)
def test_known_divisors(model: Model, value: int, index: int, baud: int) -> None:
    assert round(decode(model, value, index).baud) == baud


def test_bitbang_ratio_depends_on_the_reference() -> None:
    assert Divider(3_000_000, 8).bitbang_hz == 48_000_000
    assert Divider(12_000_000, 8).bitbang_hz == 60_000_000
