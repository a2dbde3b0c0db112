"""Logic capture with any instrument that sigrok knows, by running `sigrok-cli`.

`driver` is what its `--driver` takes, such as "fx2lafw" or "fx2lafw:conn=1.7"; `demo` needs no hardware.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchctl.buses.host import Host
from benchctl.buses.logic import LogicCapture
from benchctl.capture.srzip import open_srzip
from benchctl.capture.waveform import Waveform
from benchctl.errors import AdapterError, AdapterOverrunError, UserError

_DEFAULT_HZ = 1_000_000
_START_S, _STOP_S = 10.0, 10.0
_POLL_S = 0.01
# Instruments of this class have plain crystals; sigrok knows nothing about their accuracy.
_CLOCK_PPM = 100.0


class SigrokCapture(LogicCapture):
    """`LogicCapture` of up to 16 nets.

    Args:
        host: the machine.
        driver: what `sigrok-cli --driver` takes.
        nets: net name to the instrument's channel, such as "D3".

    Raises:
        AdapterError: sigrok-cli is not installed.
    """

    def __init__(self, host: Host, driver: str, nets: Mapping[str, str]) -> None:
        self._clock = host.clock
        self._driver = driver
        self._channels = dict(nets)
        self._hz = _DEFAULT_HZ
        program = shutil.which("sigrok-cli")
        if program is None:
            raise AdapterError("sigrok-cli is not installed", "install it (Debian: sigrok-cli)")
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="benchctl-"))
        self._start_ns = 0

    @property
    def nets(self) -> tuple[str, ...]:
        """The nets wired to the instrument."""
        return tuple(self._channels)

    def configure(self, sample_hz: float) -> float:
        """Choose the sample rate; whether the instrument has it shows when a capture is started."""
        self._hz = round(sample_hz)
        return float(self._hz)

    def start(self) -> None:
        """Begin recording; returns once the first samples are here.

        Raises:
            AdapterError: the instrument is absent, in use, or has no such sample rate.
        """
        if self._process is not None:
            raise UserError("a capture is running", "stop it first")
        self._file.unlink(missing_ok=True)
        process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._process = process
        self._start_ns = self._clock.now_ns()
        deadline = self._clock.deadline_ns(_START_S)
        while process.poll() is None and not self._file.exists():
            if self._clock.now_ns() > deadline:
                self._end()
                raise AdapterError(f"sigrok-cli got no samples from {self._driver} in {_START_S:g} s")
            self._clock.sleep(_POLL_S)
        if process.poll() is not None:
            said = self._end()
            raise AdapterError(
                f"sigrok-cli cannot record with {self._driver} at {self._hz} Hz: {said or 'no reason given'}",
                f"try `sigrok-cli --driver {self._driver} --show`",
            )

    def stop(self) -> Waveform:
        """End recording and return what was seen.

        Raises:
            AdapterOverrunError: the instrument stopped by itself, as they do when the host is too slow.
        """
        if self._process is None:
            raise UserError("no capture is running", "start one first")
        stopped_by_itself = self._process.poll() is not None
        said = self._end()
        if stopped_by_itself:
            raise AdapterOverrunError(
                f"{self._driver} stopped recording by itself{f': {said}' if said else ''}",
                "sample more slowly, or put the instrument on a USB port of its own",
            )
        waveform = open_srzip(self._file).read()
        renamed = waveform.select(list(self._channels.values())).rename(
            {channel: net for net, channel in self._channels.items()}
        )
        return replace(
            renamed, origin_ns=self._start_ns, clock_ppm=_CLOCK_PPM, source=f"sigrok {self._driver}"
        )

    def close(self) -> None:
        """End a running capture; harmless when already closed."""
        if self._process is not None:
            self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _file(self) -> Path:
        return self._folder / "capture.sr"

    def _command(self) -> list[str]:
        options = {
            "--driver": self._driver,
            "--config": f"samplerate={self._hz}",
            "--channels": ",".join(self._channels.values()),
            "--output-format": "srzip",
            "--output-file": str(self._file),
        }
        return [self._program, "--continuous", *(word for pair in options.items() for word in pair)]

    def _end(self) -> str:
        """Ask sigrok-cli to finish its file, and wait for it; returns what it had to say."""
        process, self._process = self._process, None
        assert process is not None
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            process.stdin.write(b"\n")  # any key ends a continuous acquisition
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already
        deadline = self._clock.deadline_ns(_STOP_S)
        while process.poll() is None and self._clock.now_ns() < deadline:
            self._clock.sleep(_POLL_S)
        process.kill()
        process.wait()
        with process.stderr as stream:
            return stream.read().decode(errors="replace").strip()
