"""sigrok's session files (.sr), as sigrok-cli and PulseView read and write them.

A zip archive: `version` ("2"), `metadata` (an INI file) and the samples in `logic-1-1`, `logic-1-2`, … or, in
older files, in `logic-1`. A sample has `unitsize` bytes, least significant first; bit n-1 is `probe`n.
"""

import re
import zlib
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np

from benchctl.capture.sampling import sample_chunks, sample_count
from benchctl.capture.stream import CHUNK, Stream
from benchctl.capture.transitions import States, state_dtype
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError

_UNITS = {"Hz": 1, "kHz": 10**3, "MHz": 10**6, "GHz": 10**9}
_WRITTEN_CHUNK = 1 << 22  # bytes per member, as libsigrok writes them
_MOST_SAMPLES = 1 << 34
# What zipfile raises for a damaged archive.
_DAMAGE = (BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError, RuntimeError)
_CURE = "copy or record it again; sigrok-cli --show -i FILE says what sigrok makes of it"


@dataclass(frozen=True)
class _Layout:
    names: tuple[str, ...]
    rate: Fraction
    unitsize: int
    members: tuple[str, ...]


def open_srzip(path: Path, rate: Fraction | None = None) -> Stream:
    """The logic channels of a session file.

    Args:
        path: the file.
        rate: samples per second, for files that do not say.

    Raises:
        UserError: not a session file, without logic samples, or damaged.
    """
    try:
        with ZipFile(path) as archive:
            layout = _layout(archive, path, rate)
    except (*_DAMAGE, ConfigError, ValueError) as error:
        raise UserError(f"{path} is not a whole sigrok session file ({_why(error)})", _CURE) from error
    return Stream(layout.names, lambda only: _chunks(path, layout, only))


def _layout(archive: ZipFile, path: Path, rate: Fraction | None) -> _Layout:
    config = ConfigParser(interpolation=None, strict=False)
    config.read_string(archive.read("metadata").decode())
    sections = [config[name] for name in config.sections() if "capturefile" in config[name]]
    if not sections:
        raise UserError(f"{path} has no logic channels", "record some: analog ones are not decoded")
    device = sections[0]
    unitsize = int(device.get("unitsize", "1"))
    if not 1 <= unitsize <= 8:
        raise UserError(f"{path} has samples of {unitsize} bytes", "up to 64 channels can be read")
    probes = {int(key[5:]): name for key, name in device.items() if re.fullmatch(r"probe[0-9]+", key)}
    count = min(max(probes, default=0), 8 * unitsize)
    names = tuple(probes.get(number, f"D{number - 1}") for number in range(1, count + 1))
    if "samplerate" in device:
        rate = parse_rate(device["samplerate"])
    if not rate:
        raise UserError(f"{path} does not say its sample rate", "give it with --rate")
    base = device["capturefile"]
    numbered = re.compile(re.escape(base) + r"-([0-9]+)$")
    chunks = sorted((int(m[1]), m[0]) for m in map(numbered.match, archive.namelist()) if m)
    return _Layout(names, rate, unitsize, tuple(name for _, name in chunks) or (base,))


def _chunks(path: Path, layout: _Layout, only: int | None) -> Iterator[Waveform]:
    start, previous = 0, None
    try:
        with ZipFile(path) as archive:
            for samples in _samples(archive, layout):
                yield Waveform.from_samples(
                    samples,
                    layout.names,
                    layout.rate,
                    start=start,
                    previous=previous,
                    only=only,
                    source=path.name,
                )
                if len(samples):
                    start, previous = start + len(samples), int(samples[-1])
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged after {start} samples ({_why(error)})", _CURE) from error


def _why(error: Exception) -> str:
    """What an exception says, on one line; a KeyError would put it in quotes."""
    said = error.args[0] if isinstance(error, KeyError) else error
    return " ".join(str(said).split()).rstrip(".")


def _samples(archive: ZipFile, layout: _Layout) -> Iterator[States]:
    """Samples in chunks; at least one, which may be empty."""
    size = layout.unitsize
    rest = b""
    given = False
    for member in layout.members:
        with archive.open(member) as file:
            while data := file.read(CHUNK * size):
                data = rest + data if rest else data
                whole = len(data) - len(data) % size
                rest = data[whole:]
                yield _unpack(data[:whole], size)
                given = True
    if not given:
        yield _unpack(b"", size)


def _unpack(data: bytes, size: int) -> States:
    dtype = state_dtype(8 * size)
    if dtype.itemsize == size:
        return np.frombuffer(data, dtype=dtype.newbyteorder("<")).astype(dtype, copy=False)
    wide = np.zeros((len(data) // size, dtype.itemsize), dtype=np.uint8)
    wide[:, :size] = np.frombuffer(data, dtype=np.uint8).reshape(-1, size)
    return wide.view(dtype.newbyteorder("<")).ravel().astype(dtype, copy=False)


def write_srzip(waveform: Waveform, path: Path, rate: Fraction | None = None) -> None:
    """Write a session file.

    Args:
        waveform: what to write; 1 to 64 channels.
        path: the file, replaced if it exists.
        rate: samples per second, whole; the waveform's own unless given.

    Raises:
        UserError: the rate is no whole number of Hz, or the file would hold more than 2^34 samples.
    """
    rate = rate or waveform.rate
    if rate.denominator != 1:
        raise UserError(f"a .sr file cannot have {float(rate):g} samples/s", "choose a whole rate in Hz")
    if sample_count(waveform, rate) > _MOST_SAMPLES:
        raise UserError("the capture is too long for a .sr file at this rate", "choose a lower rate, or .vcd")
    itemsize = state_dtype(len(waveform.names)).itemsize
    lines = [
        "[global]",
        "sigrok version=0.5.2",
        "",
        "[device 1]",
        "capturefile=logic-1",
        f"total probes={len(waveform.names)}",
        f"samplerate={rate.numerator} Hz",
        "total analog=0",
        *(f"probe{number}={name}" for number, name in enumerate(waveform.names, 1)),
        f"unitsize={itemsize}",
        "",
    ]
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("version", "2")
        archive.writestr("metadata", "\n".join(lines))
        chunks = sample_chunks(waveform, rate, _WRITTEN_CHUNK // itemsize)
        for number, samples in enumerate(chunks, 1):
            data = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
            archive.writestr(f"logic-1-{number}", data.tobytes())


def parse_rate(text: str) -> Fraction:
    """A rate as sigrok writes it, such as "24 MHz", in Hz. Raises ValueError for anything else."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kMG]?Hz)?\s*", text)
    if not match or not Fraction(match[1]):
        raise ValueError(f"{text!r} is no sample rate")
    return Fraction(match[1]) * _UNITS[match[2] or "Hz"]
