"""UART mode: the 16550-like port an FTDI channel is after power-up."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from benchctl.twin.ftdi.baud import RESET_DIVIDER, Divider
from benchctl.twin.ftdi.engine import (
    BREAK,
    FRAMING,
    OVERRUN,
    PARITY,
    TX_EMPTY,
    TX_HOLDING_EMPTY,
    Changed,
    Engine,
)
from benchctl.twin.ftdi.models import Model
from benchctl.twin.ftdi.pins import Pin, PinBank
from benchctl.twin.wires.net import EdgeWatch
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import Arrival, LineError, LineFormat, UartReceiver, UartTransmitter
from benchctl.twin.world import Event, World

# FTDI's FAQ on flow control: the chip stops the sender when it reaches its last 32 bytes of space.
_RTS_RESERVE = 32

# The modem status in the first status byte, as in the modem status register of a 16550 (ftdi_sio.h).
CTS, DSR, RI, DCD = 0x10, 0x20, 0x40, 0x80


class Flow(IntEnum):
    """Flow control, as in the high byte of SET_FLOW_CTRL's wIndex; a set of them is a plain int."""

    RTS_CTS = 1
    DTR_DSR = 2
    XON_XOFF = 4


@dataclass
class UartSettings:
    """What a host set on a channel; it outlives changes of mode.

    `event` and `error` are the event and error characters, None when they are off.
    """

    divider: Divider = RESET_DIVIDER
    bits: int = 8
    parity: str = "N"
    half_stops: int = 2
    space: bool = False
    dtr: bool = False
    rts: bool = False
    flow: int = 0
    xon: int = 0x11
    xoff: int = 0x13
    event: int | None = None
    error: int | None = None

    @property
    def format(self) -> LineFormat:
        """The frame format."""
        return LineFormat(self.divider.bit_fs, self.bits, self.parity, self.half_stops)


