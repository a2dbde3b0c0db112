from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchctl.capture import raw, sampling, srzip, stream, vcd
from benchctl.capture.files import open_capture, save_capture
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

same_directory = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def random_waveform(count: int = 3000, channels: int = 3, rate: int = 1_000_000) -> Waveform:
    samples = np.random.default_rng(5).integers(0, 1 << channels, count).astype(np.uint16)
    return Waveform.from_samples(samples, [f"ch{n}" for n in range(channels)], rate)


def same(a: Waveform, b: Waveform) -> bool:
    return (
        a.names == b.names
        and a.rate == b.rate
        and a.span == b.span
        and a.initial == b.initial
        and a.times.tolist() == b.times.tolist()
        and a.states.tolist() == b.states.tolist()
    )


@pytest.mark.parametrize("channels", [1, 8, 9, 16])
@pytest.mark.parametrize("chunk", [1000, 1 << 20])
def test_srzip_round_trip(tmp_path: Path, channels: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srzip, "CHUNK", chunk)
    monkeypatch.setattr(srzip, "_WRITTEN_CHUNK", 1600)
    wave = random_waveform(channels=channels)
    save_capture(wave, tmp_path / "a.sr")
    assert same(open_capture(tmp_path / "a.sr").read(), wave)


def test_srzip_samples_a_waveform_of_edges(tmp_path: Path) -> None:
    wave = Waveform.from_edges({"TX": (1, [1500, 2500, 2600, 3600])}, 10_000)
    save_capture(wave, tmp_path / "a.sr", Fraction(1_000_000))
    assert open_capture(tmp_path / "a.sr").read().edges("TX").tolist() == [2, 4]


def test_srzip_samples_that_straddle_members(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.sr", "w") as archive:
        archive.writestr("version", "2")
        archive.writestr(
            "metadata", "[device 1]\ncapturefile=logic-1\nsamplerate=2.5 kHz\nunitsize=3\nprobe17=X\n"
        )
        archive.writestr("logic-1-2", b"\0\0\1")
        archive.writestr("logic-1-10", b"\0\0\0")
        archive.writestr("logic-1-1", b"\0\0\0\0\0\0")
    wave = open_capture(tmp_path / "a.sr").read()
    assert (wave.rate, wave.span, wave.names[16], wave.names[0]) == (2500, 4, "X", "D0")
    assert wave.edges("X").tolist() == [2, 3]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("", "no logic channels"),
        ("nonsense", "not a whole sigrok session"),
        ("[device 1]\ncapturefile=logic-1\nsamplerate=fast\n", "no sample rate"),
        ("[device 1]\ncapturefile=logic-1\nunitsize=9\n", "9 bytes"),
        ("[device 1]\ncapturefile=logic-1\n", "--rate"),
    ],
)
def test_srzip_with_bad_metadata(tmp_path: Path, metadata: str, message: str) -> None:
    with ZipFile(tmp_path / "a.sr", "w") as archive:
        archive.writestr("metadata", metadata)
    with pytest.raises(UserError, match=message):
        open_capture(tmp_path / "a.sr").read()


@same_directory
@given(at=st.integers(0, 5000), value=st.integers(0, 255), cut=st.booleans())
def test_damaged_srzip_is_refused_or_read(tmp_path: Path, at: int, value: int, cut: bool) -> None:
    path = tmp_path / "a.sr"
    save_capture(random_waveform(), path)
    data = bytearray(path.read_bytes())
    at %= len(data)
    if cut:
        del data[at:]
    else:
        data[at] = value
    path.write_bytes(data)
    with suppress(UserError):
        open_capture(path).read()


def test_srzip_rate_must_be_whole_and_the_file_of_reasonable_length(tmp_path: Path) -> None:
    wave = Waveform.from_edges({"A": (0, [])}, 10**14)
    with pytest.raises(UserError, match="whole"):
        save_capture(wave, tmp_path / "a.sr", Fraction(1, 3))
    with pytest.raises(UserError, match="too long"):
        save_capture(wave, tmp_path / "a.sr")


@pytest.mark.parametrize("chunk", [100, 1 << 20])
@pytest.mark.parametrize("rate", [1000, 4_000_000, 1_000_000_000])
def test_vcd_round_trip(tmp_path: Path, rate: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcd, "_CHUNK", chunk)
    monkeypatch.setattr(vcd, "_READ", 1000)
    wave = random_waveform(rate=rate)
    save_capture(wave, tmp_path / "a.vcd")
    again = open_capture(tmp_path / "a.vcd").read()
    factor = int(again.rate / rate)
    assert again.names == wave.names
    assert again.span == wave.span * factor
    assert again.initial == wave.initial
    assert again.times.tolist() == (wave.times * factor).tolist()
    assert again.states.tolist() == wave.states.tolist()
    assert again.edge_uncertainty_ns == wave.edge_uncertainty_ns


