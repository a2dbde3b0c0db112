"""Captures by file name: `.sr` and `.vcd` describe themselves, anything else is raw samples."""

from fractions import Fraction
from math import isfinite
from pathlib import Path

from benchctl.capture.stream import Stream
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

_POSITIVE = "give samples per second above 0"


def open_capture(path: Path, rate: Fraction | None = None) -> Stream:
    """A capture of any kind, to be read in chunks.

    Args:
        path: `.sr`, `.vcd`, or raw samples.
        rate: samples per second; needed for raw samples, ignored where the file says it.

    Raises:
        UserError: no such file, not what its name says, or raw without a rate.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}", _neighbour(path))
    # A reader is imported only when it is needed: start-up is most of what a short decode costs.
    if path.suffix == ".sr":
        from benchctl.capture.srzip import open_srzip

        return open_srzip(path, rate)
    if path.suffix == ".vcd":
        from benchctl.capture.vcd import open_vcd

        return open_vcd(path)
    from benchctl.capture.raw import open_raw

    if rate is None:
        raise UserError(f"{path} is taken for raw samples, whose rate is unknown", "give it with --rate")
    if rate <= 0:
        raise UserError(f"a rate of {float(rate):g} samples/s is not possible", _POSITIVE)
    return open_raw(path, rate)


def sample_rate(hz: float | None) -> Fraction | None:
    """A rate that somebody typed, exactly; None stays None.

    Raises:
        UserError: infinite, or no number.
    """
    if hz is None:
        return None
    if not isfinite(hz):
        raise UserError(f"a rate of {hz:g} samples/s is not possible", _POSITIVE)
    return Fraction(hz)


def _neighbour(path: Path) -> str:
    """The file that was probably meant."""
    from benchctl.nearest import nearest

    files = [file.name for file in path.parent.iterdir() if file.is_file()] if path.parent.is_dir() else []
    return nearest(path.name, sorted(files)) if files else f"look for it elsewhere than in {path.parent}"


def save_capture(waveform: Waveform, path: Path, rate: Fraction | None = None) -> None:
    """Write `.sr` (at `rate`, the waveform's own unless given) or `.vcd`.

    Raises:
        UserError: another suffix, or the format cannot hold the waveform.
    """
    if path.suffix == ".sr":
        from benchctl.capture.srzip import write_srzip

        write_srzip(waveform, path, rate)
    elif path.suffix == ".vcd":
        from benchctl.capture.vcd import write_vcd

        write_vcd(waveform, path)
    else:
        raise UserError(f"cannot write a capture as {path.name}", "name it .sr or .vcd")
