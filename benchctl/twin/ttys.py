"""A kernel serial port of the bench PC: a pty whose other side is a UART on the bench's wires.

While a program has it open, simulated time passes as wall time does: bytes go through the kernel, which takes
its own time over them. Whatever the program writes leaves TXD at the rate it set with termios, and what comes
in on RXD is read from the port. A pty is always 8 bits without parity and knows no line errors, no RTS and
CTS, and no break: bytes with a framing error are dropped.
"""

import contextlib
import os
from pathlib import Path

from benchctl.buses.pty import open_pty, pty_settings
from benchctl.twin.outside import Outside
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineError, LineFormat, UartReceiver, UartTransmitter
from benchctl.twin.world import Event

_HANGUP_BAUD = 9600  # what is used while B0 is set, which means hang up
_READ = 4096


class VirtualTty:
    """A port at a path, until closed.

    Args:
        node: where the device node goes; its folders are made.
        txd: what it drives.
        rxd: what it hears.
        outside: sees what is written to the port.
    """

    def __init__(self, node: Path, txd: Net, rxd: Net, outside: Outside) -> None:
        self._world, self._outside, self._rxd = txd.world, outside, rxd
        self._master, slave = open_pty()
        node.parent.mkdir(parents=True, exist_ok=True)
        node.symlink_to(os.ttyname(slave))
        fmt = _line_format(self._master)
        self._driver = txd.driver(f"{node.name}.TXD")
        self._driver.set(Drive.HIGH)
        self._transmitter = UartTransmitter(self._driver, fmt)
        self._next: Event | None = None
        rxd.listen(self._retune)  # before the receiver hears of the same edges
        self._receiver = UartReceiver(rxd, fmt, self._plan)
        os.close(slave)
        outside.watch(self._master, self._written, pacing=True)

    def close(self) -> None:
        """Unplug the port."""
        self._outside.unwatch(self._master)
        self._rxd.unlisten(self._retune)
        self._receiver.close()
        self._driver.set(Drive.Z)
        os.close(self._master)

    def _written(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the program closed the port meanwhile
            data = os.read(self._master, _READ)
            if (fmt := _line_format(self._master)) != self._transmitter.format:
                self._transmitter = UartTransmitter(self._driver, fmt)
            self._transmitter.send(data)

    def _retune(self, _from_ns: int) -> None:
        """Take over what the program has set since."""
        self._receiver.format = _line_format(self._master)

    def _plan(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._receiver.pending:
            self._next = self._world.at(self._receiver.pending[0].t_ns, self._arrived)

    def _arrived(self) -> None:
        good = [a.value for a in self._receiver.take(self._world.now) if not a.error & LineError.FRAMING]
        with contextlib.suppress(BlockingIOError, OSError):  # nobody reads: the kernel drops them too
            os.write(self._master, bytes(good))
        self._plan()


def _line_format(master: int) -> LineFormat:
    """Rate and stop bits set on the port, as the master side of a pty sees them."""
    settings = pty_settings(master)
    half_stops = 4 if settings.two_stops else 2
    return LineFormat(round(10**15 / (settings.baud or _HANGUP_BAUD)), half_stops=half_stops)
