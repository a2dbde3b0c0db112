"""A UART of the kernel: a serial port or a pty, through pyserial."""

import array
import errno
import fcntl
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import serial

from benchctl.adapters import stamp_jitter
from benchctl.adapters.holders import holder_of
from benchctl.adapters.nodes import explain_node
from benchctl.adapters.reading import read_exactly
from benchctl.buses.host import Host
from benchctl.buses.pattern import Pattern
from benchctl.buses.pty import tty_baud
from benchctl.buses.uart import Received, Uart, UartFormat
from benchctl.errors import (
    AdapterBusyError,
    AdapterGoneError,
    BusTimeoutError,
    NotEquippedError,
    UserError,
)

_DEFAULT = UartFormat(115_200)
_BITS = (5, 6, 7, 8)
_READ = 4096
_POLL_S = 0.0005
_UNKNOWN_LATENCY_MS = 16
_BAUD_TOLERANCE = 0.03
_TIOCGICOUNT = 0x545D
# Words of struct serial_icounter_struct (linux/serial.h).
_COUNTERS = {"framing": 6, "overrun": 7, "parity": 8, "break": 9}
_COUNTER_WORDS = 20
_UNSUPPORTED = frozenset({errno.ENOTTY, errno.EINVAL, errno.ENOSYS})


