"""A UART of the bench as a pty, for programs that know nothing but serial ports."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from benchctl.adapters.closing import close_all
from benchctl.buses.clock import Clock
from benchctl.buses.pty import PtySettings, open_pty, pty_settings, set_pty_baud
from benchctl.buses.uart import Uart, UartFormat
from benchctl.errors import UserError

_READ = 4096
# The kernel tells the near side of nothing that is set on the far side but does not write: one has to look.
_LOOK_S = 0.05


class LentUart:
    """Carries bytes both ways between a UART and a pty from its construction on, in wall time.

    Rate and stop bits follow what the program sets on the pty. Parity, data bits, flow control, modem lines
    and breaks do not cross a pty: the wire has those of `fmt`.

    Args:
        uart: the UART; its owner closes it, later.
        clock: the bench's.
        fmt: the format until a program sets another.
        remark: told what cannot be followed, and of line errors, which a pty cannot show.

    Raises:
        UserError: the adapter cannot do the format.
    """

    def __init__(self, uart: Uart, clock: Clock, fmt: UartFormat, remark: Callable[[str], None]) -> None:
        self._uart, self._clock, self._remark = uart, clock, remark
        self._format = fmt
        uart.configure(fmt)
        self._near, self._far = open_pty()
        self.path = os.ttyname(self._far)
        set_pty_baud(self._far, fmt.baud)
        self._seen = pty_settings(self._near)
        self._errors: frozenset[str] = frozenset()
        self._bell, self._rope = os.pipe()
        self._over = False
        clock.keep_wall_time()
        self._tasks = [
            clock.spawn(lambda: self._until_over(self._send), "pty to UART"),
            clock.spawn(lambda: self._until_over(self._receive), "UART to pty"),
        ]

    def stop(self) -> None:
        """Make `wait` return True; a signal handler may call this."""
        os.write(self._rope, b".")

    def wait(self, timeout_s: float) -> bool:
        """True as soon as `stop` was called or a direction failed; False when neither was in time."""
        return self._clock.wait_readable(self._bell, timeout_s)

    def close(self) -> None:
        """End both directions.

        Raises:
            BenchError: what ended them before, such as the adapter's being unplugged.
        """
        self._over = True
        try:
            close_all(task.join for task in self._tasks)
        finally:
            for descriptor in (self._near, self._far, self._bell, self._rope):
                os.close(descriptor)

    def __enter__(self) -> "LentUart":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _until_over(self, step: Callable[[], None]) -> None:
        try:
            while not self._over:
                step()
        finally:
            self.stop()

    def _send(self) -> None:
        data = b""
        if self._clock.wait_readable(self._near, _LOOK_S):
            data = os.read(self._near, _READ)
        settings = pty_settings(self._near)
        if settings != self._seen:
            self._seen = settings
            self._follow(settings)
        if data:
            self._uart.write(data)

    def _follow(self, settings: PtySettings) -> None:
        if settings.flow_control:
            self._remark("the program wants RTS/CTS flow control, which does not cross a pty")
        wanted = replace(
            self._format, baud=settings.baud or self._format.baud, stop=2 if settings.two_stops else 1
        )
        if wanted == self._format:
            return
        self._uart.drain()  # what was written before leaves as it was meant
        try:
            self._uart.configure(wanted)
        except UserError as error:
            self._remark(f"{error.what}: the wire stays at {self._format.baud} baud")
            return
        self._format, self._errors = wanted, frozenset()
        self._remark(f"the program set {wanted.baud} baud, {wanted.stop:g} stop")

    def _receive(self) -> None:
        chunk = self._uart.read_chunk(_LOOK_S)
        if chunk is None:
            return
        if chunk.errors - self._errors:
            self._errors |= chunk.errors
            self._remark(f"on the wire: {', '.join(sorted(chunk.errors))}; a pty cannot show that")
        with suppress(BlockingIOError):  # nobody reads: a serial port would lose it as well
            os.write(self._near, chunk.data)
