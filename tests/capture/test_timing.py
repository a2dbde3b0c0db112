import numpy as np
import pytest

from benchctl.capture import bit_time, encode, sampling, timing, uart
from benchctl.capture.interval import Series
from benchctl.capture.uart import UartFormat
from benchctl.capture.waveform import Waveform

FMT = UartFormat(115200)
BIT = 1e9 / 115200


def captured(
    actual_baud: float = 115200, count: int = 1000, rate: int = 3_000_000
) -> tuple[Waveform, np.ndarray]:
    rng = np.random.default_rng(7)
    values = rng.integers(0, 256, count).tolist()
    gaps = rng.uniform(0, 5e6, count)
    edges = encode.uart_edges(values, UartFormat(actual_baud), start=50_000, gaps=gaps)
    ideal = Waveform.from_edges({"TX": edges}, int(edges[1][-1]) + 1_000_000)
    return Waveform.from_samples(sampling.sample(ideal, rate), ["TX"], rate, clock_ppm=20), gaps


def test_gaps_of_a_thousand_frames_are_right_within_their_uncertainty() -> None:
    wave, gaps = captured()
    characters = uart.decode(wave, "TX", FMT)
    found = timing.byte_gaps(wave, characters, FMT)
    assert len(found) == 999
    error = np.abs(found.values_ns - gaps[:-1])
    assert error.max() <= 1e9 / 3_000_000
    assert np.all(error <= found.uncertainties_ns)
    assert found.uncertainties_ns.max() < 1e9 / 3_000_000 + 5.1e6 * 21e-6
    frames = timing.longer_than(found, 1e6)
    assert len(frames) == np.count_nonzero(found.values_ns > 1e6)


@pytest.mark.parametrize("ppm", [0, -12_000, 300, 15_000])
def test_bit_time_error_is_found_within_its_uncertainty(ppm: float) -> None:
    wave, _ = captured(115200 * (1 + ppm * 1e-6))
    found = bit_time.measure(wave, "TX", uart.decode(wave, "TX", FMT), FMT)
    assert found is not None
    assert abs(found.error_ppm.value - ppm) <= found.error_ppm.uncertainty
    assert found.error_ppm.uncertainty < 300
    assert abs(found.baud.value - 115200 * (1 + ppm * 1e-6)) <= found.baud.uncertainty
    assert found.jitter_peak.value_ns < 2 * 1e9 / 3_000_000


def test_locked_sample_clock_gains_nothing_by_averaging() -> None:
    edges = encode.uart_edges([0x55] * 500, UartFormat(100_000), start=10_000, gaps=10_000)
    ideal = Waveform.from_edges({"TX": edges}, int(edges[1][-1]) + 200_000)
    wave = Waveform.from_samples(sampling.sample(ideal, 1_000_000), ["TX"], 1_000_000)
    fmt = UartFormat(100_000)
    found = bit_time.measure(wave, "TX", uart.decode(wave, "TX", fmt), fmt)
    assert found is not None
    assert found.error_ppm.uncertainty > 3000


def test_measured_bit_time_gives_the_gap_of_a_fast_transmitter() -> None:
    wave, gaps = captured(115200 * 1.015)
    characters = uart.decode(wave, "TX", FMT)
    found = bit_time.measure(wave, "TX", characters, FMT)
    assert found is not None
    measured = timing.byte_gaps(wave, characters, FMT, found.bit)
    assert np.all(np.abs(measured.values_ns - gaps[:-1]) <= measured.uncertainties_ns)


def test_no_character_no_bit_time() -> None:
    wave = Waveform.from_edges({"TX": (1, [])}, 1000)
    assert bit_time.measure(wave, "TX", uart.decode(wave, "TX", UartFormat(1_000_000)), FMT) is None
    assert bit_time.estimate_baud(wave, "TX") is None


@pytest.mark.parametrize("baud", [9600, 19200, 115200, 250_000])
def test_baud_estimate(baud: int) -> None:
    rng = np.random.default_rng(3)
    edges = encode.uart_edges(rng.integers(0, 256, 200).tolist(), UartFormat(baud), start=1000, gaps=70_123)
    ideal = Waveform.from_edges({"TX": edges}, int(edges[1][-1]) + 1000)
    rate = 2_000_000
    found = bit_time.estimate_baud(Waveform.from_samples(sampling.sample(ideal, rate), ["TX"], rate), "TX")
    assert found is not None
    assert abs(found.value - baud) < 0.01 * baud


