"""An FTDI chip as a USB device."""

from collections.abc import Mapping
from functools import partial

from benchctl.twin.ftdi.channel import Channel
from benchctl.twin.ftdi.eeprom import Eeprom
from benchctl.twin.ftdi.models import Model
from benchctl.twin.ftdi.pins import Pin, PinBank
from benchctl.twin.usb.descriptors import (
    BULK,
    configuration_descriptor,
    device_descriptor,
    endpoint_descriptor,
    interface_descriptor,
)
from benchctl.twin.usb.device import DEVICE_TO_HOST, Stall, UsbDevice
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World

_VENDOR = 0x0403
_MANUFACTURER = "FTDI"
_VENDOR_OUT, _VENDOR_IN = 0x40, 0xC0
_READ_EEPROM, _WRITE_EEPROM, _ERASE_EEPROM = 0x90, 0x91, 0x92
_CBUS_PINS = 5  # C0..C4 of an FT232R


_FULL_SPEED_PACKET0 = 8  # what an FT232R reports as bMaxPacketSize0


class FtdiChip(UsbDevice):
    """A chip with its pins on the bench's nets.

    Args:
        world: simulated time.
        model: which chip (`models.MODELS`).
        serial: USB serial number.
        nets: net of each pin by name, `AD0` `BC3`, or `D0` `C2` on an FT232R; pins left out are open.
        product: product string; the chip's name by default.
        txden: pins configured in the EEPROM as RS485 driver enable, by channel letter (`{"A": "AD7"}`: on an
            FT4232H that is the RI# pin). FT2232H (xC0) and FT232R (C2) have one without asking.
    """

    def __init__(
        self,
        world: World,
        model: Model,
        serial: str,
        nets: Mapping[str, Net] | None = None,
        *,
        product: str = "",
        txden: Mapping[str, str] | None = None,
    ) -> None:
        product = product or model.name
        super().__init__(
            device_descriptor(
                _VENDOR,
                model.product,
                model.release,
                max_packet=64 if model.high_speed else _FULL_SPEED_PACKET0,
            ),
            [configuration_descriptor([_interface(model, i) for i in range(len(model.channels))])],
            {1: _MANUFACTURER, 2: product, 3: serial},
            model.speed,
            kernel_driver=True,
        )
        self.model, self.serial = model, serial
        self.eeprom = Eeprom(model, _MANUFACTURER, product, serial)
        self._world = world
        self._banks = {
            letter: PinBank(world, serial, *_pin_names(model, letter), nets or {})
            for letter in model.channels
        }
        self._txden = {letter: self._txden_pin(letter, txden or {}) for letter in model.channels}
        self._channels: list[Channel] = []
        known = {pin.name for bank in self._banks.values() for pin in bank.all}
        for name in nets or {}:
            if name not in known:
                raise KeyError(f"{model.name} has no pin {name}")

    def plugged(self) -> None:
        """Power up: every channel is a UART whose outputs idle high."""
        super().plugged()
        for bank in self._banks.values():
            for pin in bank.all:
                pin.power(True)
        self._channels = self._power_up()

    def reset(self) -> None:
        """A bus reset puts every channel back to what it is after power-up."""
        super().reset()
        if self._channels:
            for channel in self._channels:
                channel.close()
            self._channels = self._power_up()

    def unplugged(self) -> None:
        """Power down: nothing drives and nothing pulls."""
        for channel in self._channels:
            channel.close()
        self._channels = []
        for bank in self._banks.values():
            for pin in bank.all:
                pin.power(False)
        super().unplugged()

    def control(
        self, request_type: int, request: int, value: int, index: int, data: bytes, length: int
    ) -> bytes:
        """FTDI's vendor requests, and the standard ones."""
        if request_type not in (_VENDOR_OUT, _VENDOR_IN):
            return super().control(request_type, request, value, index, data, length)
        if request_type & DEVICE_TO_HOST:
            if request == _READ_EEPROM:
                return self.eeprom.read(index)[:length]
            return self._channel(index).request_in(request)[:length]
        if request == _WRITE_EEPROM:
            self.eeprom.write(index, value)
        elif request == _ERASE_EEPROM:
            self.eeprom.erase()
        else:
            self._channel(index).request_out(request, value, index)
        return b""

    def write(self, endpoint: int, data: bytes) -> int:
        """A channel's OUT endpoint: 02, 04, 06, 08."""
        return self._endpoint(endpoint, 0x02).write(data)

    def read(self, endpoint: int, max_packet: int) -> bytes | None:
        """A channel's IN endpoint: 81, 83, 85, 87."""
        return self._endpoint(endpoint, 0x81).read()

    def _power_up(self) -> list[Channel]:
        return [
            Channel(
                self._world,
                self.model,
                letter,
                self._banks[letter],
                self._txden[letter],
                partial(self.ready, 0x81 + 2 * i),
                partial(self.ready, 0x02 + 2 * i),
            )
            for i, letter in enumerate(self.model.channels)
        ]

    def pending(self, endpoint: int, size: int) -> None:
        """How much a host transfer on an IN endpoint still takes."""
        if endpoint & DEVICE_TO_HOST and self._channels:
            self._endpoint(endpoint, 0x81).pending(size)

    def _channel(self, index: int) -> Channel:
        """Requests name the channel in wIndex's low byte, from 1; a chip with one channel does not look."""
        number = (index & 0xFF) if len(self._channels) > 1 else 1
        if not 0 <= number <= len(self._channels):
            raise Stall
        return self._channels[max(number, 1) - 1]

    def _endpoint(self, endpoint: int, first: int) -> Channel:
        i, odd = divmod(endpoint - first, 2)
        if odd or not 0 <= i < len(self._channels) or self.halted(endpoint):
            raise Stall
        return self._channels[i]

    def _txden_pin(self, letter: str, configured: Mapping[str, str]) -> Pin | None:
        bank = self._banks[letter]
        if letter in configured:
            return bank.find(configured[letter])
        if not self.model.txden:
            return None
        return bank.find(self.model.pin(letter, self.model.txden[0], int(self.model.txden[1:])))


def _interface(model: Model, i: int) -> bytes:
    endpoints = [
        endpoint_descriptor(0x81 + 2 * i, BULK, model.packet),
        endpoint_descriptor(0x02 + 2 * i, BULK, model.packet),
    ]
    return interface_descriptor(i, endpoints, string=2)


def _pin_names(model: Model, letter: str) -> tuple[list[str], list[str]]:
    high = 8 if model.wide else _CBUS_PINS if model.txden.startswith("C2") else 0
    return (
        [model.pin(letter, "D", bit) for bit in range(8)],
        [model.pin(letter, "C", bit) for bit in range(high)],
    )
