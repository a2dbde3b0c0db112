"""One channel of an FTDI chip: its vendor requests, its mode, and its pair of endpoints."""

from collections.abc import Callable

from benchctl.twin.ftdi.baud import RESET_DIVIDER, decode
from benchctl.twin.ftdi.bitbang import AsyncBitbang, SyncBitbang
from benchctl.twin.ftdi.engine import Engine
from benchctl.twin.ftdi.models import Model
from benchctl.twin.ftdi.mpsse import Mpsse
from benchctl.twin.ftdi.packets import STATUS_BYTES, InPipe
from benchctl.twin.ftdi.pins import Pin, PinBank, levels
from benchctl.twin.ftdi.uart import UartEngine, UartSettings
from benchctl.twin.usb.device import Stall
from benchctl.twin.world import Event, World

# Vendor requests (ftdi_sio.h, libftdi's ftdi.h).
RESET, MODEM_CTRL, FLOW_CTRL, BAUDRATE, DATA, MODEM_STATUS = 0, 1, 2, 3, 4, 5
EVENT_CHAR, ERROR_CHAR, SET_LATENCY, GET_LATENCY, BITMODE, READ_PINS = 6, 7, 9, 10, 11, 12

# Arguments of RESET. The names are the chip's: its RX buffer holds what the host sent, TX what goes to it.
RESET_ALL, PURGE_RX, PURGE_TX = 0, 1, 2

MODE_UART, MODE_BITBANG, MODE_MPSSE, MODE_SYNC_BITBANG = 0x00, 0x01, 0x02, 0x04
_PARITIES = "NOEMS"
_HALF_STOPS = (2, 3, 4)
_FULL_SPEED_MARK, _HIGH_SPEED_MARK = 0x01, 0x02  # low nibble of the first status byte