class UartEngine(Engine):
    """Frames out on TXD, frames in from RXD, modem lines on D2 to D7, all active low.

    Args:
        world: simulated time.
        model: the chip.
        pins: the channel's pins.
        changed: see `Engine`.
        settings: what the host set; call `apply` after changing it.
        txden: the RS485 driver enable, high from one bit before the first start bit to the end of the last
            stop bit; None when the channel has none.
    """

    def __init__(
        self,
        world: World,
        model: Model,
        pins: PinBank,
        changed: Changed,
        settings: UartSettings,
        txden: Pin | None,
    ) -> None:
        super().__init__(world, model, pins, changed)
        self._settings, self._txden = settings, txden
        txd, self._rxd, self._rts, self._cts, self._dtr, self._dsr, self._dcd, self._ri = pins.low
        self._fifo = bytearray()
        self._held = bytearray()  # taken from the host, waiting for the other side's consent
        self._errors = 0
        self._flush_ns: int | None = None
        self._stopped_by_xoff = False
        self._notice: Event | None = None
        self._break = False
        self._open = False
        self._tx = UartTransmitter(txd.driver, settings.format)
        self._rx = UartReceiver(self._rxd.net, settings.format, self._line_changed)
        inputs = {CTS: self._cts, DSR: self._dsr, RI: self._ri, DCD: self._dcd}
        self._watches = {
            line: EdgeWatch(pin.net, self._modem_changed) for line, pin in inputs.items() if pin is not txden
        }
        if txden is not None:
            txden.drive(0)
        self._open = True
        self.apply()

    def apply(self) -> None:
        """Take over changed settings."""
        settings = self._settings
        if settings.format != self._tx.format:
            unsent = self._tx.pause()
            self._tx.format = settings.format
            self._send(unsent)
            self._collect()
            self._rx.close()
            self._rx = UartReceiver(self._rxd.net, settings.format, self._line_changed)
        if settings.space != self._break:
            self._break = settings.space
            self._held[:0] = self._tx.pause()
            self._tx.hold(settings.space)
        self._drive_modem_lines()
        self._pump()
        self._replan()

    def write(self, data: bytes) -> int:
        """Take bytes into the TX FIFO."""
        taken = self.fitting(data, self.model.out_fifo - self._tx.waiting - len(self._held))
        if taken:
            self._held += data[:taken]
            self._pump()
        return taken

    def space_ns(self, count: int) -> int | None:
        """Known while the line moves; unknown while the other side holds it up."""
        if self._held:
            return None
        return self._tx.waiting_at_most_ns(max(self.model.out_fifo - count, 0))

    def available(self) -> int:
        """Bytes received."""
        self._collect()
        return len(self._fifo)

    def full_ns(self, count: int) -> int | None:
        """From the frames known to be coming."""
        missing = count - len(self._fifo)
        if missing <= 0:
            return self.world.now
        return self._rx.pending[missing - 1].t_ns if len(self._rx.pending) >= missing else None

    def flush_ns(self) -> int | None:
        """Set by the event character and by modem lines that moved."""
        return self._flush_ns

    def take(self, count: int) -> bytes:
        """Remove received bytes."""
        data = bytes(self._fifo[:count])
        del self._fifo[:count]
        self._flush_ns = None
        self._throttle()
        self._replan()
        return data

    def purge_out(self) -> None:
        """The frame on the line is still finished."""
        self._tx.pause()
        self._held.clear()
        self._end_txden()

    def purge_in(self) -> None:
        """Received so far, errors included."""
        self._collect()
        self._fifo.clear()
        self._errors, self._flush_ns = 0, None
        self._throttle()

    def modem_status(self) -> int:
        """Inputs as they are now; a low pin is an active line."""
        status = RI if self._txden is self._ri and not self._ri.level() else 0
        for line, watch in self._watches.items():
            if not watch.level:
                status |= line
        return status

    def line_status(self) -> int:
        """Errors since the last packet, and whether the transmitter is idle."""
        self._collect()
        status, self._errors = self._errors, 0
        if not self._tx.waiting and not self._held:
            status |= TX_HOLDING_EMPTY
            if self._tx.idle_ns <= self.world.now:
                status |= TX_EMPTY
        return status

    def close(self) -> None:
        """Let go of the pins; a frame in progress is cut."""
        self._rx.close()
        for watch in self._watches.values():
            watch.close()
        if self._notice is not None:
            self._notice.cancel()
        self.pins.release()
        if self._txden is not None:
            self._txden.release()

    def _may_send(self) -> bool:
        flow = self._settings.flow
        return not (
            self._break
            or (flow & Flow.RTS_CTS and self._cts.level())
            or (flow & Flow.DTR_DSR and self._dsr.level())
            or self._stopped_by_xoff
        )

    def _pump(self) -> None:
        if not self._may_send():
            self._held[:0] = self._tx.pause()
            self._end_txden()
        elif self._held:
            data = bytes(self._held)
            self._held.clear()
            self._send(data)

    def _send(self, data: bytes) -> None:
        if not data:
            return
        if self._txden is None:
            self._tx.send(data)
            return
        lead_ns = -(-self._settings.divider.bit_fs // 1_000_000) if self._tx.idle_ns <= self.world.now else 0
        self._txden.driver.set(Drive.HIGH)
        self._tx.send(data, self.world.now + lead_ns)
        self._end_txden()

    def _end_txden(self) -> None:
        if self._txden is not None:
            self._txden.driver.cut(self.world.now + 1)
            end_ns = max(self._tx.idle_ns, self.world.now)
            self._txden.driver.play(np.array([end_ns]), np.array([Drive.LOW], np.uint8))

    def _drive_modem_lines(self) -> None:
        settings = self._settings
        full = len(self._fifo) > self.model.in_fifo - _RTS_RESERVE
        if settings.flow & Flow.RTS_CTS:
            self._rts.drive(full)
        else:
            self._rts.drive(not settings.rts)
        if settings.flow & Flow.DTR_DSR:
            self._dtr.drive(full)
        else:
            self._dtr.drive(not settings.dtr)

    def _throttle(self) -> None:
        """The buffer is fuller or emptier: flow control tells the other side."""
        if self._settings.flow:
            self._drive_modem_lines()

    def _modem_changed(self, _level: int) -> None:
        self._flush_ns = self.world.now
        self._pump()
        self.changed()

    def _line_changed(self) -> None:
        if self._open:
            self._replan()
            self.changed()

    def _collect(self) -> None:
        arrivals = self._rx.take(self.world.now)
        settings, fifo = self._settings, self._fifo
        for arrival in arrivals:
            value = self._checked(arrival) if arrival.error else arrival.value
            if settings.flow & Flow.XON_XOFF and value in (settings.xon, settings.xoff):
                self._stopped_by_xoff = value == settings.xoff
                self._pump()
            elif len(fifo) >= self.model.in_fifo:
                self._errors |= OVERRUN
            else:
                fifo.append(value)
                if value == settings.event:
                    self._flush_ns = arrival.t_ns
        if arrivals:
            self._throttle()

    def _checked(self, arrival: Arrival) -> int:
        if arrival.error & LineError.BREAK:
            self._errors |= BREAK
            return 0
        if arrival.error & LineError.FRAMING:
            self._errors |= FRAMING
        if arrival.error & LineError.PARITY:
            self._errors |= PARITY
            if self._settings.error is not None:
                return self._settings.error
        return arrival.value

    def _replan(self) -> None:
        """Be there when a frame arrives that must be acted on at once."""
        if self._notice is not None:
            self._notice.cancel()
            self._notice = None
        settings, pending = self._settings, self._rx.pending
        if not pending or (settings.event is None and not settings.flow):
            return
        special = {settings.event}
        if settings.flow & Flow.XON_XOFF:
            special |= {settings.xon, settings.xoff}
        times = [next((a.t_ns for a in pending if a.value in special), None)]
        stop_at = self.model.in_fifo - _RTS_RESERVE + 1
        if settings.flow & (Flow.RTS_CTS | Flow.DTR_DSR) and len(self._fifo) < stop_at:
            times.append(self.full_ns(stop_at))
        due = [t for t in times if t is not None]
        if due:
            self._notice = self.world.at(min(due), self._on_notice)

    def _on_notice(self) -> None:
        self._collect()
        self._replan()
        self.changed()
