"""One channel of an FTDI chip: its mode, its endpoints and its status.

pyftdi sets the modes and rates. Data is read from the endpoint directly, because pyftdi drops the status
bytes (line errors, overrun), returns short data without an error, and its serial port sleeps in wall time.
"""

from fractions import Fraction
from typing import Any

import usb.util
from pyftdi.ftdi import Ftdi
from usb.core import Device

from benchctl.adapters.ftdi import packets, rates
from benchctl.adapters.usberrors import UsbErrors
from benchctl.buses.host import Host
from benchctl.errors import AdapterError

_TRANSFER_MS = 5000
_FULL_SPEED_PACKET = 64
_CHUNK = 1 << 16
_UNBROKEN = 1 << 20  # of the 16 MiB that Linux gives to all USB transfers of programs


class _QuietFtdi(Ftdi):  # type: ignore[misc]  # pyftdi is untyped
    """pyftdi leaves a channel in UART mode when it opens it, which drives TXD, RTS and DTR; this does not."""

    opening = False

    def open_from_device(self, device: Device, interface: int = 1) -> None:
        self.opening = True
        super().open_from_device(device, interface)
        self.opening = False

    def set_bitmode(self, bitmask: int, mode: Ftdi.BitMode) -> None:
        super().set_bitmode(bitmask, Ftdi.BitMode.BITBANG if self.opening else mode)


class FtdiChannel:
    """A channel, open and in high impedance when constructed.

    Attributes:
        who: adapter and channel, for messages.
        packet_size: bytes of a USB packet, status included.
        high_speed: whether the chip is of the H series.
        fifo: bytes the chip buffers towards the pins and towards the host.
        errors: a context in which what USB raises becomes an error about this channel.
    """

    def __init__(self, host: Host, device: Device, index: int, who: str) -> None:
        self.host = host
        self.clock = host.clock
        self.who = who
        self.is_open = True
        self._discarded = False
        self._device = device
        self.errors = UsbErrors(device, who)
        self._ftdi: Any = _QuietFtdi()
        with self.errors:
            self._ftdi.open_from_device(device, index + 1)
            self._ftdi.write_data_set_chunksize(_CHUNK)
            endpoints = device.get_active_configuration()[(index, 0)]
            self._endpoint_in, self._endpoint_out = sorted(endpoints, key=_is_output)
        self.packet_size: int = self._endpoint_in.wMaxPacketSize
        self.high_speed: bool = self._ftdi.is_H_series
        self.fifo: tuple[int, int] = self._ftdi.fifo_sizes

    @property
    def ftdi(self) -> Any:
        """The channel as pyftdi sees it (`pyftdi.ftdi.Ftdi`)."""
        return self._ftdi

    @property
    def frame_ns(self) -> int:
        """How late the host may see what the chip has ready: one microframe (H series) or frame of USB."""
        return 1_000_000 if self.packet_size <= _FULL_SPEED_PACKET else 125_000

    def release(self) -> None:
        """High impedance: bit-bang mode with all pins inputs."""
        with self.errors:
            self._ftdi.set_bitmode(0, Ftdi.BitMode.BITBANG)

    def uart(self) -> None:
        """UART mode, buffers empty."""
        with self.errors:
            self._ftdi.set_bitmode(0, Ftdi.BitMode.RESET)
            self._ftdi.purge_buffers()

    def mpsse(self) -> None:
        """MPSSE mode, all pins inputs, buffers empty."""
        with self.errors:
            self._ftdi.set_bitmode(0, Ftdi.BitMode.RESET)
            self._ftdi.set_bitmode(0, Ftdi.BitMode.MPSSE)
            self._ftdi.purge_buffers()

    def bitbang(self, hz: float, low: int = 0) -> Fraction:
        """Asynchronous bit-bang mode; returns the exact clock in Hz.

        All pins are inputs but those of `low`, which are driven low at once: the latch starts at zero. A pin
        that is to be high is an input, held by its pull-up, until the latch has been written.

        Raises:
            UserError: the chip cannot make that clock.
        """
        rate, request = rates.bitbang_rate(hz, self.high_speed)
        with self.errors:
            self._ftdi.set_bitmode(low, Ftdi.BitMode.BITBANG)
            self._ftdi.set_baudrate(request, False)
        return rate

    def drive(self, mask: int) -> None:
        """In bit-bang mode: make the pins of `mask` outputs and the others inputs."""
        with self.errors:
            self._ftdi.set_bitmode(mask, Ftdi.BitMode.BITBANG)

    def pins(self) -> int:
        """The levels at D0 to D7 now."""
        with self.errors:
            return int(self._ftdi.read_pins())

    def set_latency(self, ms: int) -> None:
        """How long the chip waits for more data before it sends what it has, 1 to 255 ms."""
        with self.errors:
            self._ftdi.set_latency_timer(ms)

    def write(self, data: bytes) -> None:
        """Send bytes to the chip; returns when it has taken the last of them into its buffer."""
        self._require_open()
        with self.errors:
            self._ftdi.write_data(data)

    def stream(self, data: bytes, seconds: float) -> None:
        """Send bytes that the chip takes `seconds` s to use, in transfers so long that it never runs dry.

        Between two transfers a busy host may take longer than the chip's buffer lasts.
        """
        self._require_open()
        with self.errors:
            for at in range(0, len(data), _UNBROKEN):
                piece = data[at : at + _UNBROKEN]
                taken = self._device.write(self._endpoint_out, piece, _TRANSFER_MS + round(seconds * 1000))
                if taken != len(piece):
                    raise AdapterError(
                        f"{self.who} took {taken} of {len(piece)} bytes", "unplug it and plug it in again"
                    )

    def read(self, size: int) -> bytes:
        """One bulk transfer of up to `size` bytes, status bytes still in it.

        Ends with the first packet that is not full: at the latest when the latency timer runs out.
        """
        self._require_open()
        with self.errors:
            return bytes(self._device.read(self._endpoint_in, size, _TRANSFER_MS))

    def read_data(self, size: int) -> packets.Payload:
        """`read`, with the status bytes taken out of the data."""
        raw = self.read(size)
        payload = packets.strip(raw, self.packet_size)
        if self._discarded:
            self._discarded = False
            status = packets.strip(raw[self.packet_size :], self.packet_size).status
            payload = payload._replace(status=status)
        return payload

    def discard(self) -> None:
        """Empty both buffers of the chip.

        The status of the next packet is not believed: it may tell of what was lost before, when nobody read.
        """
        with self.errors:
            self._ftdi.purge_buffers()
        self._discarded = True

    def idle(self) -> bool:
        """True when the chip has sent everything: buffer and shift register empty."""
        with self.errors:
            return bool(self._ftdi.poll_modem_status() & Ftdi.MODEM_TEMT)

    def _require_open(self) -> None:
        if not self.is_open:
            raise AdapterError(f"{self.who} has been closed", "ask the bench for the port again")

    def close(self) -> None:
        """High impedance; harmless when already closed.

        pyftdi's own closing is left out: it would give the interface to the kernel, which makes a tty of it
        that programs open, while the chip is still ours.

        Raises:
            AdapterError: the channel could not be reached any more.
        """
        if self.is_open:
            self.is_open = False
            self.release()


def _is_output(endpoint: Any) -> bool:
    return bool(usb.util.endpoint_direction(endpoint.bEndpointAddress) == usb.util.ENDPOINT_OUT)
