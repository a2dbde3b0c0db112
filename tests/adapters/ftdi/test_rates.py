from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyftdi.ftdi import Ftdi

from benchctl.adapters.ftdi import rates
from benchctl.errors import UserError
from benchctl.twin.ftdi.baud import decode
from benchctl.twin.ftdi.models import FT232R, FT4232H


class _Programmed(Ftdi):  # type: ignore[misc]  # pyftdi is untyped
    """pyftdi's arithmetic without a chip."""

    def __init__(self, release: int, bitmode: Ftdi.BitMode) -> None:
        super().__init__()
        self._release, self._bitmode, self._usb_dev, self._index = release, bitmode, object(), 1

    @property
    def device_version(self) -> int:
        return self._release


def programmed(high_speed: bool, request: int, bitmode: Ftdi.BitMode) -> Any:
    model = FT4232H if high_speed else FT232R
    _, value, index = _Programmed(model.release, bitmode)._convert_baudrate(request)
    return decode(model, value, index)


@given(baud=st.integers(300, 12_000_000), high_speed=st.booleans())
def test_uart_rate_is_what_pyftdi_programs(baud: int, high_speed: bool) -> None:
    try:
        rate, request = rates.uart_rate(baud, high_speed)
    except UserError:
        return
    assert programmed(high_speed, request, Ftdi.BitMode.RESET).baud == rate
    assert abs(rate - baud) <= Fraction(3, 100) * baud


@given(hz=st.floats(3700, 3_000_000), high_speed=st.booleans())
def test_bitbang_rate_is_what_pyftdi_programs(hz: float, high_speed: bool) -> None:
    rate, request = rates.bitbang_rate(hz, high_speed)
    assert programmed(high_speed, request, Ftdi.BitMode.BITBANG).bitbang_hz == rate
    assert float(rate) == pytest.approx(hz, rel=0.25)


def test_usual_rates_are_close() -> None:
    for baud in (300, 1200, 9600, 115_200, 230_400, 460_800, 921_600, 3_000_000):
        assert float(rates.uart_rate(baud, True)[0]) == pytest.approx(baud, rel=0.002)


@pytest.mark.parametrize(("baud", "high_speed"), [(100, True), (13_000_000, True), (3_200_000, False)])
def test_rates_out_of_reach_are_refused(baud: int, high_speed: bool) -> None:
    with pytest.raises(UserError, match=f"cannot make {baud} baud"):
        rates.uart_rate(baud, high_speed)


def test_slow_bitbang_is_refused() -> None:
    with pytest.raises(UserError, match="stay between 3665 and 12000000 Hz"):
        rates.bitbang_rate(3664, True)
    rates.bitbang_rate(3665, True)