class TtyUart(Uart):
    """`Uart` on a device node, opened for this process alone.

    Args:
        host: the machine.
        path: the node as in rig files, such as "/dev/serial/by-id/..."; below the host's device root.

    Raises:
        AdapterError: it is absent or this user may not open it.
        AdapterBusyError: another program has it open.
    """

    def __init__(self, host: Host, path: str) -> None:
        self._clock = host.clock
        self._node = host.device_root / path.lstrip("/")
        self._path = path
        self._format = _DEFAULT
        self._left: Received | None = None
        self._port = self._open()
        self._is_pty = Path(os.ttyname(self._port.fileno())).parent.name == "pts"
        self._counts = self._line_counters()
        self._sent_by_ns = 0
        self._last_look_ns = self._clock.now_ns()
        self._late_ns = 0

    def _open(self) -> serial.Serial:
        holder = holder_of(self._node)
        if holder:  # also one that did not lock it
            raise AdapterBusyError(f"{self._path} is in use", "close the other program", holder=holder)
        try:
            port = serial.Serial(str(self._node), _DEFAULT.baud, timeout=0, write_timeout=0, exclusive=True)
        except serial.SerialException as error:
            raise explain_node(
                error, self._path, self._node, group="dialout", absent="run `benchctl scan` to see what is"
            ) from error
        # pyserial's lock is only seen by programs that ask for it; this refuses the others too.
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        with suppress(ValueError, NotImplementedError):  # what is no USB adapter may have no such setting
            port.set_low_latency_mode(True)  # an FTDI adapter's latency timer: 1 ms
        return port

    @property
    def format(self) -> UartFormat:
        """The format in force."""
        return self._format

    @property
    def limitations(self) -> tuple[str, ...]:
        """What this port cannot do that the contract names, for the bench's audit."""
        limits = ["gaps between bytes and line errors cannot be made"]
        if self._is_pty:
            limits.append("it is a pty: no parity or data bits, line errors, RTS, CTS or break")
        elif self._counts is None:
            limits.append("line errors are not reported")
        return tuple(limits)

    @property
    def stamp_uncertainty_ns(self) -> int:
        """Of the chunk taken last: the adapter's latency timer, how long nobody looked, and host jitter.

        The latency timer is taken for 16 ms where the driver does not tell it.
        """
        latency_ns = 0 if self._is_pty else (self._latency_ms() + 1) * 1_000_000
        return latency_ns + self._late_ns + stamp_jitter.ALLOWED_NS

    def configure(self, fmt: UartFormat) -> float:
        """Set the format; returns the baud rate the driver says it uses."""
        if fmt.bits not in _BITS or fmt.stop == 1.5:
            raise UserError(f"{self._path} cannot do this format", "use 5 to 8 bits and 1 or 2 stop bits")
        settings: dict[str, object] = {"baudrate": fmt.baud, "stopbits": fmt.stop}
        if not self._is_pty:  # a pty carries whole bytes, and the kernel refuses anything else
            settings |= {"bytesize": fmt.bits, "parity": fmt.parity.value}
        self._apply(settings)
        with self._errors():
            baud = tty_baud(self._port.fileno())
        if abs(baud - fmt.baud) > _BAUD_TOLERANCE * fmt.baud:
            raise UserError(f"{self._path} cannot make {fmt.baud} baud", f"its driver made it {baud}")
        self._format = fmt
        return float(baud)

    def _apply(self, settings: dict[str, object]) -> None:
        with self._errors():
            try:
                self._port.apply_settings({**self._port.get_settings(), **settings})
            except (ValueError, termios.error) as error:
                if isinstance(error, termios.error) and error.args[0] != errno.EINVAL:
                    raise
                what = f"{self._path} cannot do this format: {error}"
                raise UserError(what, "try another baud rate") from error

    def write(self, data: bytes) -> None:
        """Hand bytes to the kernel; blocks only while its buffer is full."""
        rest = memoryview(data)
        start = max(self._sent_by_ns, self._clock.now_ns())
        while rest:
            with self._errors():
                taken = self._port.write(rest) or 0
            rest = rest[taken:]
            if rest and not taken:
                self._clock.sleep(_POLL_S)
        self._sent_by_ns = start + round(len(data) * self._format.frame_ns)

    def write_pattern(self, pattern: Pattern) -> None:
        """Not possible here."""
        raise NotEquippedError(
            f"UART that can play patterns: {self._path} is a kernel tty", "use an FTDI channel"
        )

    def drain(self, timeout_s: float = 5.0) -> None:
        """Wait until the kernel's buffer is empty and the last frame had its time."""
        deadline = max(self._sent_by_ns, self._clock.now_ns()) + round(timeout_s * 1e9)
        with self._errors():
            while self._port.out_waiting:
                if self._clock.now_ns() >= deadline:
                    raise BusTimeoutError(f"{self._path} did not finish sending", "see what holds CTS")
                self._clock.sleep(_POLL_S)
            self._port.flush()  # what is left is in the hardware: some ms at most, as its driver knows
        self._clock.sleep(max(0.0, (self._sent_by_ns - self._clock.now_ns()) / 1e9))

    def read(self, count: int, timeout_s: float = 1.0) -> bytes:
        """Read exactly `count` bytes."""
        data, left = read_exactly(self._clock, self.read_chunk, count, timeout_s, self._path)
        if left is not None:
            self._left = left
        return data

    def read_chunk(self, timeout_s: float = 1.0) -> Received | None:
        """What the kernel has, or what comes first; or what `read` left of the last chunk."""
        chunk, self._left = self._left, None
        if chunk is not None:
            return chunk
        with self._errors():
            waited_for = not self._clock.wait_readable(self._port.fileno(), 0)
            if waited_for and not self._clock.wait_readable(self._port.fileno(), timeout_s):
                self._last_look_ns = self._clock.now_ns()
                return None
            data = self._port.read(_READ)
        now = self._clock.now_ns()
        # What was there already came at any time since somebody last looked.
        self._late_ns = 0 if waited_for else now - self._last_look_ns
        self._last_look_ns = now
        return Received(now, bytes(data), self._new_errors())

    def discard_input(self) -> None:
        """Forget everything received so far."""
        self._left = None
        with self._errors():
            self._port.reset_input_buffer()
        self._new_errors()

    def set_rts(self, asserted: bool) -> None:
        """Drive RTS."""
        with self._errors("RTS line"):
            self._port.rts = asserted

    def cts(self) -> bool:
        """True while CTS is asserted."""
        with self._errors("CTS line"):
            return bool(self._port.cts)

    def set_break(self, active: bool) -> None:
        """Hold TXD at space while active."""
        with self._errors("break"):
            self._port.break_condition = active

    def close(self) -> None:
        """Let go of the port, whatever has become of it; harmless when already closed."""
        with self._errors():
            if self._port.is_open:
                with suppress(OSError):  # it has gone, and nobody can have it
                    fcntl.ioctl(self._port.fileno(), termios.TIOCNXCL)
            self._port.close()

    @contextmanager
    def _errors(self, feature: str = "") -> Iterator[None]:
        """Turn what pyserial and the kernel raise into errors about this port."""
        try:
            yield
        except (serial.SerialException, OSError, termios.error) as error:
            number = error.args[0] if error.args else None  # termios.error has no errno
            if feature and number in _UNSUPPORTED:
                raise NotEquippedError(f"{feature} on {self._path}", "use an adapter that has it") from error
            raise AdapterGoneError(
                f"{self._path} failed: {error}",
                "plug it in again; if it is a pty, start its other side again",
            ) from error

    def _latency_ms(self) -> int:
        name = Path(os.ttyname(self._port.fileno())).name
        timer = Path("/sys/bus/usb-serial/devices") / name / "latency_timer"
        return int(timer.read_text()) if timer.is_file() else _UNKNOWN_LATENCY_MS

    def _line_counters(self) -> list[int] | None:
        """The driver's counters of line errors; None when it keeps none."""
        counters = array.array("i", [0] * _COUNTER_WORDS)
        try:
            fcntl.ioctl(self._port.fileno(), _TIOCGICOUNT, counters)
        except OSError:
            return None
        return list(counters)

    def _new_errors(self) -> frozenset[str]:
        before, self._counts = self._counts, self._line_counters()
        if before is None or self._counts is None:
            return frozenset()
        return frozenset(name for name, word in _COUNTERS.items() if self._counts[word] != before[word])
