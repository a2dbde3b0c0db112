"""flashrom's serial flasher protocol, version 1, over a stream: lends an SPI bus to foreign programs.

https://www.flashrom.org/supported_hw/supported_prog/serprog/serprog-protocol.html. Numbers are little-endian.
Only the SPI side exists; delays pass on the bench's clock, so that on a virtual bench they cost nothing.
"""

from collections.abc import Callable
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from typing import BinaryIO

from benchctl.buses.clock import Clock
from benchctl.buses.spi import Spi, SpiFormat
from benchctl.errors import AdapterGoneError, BenchError, UserError

ACK, NAK = b"\x06", b"\x15"
_VERSION = 1
_NAME = b"benchctl"
_BUS_SPI = 0x08
_SERIAL_BUFFER, _OPERATION_BUFFER = 0xFFFF, 0xFFFF
_LENGTH_MAX = (1 << 24) - 1
_PIECE_MAX = 1 << 20  # flashrom shows progress and notices Ctrl-C between pieces

Answer = Callable[[bytes], bytes]


class SerprogServer:
    """Answers one client after another.

    Args:
        spi: the bus; its clock is set from the client's request, `hz` until then.
        clock: the bench's time.
        hz: SCLK in Hz.
    """

    def __init__(self, spi: Spi, clock: Clock, hz: float) -> None:
        self._spi, self._clock, self._hz = spi, clock, hz
        self._delay_us = 0
        self._spi.configure(SpiFormat(hz))
        most = min(spi.max_transfer, _LENGTH_MAX, _PIECE_MAX)
        self._commands: dict[int, tuple[int, Answer]] = {
            0x00: (0, lambda _: ACK),
            0x01: (0, lambda _: ACK + _VERSION.to_bytes(2, "little")),
            0x02: (0, lambda _: ACK + self._map()),
            0x03: (0, lambda _: ACK + _NAME.ljust(16, b"\0")),
            0x04: (0, lambda _: ACK + _SERIAL_BUFFER.to_bytes(2, "little")),
            0x05: (0, lambda _: ACK + bytes([_BUS_SPI])),
            0x07: (0, lambda _: ACK + _OPERATION_BUFFER.to_bytes(2, "little")),
            0x08: (0, lambda _: ACK + most.to_bytes(3, "little")),
            0x0B: (0, self._forget_delays),
            0x0E: (4, self._add_delay),
            0x0F: (0, self._pass_delays),
            0x10: (0, lambda _: NAK + ACK),
            0x11: (0, lambda _: ACK + most.to_bytes(3, "little")),
            0x12: (1, lambda given: ACK if given[0] & _BUS_SPI else NAK),
            0x14: (4, self._set_hz),
            0x15: (1, lambda _: ACK),
        }

    def serve_connection(self, connection: socket) -> None:
        """Answer one client over TCP; see `serve`. Bench time stands still while the client thinks.

        Raises:
            ConnectionError: the client broke the connection off.
        """
        connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # each answer is waited for
        with connection.makefile("rb") as incoming, connection.makefile("wb") as outgoing:
            self.serve(incoming, outgoing)

    def serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Answer commands until the client hangs up.

        Raises:
            AdapterGoneError: the adapter was unplugged; other failures of the bench answer NAK.
        """
        while opcode := incoming.read(1):
            if opcode[0] == _SPI_OPERATION:
                answer = self._spi_operation(incoming)
            elif opcode[0] in self._commands:
                count, execute = self._commands[opcode[0]]
                given = incoming.read(count)
                if len(given) < count:
                    return
                answer = execute(given)
            else:
                answer = NAK
            outgoing.write(answer)
            outgoing.flush()

    def _map(self) -> bytes:
        known = sum(1 << opcode for opcode in (*self._commands, _SPI_OPERATION))
        return known.to_bytes(32, "little")

    def _spi_operation(self, incoming: BinaryIO) -> bytes:
        header = incoming.read(6)
        write_count, read_count = (int.from_bytes(header[at : at + 3], "little") for at in (0, 3))
        data = incoming.read(write_count)
        if len(header) < 6 or len(data) < write_count:
            return b""
        try:
            return ACK + self._spi.exchange(data, read_count)
        except AdapterGoneError:
            raise
        except BenchError:
            return NAK

    def _set_hz(self, given: bytes) -> bytes:
        """The rate set, which may not be above the one asked for; zero is not a rate."""
        wanted = int.from_bytes(given, "little")
        if not wanted:
            return NAK
        try:
            self._hz = self._spi.configure(SpiFormat(wanted))
        except UserError:
            return NAK
        return ACK + int(self._hz).to_bytes(4, "little")

    def _forget_delays(self, _: bytes) -> bytes:
        self._delay_us = 0
        return ACK

    def _add_delay(self, given: bytes) -> bytes:
        self._delay_us += int.from_bytes(given, "little")
        return ACK

    def _pass_delays(self, _: bytes) -> bytes:
        self._clock.sleep(self._delay_us / 1e6)
        return self._forget_delays(b"")


_SPI_OPERATION = 0x13
