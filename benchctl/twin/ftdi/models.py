"""The FTDI chips there are, as data (DS_FT4232H, DS_FT2232H, DS_FT232H, DS_FT232R)."""

from dataclasses import dataclass
from fractions import Fraction

from benchctl.twin.usb.device import Speed


@dataclass(frozen=True)
class Model:
    """One chip type.

    Attributes:
        name: what it is called.
        product: USB product id.
        release: bcdDevice, by which drivers tell the chips apart.
        speed: USB speed.
        packet: bytes in a bulk packet; two of each IN packet are status.
        channels: letters of its channels.
        mpsse: letters of the channels that have an MPSSE.
        out_fifo: bytes between host and pins, a channel.
        in_fifo: bytes between pins and host, a channel.
        wide: channels have eight more pins (AC0..AC7), which only the MPSSE drives here.
        txden: pin that carries TXDEN without asking (RS485 driver enable), "" when it takes EEPROM settings.
        eeprom_bytes: size of its configuration EEPROM.
        crystal: frequency of this unit's crystal over the nominal one.
    """

    name: str
    product: int
    release: int
    speed: Speed
    packet: int
    channels: str
    mpsse: str
    out_fifo: int
    in_fifo: int
    wide: bool
    txden: str
    eeprom_bytes: int
    crystal: Fraction = Fraction(1)

    @property
    def high_speed(self) -> bool:
        """True for the H series: a 120 MHz clock, and baud rate divisors from 12 MHz."""
        return self.speed == "high"

    @property
    def drive_zero(self) -> bool:
        """True when the MPSSE has open-drain outputs (opcode 9E): the FT232H only."""
        return self.release == 0x0900

    def pin(self, channel: str, group: str, bit: int) -> str:
        """Name of a pin, as rig files and schematics call it: AD0, BC3, or D0 on a one-port FT232R."""
        return f"{group}{bit}" if self.release == 0x0600 else f"{channel}{group}{bit}"


FT4232H = Model("FT4232H", 0x6011, 0x0800, "high", 512, "ABCD", "AB", 2048, 2048, False, "", 256)
FT2232H = Model("FT2232H", 0x6010, 0x0700, "high", 512, "AB", "AB", 4096, 4096, True, "C0", 256)
FT232H = Model("FT232H", 0x6014, 0x0900, "high", 512, "A", "A", 1024, 1024, True, "", 256)
# DS_FT232R, section 4: 128 bytes from the host, 256 towards it (pyftdi's table has them the other way round).
FT232R = Model("FT232R", 0x6001, 0x0600, "full", 64, "A", "", 128, 256, False, "C2", 128)

MODELS = {model.name: model for model in (FT4232H, FT2232H, FT232H, FT232R)}