class Channel:
    """A channel with power.

    Args:
        world: simulated time.
        model: the chip.
        letter: which channel.
        pins: its pins.
        txden: its RS485 driver enable, or None.
        in_ready: called when a NAKed read would be answered now.
        out_ready: called when a NAKed write would be taken now.
    """

    def __init__(
        self,
        world: World,
        model: Model,
        letter: str,
        pins: PinBank,
        txden: Pin | None,
        in_ready: Callable[[], None],
        out_ready: Callable[[], None],
    ) -> None:
        self._world, self._model, self._pins, self._txden = world, model, pins, txden
        self._has_mpsse = letter in model.mpsse
        self._out_ready = out_ready
        self._out_wanted = 0
        self._out_wake: Event | None = None
        self._settings = UartSettings(RESET_DIVIDER._replace(crystal=model.crystal))
        self._mode = MODE_UART
        self._pipe = InPipe(world, model.packet, self._status, in_ready)
        self._engine: Engine = self._uart()

    def close(self) -> None:
        """Power is gone."""
        self._engine.close()
        self._pipe.reset()
        if self._out_wake is not None:
            self._out_wake.cancel()

    def write(self, data: bytes) -> int:
        """Offer bytes of the OUT endpoint; returns how many are taken now."""
        taken = self._engine.write(data)
        self._out_wanted = 0 if taken else min(len(data), self._model.packet)
        if self._out_wanted:
            self._plan_out()
        return taken

    def read(self) -> bytes | None:
        """A packet of the IN endpoint, or None."""
        packet = self._pipe.read(self._engine)
        if packet is not None and self._out_wanted:
            self._plan_out()
        return packet

    def pending(self, size: int) -> None:
        """The host's transfer on the IN endpoint has room for `size` more bytes."""
        packets = size // self._model.packet
        extended = self._engine.extend(packets * (self._model.packet - STATUS_BYTES))
        self._pipe.collect = max(packets, 1) if extended else 1
        if packets:
            self._pipe.poke(self._engine)

    def request_in(self, request: int) -> bytes:
        """A vendor request that reads.

        Raises:
            Stall: not one of this chip's.
        """
        if request == MODEM_STATUS:
            return self._status()
        if request == GET_LATENCY:
            return bytes((self._pipe.latency_ms,))
        if request == READ_PINS:
            return bytes((levels(self._pins.low),))
        raise Stall

    def request_out(self, request: int, value: int, index: int) -> None:
        """A vendor request that writes; `index` is the whole wIndex.

        Raises:
            Stall: not one of this chip's.
        """
        settings = self._settings
        if request == RESET:
            self._reset(value)
        elif request == BITMODE:
            self._set_mode(value >> 8, value & 0xFF)
        elif request == SET_LATENCY:
            self._pipe.latency_ms = max(value & 0xFF, 1)
            self._pipe.poke(self._engine)
        elif request == BAUDRATE:
            settings.divider = decode(self._model, value, index)
        elif request == DATA:
            settings.bits = value & 0x0F
            settings.parity = _PARITIES[min(value >> 8 & 7, 4)]
            settings.half_stops = _HALF_STOPS[min(value >> 11 & 3, 2)]
            settings.space = bool(value & 0x4000)
        elif request == MODEM_CTRL:
            settings.dtr = bool(value & 1) if value & 0x100 else settings.dtr
            settings.rts = bool(value & 2) if value & 0x200 else settings.rts
        elif request == FLOW_CTRL:
            settings.flow = index >> 8 & 7
            settings.xon, settings.xoff = value & 0xFF, value >> 8
        elif request == EVENT_CHAR:
            settings.event = value & 0xFF if value & 0x100 else None
        elif request == ERROR_CHAR:
            settings.error = value & 0xFF if value & 0x100 else None
        else:
            raise Stall
        self._apply()

    def _apply(self) -> None:
        if isinstance(self._engine, UartEngine):
            self._engine.apply()
        elif isinstance(self._engine, AsyncBitbang | SyncBitbang):
            self._engine.set_rate(self._settings.divider.bitbang_hz)
        self._changed()

    def _reset(self, what: int) -> None:
        """RESET_ALL also turns flow control, the event character, DTR and RTS off (ftdi_sio.h)."""
        if what not in (RESET_ALL, PURGE_RX, PURGE_TX):
            raise Stall
        if what != PURGE_TX:
            self._engine.purge_out()
        if what != PURGE_RX:
            self._engine.purge_in()
        if what == RESET_ALL:
            settings = self._settings
            settings.flow, settings.event, settings.dtr, settings.rts = 0, None, False, False

    def _set_mode(self, mode: int, mask: int) -> None:
        engine = self._engine
        if mode == self._mode and isinstance(engine, AsyncBitbang | SyncBitbang):
            engine.set_direction(mask)
            return
        if mode not in (MODE_UART, MODE_BITBANG, MODE_SYNC_BITBANG) and not (
            mode == MODE_MPSSE and self._has_mpsse
        ):
            raise Stall
        if mode == self._mode == MODE_UART:
            return
        engine.close()
        self._mode = mode
        self._engine = self._enter(mode, mask)

    def _enter(self, mode: int, mask: int) -> Engine:
        if mode == MODE_UART:
            return self._uart()
        if mode == MODE_MPSSE:
            return Mpsse(self._world, self._model, self._pins, self._changed)
        kind = AsyncBitbang if mode == MODE_BITBANG else SyncBitbang
        rate = self._settings.divider.bitbang_hz
        return kind(self._world, self._model, self._pins, self._changed, mask, rate)

    def _uart(self) -> UartEngine:
        return UartEngine(self._world, self._model, self._pins, self._changed, self._settings, self._txden)

    def _changed(self) -> None:
        self._pipe.poke(self._engine)
        if self._out_wanted:
            self._plan_out()

    def _plan_out(self) -> None:
        if self._out_wake is not None:
            self._out_wake.cancel()
        t_ns = self._engine.space_ns(self._out_wanted)
        self._out_wake = None if t_ns is None else self._world.at(t_ns, self._out_ready)

    def _status(self) -> bytes:
        mark = _HIGH_SPEED_MARK if self._model.packet == 512 else _FULL_SPEED_MARK
        return bytes((self._engine.modem_status() | mark, self._engine.line_status()))