def test_vcd_rate_without_a_whole_timescale_is_written_in_ns(tmp_path: Path) -> None:
    save_capture(Waveform.from_edges({"A": (0, [1, 2, 3])}, 5, 3_000_000), tmp_path / "a.vcd")
    assert open_capture(tmp_path / "a.vcd").read().edges("A").tolist() == [333, 666, 1000]


def test_vcd_of_a_simulator(tmp_path: Path) -> None:
    path = tmp_path / "a.vcd"
    path.write_text(
        "$date today $end $timescale 10ns $end\n"
        "$scope module top $end $var wire 1 ! clk $end $var reg 4 bus d [3:0] $end\n"
        "$var real 64 r volts $end $scope module sub $end $var wire 1 x clk $end $upscope $end\n"
        "$upscope $end $enddefinitions $end\n"
        "$dumpvars 0! b10x1 bus r1.5 r 1x $end #5\n#7 1! b11 bus\n$comment 1! $end #9 0! zx\n#20\n"
    )
    wave = open_capture(path).read()
    assert wave.names == ("clk", "d[0]", "d[1]", "d[2]", "d[3]", "top.sub.clk")
    assert (wave.start, wave.end, wave.rate) == (5, 20, 100_000_000)
    assert wave.edges("clk").tolist() == [7, 9]
    assert wave.edges("d[1]").tolist() == [7]
    assert wave.edges("d[3]").tolist() == [7]
    assert wave.initial_level("d[3]")
    assert wave.edges("top.sub.clk").tolist() == [9]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "do not end"),
        ("hello", "not a VCD"),
        ("$timescale 3 ns $end", "timescale"),
        ("$enddefinitions $end #0", "0 channels"),
        ("$var wire 1 ! a $end $enddefinitions $end #5 1! #4 0!", "goes back"),
        ("$var wire 1 ! a $end $enddefinitions $end #x 1!", "no time"),
    ],
)
def test_bad_vcd(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.vcd"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        open_capture(path).read()


@same_directory
@given(
    noise=st.lists(
        st.one_of(st.text("01xbr#!$ \n", max_size=6), st.sampled_from(["#3", "#9", "1!", "$end", "b1 !"]))
    )
)
def test_damaged_vcd_is_refused_or_read(tmp_path: Path, noise: list[str]) -> None:
    path = tmp_path / "a.vcd"
    path.write_text("$var wire 1 ! a $end $enddefinitions $end\n" + " ".join(noise))
    try:
        wave = open_capture(path).read()
    except UserError:
        return
    assert np.all(np.diff(wave.times) > 0)
    assert not len(wave.times) or wave.start < wave.times[0] <= wave.times[-1] < wave.end


def test_raw_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "CHUNK", 100)
    path = tmp_path / "a.bin"
    samples = np.random.default_rng(1).integers(0, 256, 1050).astype(np.uint8)
    samples.tofile(path)
    opened = open_capture(path, Fraction(1000))
    assert len(list(opened.chunks())) == 11
    assert sampling.sample(opened.read(), 1000).tolist() == samples.tolist()
    (only,) = list(open_capture(path, Fraction(1000)).chunks("D3", None))[:1]
    assert len(only.edges("D2")) == 0
    assert only.edges("D3").tolist() == opened.read().slice(0, 100).edges("D3").tolist()
    with pytest.raises(UserError, match="D8"):
        opened.chunks("D8")


def test_empty_raw_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"")
    assert open_capture(tmp_path / "a.bin", Fraction(1)).read().span == 0


@pytest.mark.parametrize(("name", "rate"), [("a.bin", None), ("a.bin", Fraction(-1)), ("none.sr", None)])
def test_what_cannot_be_opened(tmp_path: Path, name: str, rate: Fraction | None) -> None:
    (tmp_path / "a.bin").write_bytes(b"1")
    with pytest.raises(UserError):
        open_capture(tmp_path / name, rate)


def test_unknown_suffix_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.sr or \.vcd"):
        save_capture(random_waveform(), tmp_path / "a.csv")


def test_a_stream_is_read_anew_each_time(tmp_path: Path) -> None:
    save_capture(random_waveform(), tmp_path / "a.sr")
    opened: stream.Stream = open_capture(tmp_path / "a.sr")
    assert same(opened.read(), opened.read())
