import numpy as np
import pytest

from benchctl.report import png

BLUE = (0x1F, 0x6F, 0xB2)


def heights(ns: list[float]) -> list[int]:
    """Blue pixels in each column that has any."""
    pixels = np.asarray(png.histogram(np.array(ns), "gaps"))
    columns = np.all(pixels == BLUE, axis=2).sum(axis=0)
    return [int(n) for n in columns if n]


def test_bars_are_as_high_as_times_are_frequent() -> None:
    found = heights([100.0] * 10 + [200.0] * 5)
    tall, low = found[: len(found) // 2], found[len(found) // 2 :]
    assert np.ptp(tall) <= 1  # where the axis has a mark
    assert np.ptp(low) <= 1
    assert max(tall) == pytest.approx(2 * max(low), rel=0.02)


@pytest.mark.parametrize("ns", [[5.0], [-3.0, np.inf, 1e12]])
def test_one_time_or_a_wide_range_is_drawn(ns: list[float]) -> None:
    assert heights(ns)


def test_without_times_there_is_no_picture() -> None:
    with pytest.raises(ValueError, match="no times"):
        png.histogram(np.array([np.nan]), "gaps")
