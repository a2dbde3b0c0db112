"""hardware.usb: the USB host. Facts: api/usb.yaml; the ids in comments are its."""

from collections.abc import Generator
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import USB_EVENT
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.usb_port import TransferError, UsbHostPort
from benchctl.twin.imp.usb_transfer import DISCONNECTED, Transfer
from benchctl.twin.imp.values import BLOB, FUNCTION, INTEGER, NUMBER, Blob, Closure, Param, Thrown
from benchctl.twin.usb.bus import Port
from benchctl.twin.wires.timeline import Drive

_BULK, _INTERRUPT = 2, 3
_MOST_PACKET = 64

SILENT = declare(
    "usb-no-connect-event", "r34-usb-host-support", "no event comes when a device is attached", ["imp005"]
)
NO_TRANSFERS = declare(
    "usb-no-generaltransfer",
    "r34-usb-method-set",
    "hardware.usb.generaltransfer() does not exist",
    ["imp005"],
)
UNPLUG_CRASHES = declare(
    "usb-unplug-crashes",
    "r34-imp005-usb-crash-fix",
    "about one in three removals of the device crashes the imp",
    ["imp005"],
)


class UsbHost(ApiObject):
    """`hardware.usb`."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        self._port = UsbHostPort(chip, chip.usb_port or Port(1), self._attached, self._detached)
        self._data_pads = _data_pads(chip)
        self._callback: Closure | None = None
        self._open: dict[int, tuple[int, int]] = {}  # endpoint address: type, packet size
        self._running: dict[int, Transfer] = {}
        self._chance = chip.random(path)

    @property
    def armed(self) -> bool:
        """A device may come or go."""
        return self._callback is not None

    def available(self) -> dict[str, Method]:
        """USB came with impOS 34."""
        methods = super().available()
        if self.chip.broken(NO_TRANSFERS):
            methods.pop("generaltransfer", None)
        return methods

    @api("configure", Param("callback", FUNCTION), since=(34, 0))
    def configure(self, callback: Closure) -> None:
        """Enable the port; a device that is attached already is reported (USB-CFG-01)."""
        self._close()
        self._callback = callback
        for pad in self._data_pads:
            pad.claim(self, self._lost_pin)
            pad.driver.set(Drive.Z)
        self._port.enable(True)

    @api("disable", since=(34, 0))
    def disable(self) -> None:
        """Close every endpoint and switch the port off (USB-DIS-01)."""
        self._close()
        self._port.enable(False)
        for pad in self._data_pads:
            pad.release(self)

    @api(
        "openendpoint",
        Param("speed", NUMBER),
        Param("deviceAddress", INTEGER),
        Param("interface", INTEGER),
        Param("endpointType", INTEGER),
        Param("maxPacketSize", INTEGER),
        Param("endpointAddress", INTEGER),
        Param("interval", INTEGER, 1),
        since=(34, 0),
    )
    def openendpoint(
        self, _speed: float, address: int, _interface: int, kind: int, size: int, endpoint: int, interval: int
    ) -> None:
        """Open an endpoint; throws when that cannot be (USB-OPN-E1).

        choice: the speed and the interface are not looked at, nor is an endpoint polled at its interval.
        """
        incoming = bool(endpoint & 0x80)
        # Isochronous and interrupt-out are not supported; interrupt-in came with impOS 36 (USB-LIM-03).
        interrupt_in = kind == _INTERRUPT and incoming and self.chip.release.since(36)
        others = [e for e, (k, _) in self._open.items() if k == _INTERRUPT and e != endpoint]
        known = self._port.endpoint(endpoint)
        if (
            not (kind == _BULK or interrupt_in)
            or known is None
            or known.bmAttributes & 3 != kind
            or address != self._port.address
            or not 0 < size <= _MOST_PACKET
            or not 0 < interval <= 255
            or (kind == _INTERRUPT and others)  # USB-LIM-04
        ):
            raise Thrown("could not open endpoint")  # choice of text
        self._open[endpoint] = (kind, size)

    @api(
        "controltransfer",
        Param("speed", NUMBER),
        Param("deviceAddress", INTEGER),
        Param("endpointAddress", INTEGER),
        Param("requestType", INTEGER),
        Param("request", INTEGER),
        Param("value", INTEGER),
        Param("index", INTEGER),
        Param("maxPacketSize", INTEGER),
        Param("data", BLOB, None),
        since=(34, 0),
        keep_blobs=True,
    )
    def controltransfer(
        self,
        _speed: float,
        address: int,
        endpoint: int,
        request_type: int,
        request: int,
        value: int,
        index: int,
        size: int,
        data: Blob | None,
    ) -> Generator[int, None, None]:
        """A control transfer; blocks, and throws the transfer state on failure (USB-CTL-E1)."""
        out = data.data if data is not None else b""
        try:
            if endpoint & 0x0F:
                raise TransferError(18)
            answer = yield from self._port.control(address, request_type, request, value, index, size, out)
        except TransferError as error:
            raise Thrown(f"usb transfer error {error.state}") from None  # choice of text
        if data is not None:
            self.chip.control.write_blob(data, answer, 0)

    @api(
        "generaltransfer",
        Param("deviceAddress", INTEGER),
        Param("endpointAddress", INTEGER),
        Param("endpointType", INTEGER),
        Param("data", BLOB),
        since=(34, 0),
        keep_blobs=True,
    )
    def generaltransfer(self, address: int, endpoint: int, kind: int, data: Blob) -> None:
        """Start a transfer; its end is an event (USB-GEN-01, -02).

        choice: what is received goes into `data`, not into the event (USB-GEN-03).
        """
        device = self._port.device
        opened = self._open.get(endpoint)
        if device is None or opened is None or opened[0] != kind or address != self._port.address:
            raise Thrown("endpoint not open")  # choice of text
        if endpoint in self._running:
            raise Thrown("endpoint busy")  # choice

        def finished(state: int, got: bytes, moved: int) -> None:
            del self._running[endpoint]
            self.chip.control.write_blob(data, got, 0)
            details = {"device": address, "endpoint": endpoint, "state": state, "length": moved}
            self._event("USB_TRANSFER_COMPLETED", details)

        self._running[endpoint] = Transfer(
            self.world,
            self._port,
            device,
            endpoint,
            opened[1],
            data.data,
            len(data.data),
            finished,
            limited=kind == _BULK,
        )

    def squirrel_stopped(self) -> None:
        """choice: the port is off until the next program configures it."""
        self.disable()

    def _close(self) -> None:
        """Forget the callback and every endpoint. choice: no event tells of transfers under way."""
        self.chip.runtime.forget(self._callback)
        self._callback = None
        for transfer in list(self._running.values()):
            transfer.end(DISCONNECTED)
        self._open.clear()

    def _lost_pin(self) -> None:
        """choice: a port that another function took a pin from is off."""
        self._close()
        self._port.enable(False)

    def _attached(self, details: dict[str, Any]) -> None:
        if not self.chip.broken(SILENT):
            self._event("USB_DEVICE_CONNECTED", details)

    def _detached(self) -> None:
        address = self._port.address
        for transfer in list(self._running.values()):
            transfer.end(DISCONNECTED)
        self._open.clear()
        if self.chip.broken(UNPLUG_CRASHES) and self._chance.randrange(3) == 0:
            self.chip.control.crash()
            return
        self._event("USB_DEVICE_DISCONNECTED", {"device": address})

    def _event(self, name: str, details: dict[str, Any]) -> None:
        if self._callback is not None:
            self.chip.runtime.post(self._callback, lambda: [USB_EVENT[name], details])


def _data_pads(chip: Chip) -> list[Pad]:
    """The pads of the data lines, where they are pins with other uses (impC001)."""
    pins = chip.module.usb.pins if chip.module.usb is not None else {}
    return [chip.pads[pins[role]] for role in ("DATA+", "DATA-") if role in pins]
