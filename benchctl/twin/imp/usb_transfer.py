"""One bulk or interrupt transfer of the imp's USB host, packet by packet while the program runs on."""

from collections.abc import Callable

from benchctl.twin.imp.usb_port import UsbHostPort
from benchctl.twin.usb.device import Stall, UsbDevice
from benchctl.twin.world import Event, World

OK, STALL, OVERRUN, DISCONNECTED, TIMEOUT = 0, 4, 8, 14, 19  # transfer_states, api/usb.yaml
_LIMIT_NS = 5_000_000_000  # USB-LIM-05: a bulk command is limited to five seconds

Finished = Callable[[int, bytes, int], None]


class _Overrun(Exception):  # noqa: N818 -- an outcome of a transfer
    """The device sent more than there is room for."""


class Transfer:
    """Runs until done, refused, out of time, or ended from outside.

    Args:
        world: simulated time.
        port: the host port.
        device: the device it talks to.
        endpoint: its address; bit 7 set means the device sends.
        max_packet: bytes of a full packet.
        data: what to send.
        wanted: bytes to receive.
        limited: whether the five-second limit holds (bulk).
        finished: called with the state, what was received, and the number of bytes moved.
    """

    def __init__(
        self,
        world: World,
        port: UsbHostPort,
        device: UsbDevice,
        endpoint: int,
        max_packet: int,
        data: bytes,
        wanted: int,
        finished: Finished,
        *,
        limited: bool,
    ) -> None:
        self._world, self._port, self._device = world, port, device
        self._endpoint, self._max_packet = endpoint, max_packet
        self._left, self._wanted, self._finished = data, wanted, finished
        self._got = bytearray()
        self._moved = 0
        self._over = False
        self._deadline: Event | None = world.after(_LIMIT_NS, lambda: self.end(TIMEOUT)) if limited else None
        world.after(port.packet_time_ns(0), self._step)

    def end(self, state: int) -> None:
        """Stop and report the state, unless it is over."""
        if self._over:
            return
        self._over = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._finished(state, bytes(self._got), self._moved)

    def _step(self) -> None:
        if self._over:
            return
        try:
            moved = self._receive() if self._endpoint & 0x80 else self._send()
        except Stall:
            self.end(STALL)
            return
        except _Overrun:
            self.end(OVERRUN)
            return
        if moved is None:
            self._device.on_ready(self._endpoint, self._retry)
        elif self._complete(moved):
            self._world.after(self._port.packet_time_ns(moved), lambda: self.end(OK))
        else:
            self._world.after(self._port.packet_time_ns(moved), self._step)

    def _retry(self) -> None:
        self._world.after(self._port.packet_time_ns(0), self._step)

    def _send(self) -> int | None:
        taken = self._device.write(self._endpoint, self._left[: self._max_packet])
        if not taken and self._left:
            return None
        self._left = self._left[taken:]
        self._moved += taken
        return taken

    def _receive(self) -> int | None:
        packet = self._device.read(self._endpoint, self._max_packet)
        if packet is None:
            return None
        # The device decides how long its packet is. choice: of one that does not fit, what fits is kept.
        fits = packet[: min(self._max_packet, self._wanted - len(self._got))]
        self._got += fits
        self._moved += len(fits)
        if len(fits) < len(packet):
            raise _Overrun
        return len(packet)

    def _complete(self, moved: int) -> bool:
        if self._endpoint & 0x80:
            return moved < self._max_packet or len(self._got) >= self._wanted
        return not self._left
