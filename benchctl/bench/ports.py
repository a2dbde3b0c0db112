"""Opening the port that a rig's channel stands for, with the driver of its adapter's family."""

from collections.abc import Mapping

from benchctl.adapters.closing import close_all
from benchctl.adapters.ftdi.capture import FtdiCapture
from benchctl.adapters.ftdi.chip import FtdiChip
from benchctl.adapters.ftdi.gpio import FtdiPort
from benchctl.adapters.ftdi.i2c import FtdiI2c
from benchctl.adapters.ftdi.rs485 import FtdiRs485
from benchctl.adapters.ftdi.spi import FtdiSpi
from benchctl.adapters.ftdi.uart import FtdiUart
from benchctl.buses.gpio import Gpio
from benchctl.buses.host import Host
from benchctl.buses.i2c import I2c
from benchctl.buses.logic import LogicCapture
from benchctl.buses.spi import Spi
from benchctl.buses.uart import Uart
from benchctl.errors import NotEquippedError
from benchctl.rig.model import Adapter, Channel, Rig


class Ports:
    """The adapters of a rig. FTDI chips are opened at once and put into high impedance.

    Drivers of the kernel's nodes and of sigrok are imported when a rig has one: they are for benches that
    have what they need installed.
    """

    def __init__(self, rig: Rig, host: Host) -> None:
        self._rig, self._host = rig, host
        self._chips: dict[str, FtdiChip] = {}
        try:
            for adapter in rig.adapters.values():
                if adapter.kind.usb_id and adapter.channels and not adapter.placeholder:
                    self._chips[adapter.name] = FtdiChip(host, adapter)
        except BaseException:
            self.close()
            raise

    def uart(self, channel: Channel, event_char: int | None) -> Uart:
        """The UART on a channel."""
        adapter = self._present(channel)
        if adapter.kind.name == "tty":
            from benchctl.adapters.tty import TtyUart

            return TtyUart(self._host, adapter.path)
        return FtdiUart(self._chip(channel), channel.name, event_char=event_char)

    def rs485(self, channel: Channel, txden_bit: int | None, de: Gpio | None, hears_itself: bool) -> Uart:
        """The UART on a channel behind a transceiver that its TXDEN pin or a line (or nothing) enables."""
        chip = self._chip(channel)
        return FtdiRs485(chip, channel.name, de=de, txden_bit=txden_bit, hears_itself=hears_itself)

    def spi(self, channel: Channel, cs_bit: int) -> Spi:
        """The SPI controller on a channel."""
        adapter = self._present(channel)
        if adapter.kind.name == "spidev":
            from benchctl.adapters.spidev import SpidevSpi

            return SpidevSpi(self._host, adapter.path)
        return FtdiSpi(self._chip(channel), channel.name, cs_bit=cs_bit)

    def i2c(self, channel: Channel, waits: bool) -> I2c:
        """The I²C controller on a channel; with `waits` it hears SCL on a pin of its own."""
        adapter = self._present(channel)
        if adapter.kind.name == "i2cdev":
            from benchctl.adapters.smbus import SmbusI2c

            return SmbusI2c(self._host, adapter.path)
        return FtdiI2c(self._chip(channel), channel.name, waits=waits)

    def gpio(self, channel: Channel, bits: tuple[int, ...]) -> FtdiPort:
        """The gpio port on a channel."""
        return FtdiPort(self._chip(channel), channel.name, bits)

    def capture(self, channel: Channel, nets: Mapping[str, int]) -> LogicCapture:
        """A capture of nets by the bits of a channel's port."""
        adapter = self._present(channel)
        if adapter.kind.name == "sigrok":
            from benchctl.adapters.sigrok import SigrokCapture

            return SigrokCapture(self._host, adapter.driver, {net: f"D{bit}" for net, bit in nets.items()})
        return FtdiCapture(self._chip(channel), channel.name, nets)

    def close(self) -> None:
        """Let go of the chips, every channel in high impedance."""
        chips, self._chips = list(self._chips.values()), {}
        close_all(chip.close for chip in chips)

    def _chip(self, channel: Channel) -> FtdiChip:
        adapter = self._present(channel)
        if adapter.name not in self._chips:
            raise NotEquippedError(
                f"{channel.role} on adapter {adapter.name}", f"a {adapter.kind.name} cannot do it"
            )
        return self._chips[adapter.name]

    def _present(self, channel: Channel) -> Adapter:
        adapter = self._rig.adapters[channel.adapter]
        adapter.require_presence()
        return adapter