def rs485() -> Waveform:
    level, edges = encode.uart_edges([0x11, 0x22], FMT, start=100_000)
    stop_end = 100_000 + 2 * 10 * BIT
    _, answer = encode.uart_edges([0x33], FMT, start=stop_end + 40_000)
    return Waveform.from_edges(
        {
            "TX": (level, edges),
            "RX": (level, answer),
            "DE": (0, [98_000, round(stop_end + 1500)]),
            "DE2": (0, [round(stop_end + 1000), 600_000]),
        },
        700_000,
    )


def test_driver_enable_around_a_frame() -> None:
    wave = rs485()
    sent = uart.decode(wave, "TX", FMT)
    lead = timing.de_to_start(wave, "DE", sent)
    assert (len(lead), lead[0].value_ns) == (1, 2000)
    trail = timing.stop_to_de(wave, "DE", sent, FMT)
    assert len(trail) == 1
    assert abs(trail[0].value_ns - 1500) <= 1
    assert trail[0].uncertainty_ns == 1.0
    answered = uart.decode(wave, "RX", FMT)
    wait = timing.turnaround(wave, sent, answered, FMT)
    assert len(wait) == 1
    assert abs(wait[0].value_ns - 40_000) <= 1


def test_driver_enable_that_never_sends_is_left_out() -> None:
    wave = rs485()
    assert len(timing.de_to_start(wave, "DE2", uart.decode(wave, "TX", FMT))) == 0
    assert len(timing.stop_to_de(wave, "DE2", uart.decode(wave, "TX", FMT), FMT)) == 0


def test_contention() -> None:
    found = timing.contention(rs485(), "DE", "DE2")
    assert len(found) == 1
    assert found[0].value_ns == 500
    apart = Waveform.from_edges({"A": (0, [1, 5, 20, 30]), "B": (0, [5, 9, 22, 24, 26, 40])}, 50)
    assert timing.contention(apart, "A", "B").values_ns.tolist() == [2, 4]


def test_windows_open_at_both_ends() -> None:
    wave = Waveform.from_edges({"A": (1, [5, 9])}, 20)
    on, off = timing.active_windows(wave, "A")
    assert (on.tolist(), off.tolist()) == ([0, 9], [5, 20])


def test_clock_with_pauses() -> None:
    ticks = np.concatenate([np.arange(0, 1000, 25), np.arange(5000, 6000, 25)])
    edges = np.sort(np.concatenate([ticks, ticks + 10]))
    found = timing.clock(Waveform.from_edges({"SCK": (0, edges)}, 7000), "SCK")
    assert found is not None
    assert abs(found.hz.value - 40e6) < 1
    assert found.duty.value == pytest.approx(0.4)
    assert found.hz.uncertainty / found.hz.value == pytest.approx(2 / 1950)
    assert found.lows[0].value_ns == 15
    assert timing.clock(Waveform.from_edges({"SCK": (0, [5, 9])}, 20), "SCK") is None


def test_setup_and_hold() -> None:
    wave = Waveform.from_edges({"SCK": (0, [100, 150, 200, 250]), "D": (0, [80, 130, 207])}, 300)
    found = timing.setup_hold(wave, "D", "SCK")
    assert found.setup.values_ns.tolist() == [20, 70]
    assert found.hold.values_ns.tolist() == [30, 7]


def test_series_statistics() -> None:
    series = Series(np.array([3.0, 1.0, 2.0]), np.array([0.1, 0.2, 0.3]), np.arange(3))
    assert series.shortest is not None
    assert series.longest is not None
    assert series.mean is not None
    assert (series.shortest.value_ns, series.shortest.uncertainty_ns) == (1.0, 0.2)
    assert series.longest.high_ns == 3.1
    assert (series.mean.value_ns, series.mean.low_ns) == (2.0, 1.7)
    median = series.percentile(50)
    assert median is not None
    assert median.value_ns == 2.0
    empty = series.__class__(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    assert empty.shortest is empty.longest is empty.mean is empty.percentile(5) is None
