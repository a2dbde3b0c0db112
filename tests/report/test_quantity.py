import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchctl.report.quantity import in_print
from benchctl.report.results import Recorded


@pytest.mark.parametrize(
    ("record", "value", "limits"),
    [
        (Recorded("gap", 1.75212e-3, "s", 12e-6, None, 2e-3), "1.752 ± 0.012 ms", "≤ 2 ms"),
        (Recorded("gap", 1.75e-3, "s", 16.1e-3, 1.75e-3), "2 ± 16 ms", "≥ 1.75 ms"),
        (Recorded("rate", 115_207.3, "Hz", 1.2, 110e3, 120e3), "115.2073 ± 0.0012 kHz", "110 … 120 kHz"),
        (Recorded("count", 7, "", 0, 7, 7), "7", "= 7"),
        (Recorded("zero", 0.0, "s", 0.001), "0.0000 ± 0.0010 s", ""),
        (Recorded("reply", "00 ff", low="00 fe", high="00 fe"), "00 ff", "= 00 fe"),
        (Recorded("open", True, low=True, high=True), "True", "= True"),
        (Recorded("text", "x" * 100), "x" * 80 + "…", ""),
        (Recorded("level", -0.0021, "V"), "-2.1 mV", ""),
    ],
)
def test_values_read_well(record: Recorded, value: str, limits: str) -> None:
    assert in_print(record) == (value, limits)


@given(st.floats(-1e15, 1e15), st.none() | st.floats(0, 1e15), st.sampled_from(["s", "Hz", "", "ppm"]))
def test_every_number_can_be_printed(value: float, uncertainty: float | None, unit: str) -> None:
    text, _ = in_print(Recorded("x", value, unit, uncertainty))
    assert text
