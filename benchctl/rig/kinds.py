"""What each kind of adapter has: channels, pins, and what a pin does in each role of its channel.

FTDI pin functions are those of the chips' data sheets (FT4232H, FT2232H, FT232H, FT232R) as pyftdi uses
them: UART on D0 to D7, MPSSE SPI on D0 to D3 with further chip selects on D4 to D7, MPSSE I²C on D0 to D2,
with SCL on D5 too where a target's stretching of the clock is to be waited for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cached_property


class Role(StrEnum):
    """What one channel of an adapter is used as; a channel has one role for the whole rig."""

    UART = "uart"
    RS485 = "rs485"
    """A UART behind a transceiver, whose driver its TXDEN pin or a gpio line enables."""
    SPI = "spi"
    I2C = "i2c"
    GPIO = "gpio"
    CAPTURE = "capture"


MPSSE_ROLES = frozenset({Role.SPI, Role.I2C})
UART_ROLES = frozenset({Role.UART, Role.RS485})


class Direction(Enum):
    """How a pin can drive the net it is on."""

    INPUT = "input"
    OUTPUT = "output"
    """Push-pull whenever the device is on (for a bench channel: open)."""
    TRISTATE = "tri-state output"
    """Drives only while its device is selected or enabled."""
    EITHER = "input or output"
    """Programmable, high impedance until told otherwise."""
    OPEN_DRAIN = "open drain"
    BUS = "differential bus"
    """A line that many may share; the transceivers' enables decide who drives."""
    PASSIVE = "passive"


@dataclass(frozen=True)
class Function:
    """What a pin does in a role: its signal name, direction, and bit in the channel's port (0 is D0)."""

    signal: str
    direction: Direction
    bit: int


_UART_SIGNALS = (
    ("TXD", Direction.OUTPUT),
    ("RXD", Direction.INPUT),
    ("RTS", Direction.OUTPUT),
    ("CTS", Direction.INPUT),
    ("DTR", Direction.OUTPUT),
    ("DSR", Direction.INPUT),
    ("DCD", Direction.INPUT),
    ("RI", Direction.INPUT),
)
_SPI_SIGNALS = (
    ("SCLK", Direction.OUTPUT),
    ("COPI", Direction.OUTPUT),
    ("CIPO", Direction.INPUT),
    ("CS", Direction.OUTPUT),
    ("CS1", Direction.OUTPUT),
    ("CS2", Direction.OUTPUT),
    ("CS3", Direction.OUTPUT),
    ("CS4", Direction.OUTPUT),
)
_I2C_SIGNALS = (
    ("SCL", Direction.OPEN_DRAIN),
    ("SDA", Direction.OPEN_DRAIN),
    ("SDA_IN", Direction.INPUT),
    None,
    None,
    ("SCL_IN", Direction.INPUT),
)
_CAPTURE_BITS = 8
_SIGROK_BITS = 16


@dataclass(frozen=True, eq=False)
class AdapterKind:
    """A kind of adapter.

    Attributes:
        name: as in rig files.
        channels: channel name to its pins in port order; a hub has none.
        roles: the roles its channels can have.
        mpsse: channels with an MPSSE.
        txden: channel to its RS485 driver-enable pin.
        usb_id: vendor and product id of an unprogrammed chip, where the kind is one chip.
        identity: the keys of a rig file that may identify one of this kind.
    """

    name: str
    channels: Mapping[str, tuple[str, ...]]
    roles: frozenset[Role]
    identity: tuple[str, ...]
    mpsse: frozenset[str] = frozenset()
    txden: Mapping[str, str] = field(default_factory=dict)
    usb_id: tuple[int, int] | None = None

    @cached_property
    def _owners(self) -> Mapping[str, str]:
        return {pin: name for name, pins in self.channels.items() for pin in pins}

    def channel_of(self, pin: str) -> str | None:
        """The channel that owns a pin, or None."""
        return self._owners.get(pin)

    def can(self, channel: str, role: Role) -> bool:
        """Whether a channel can have a role."""
        if role in MPSSE_ROLES and self.usb_id is not None:
            return role in self.roles and channel in self.mpsse
        return role in self.roles

    def function(self, role: Role, pin: str) -> Function | None:
        """What `pin` does when its channel has `role`; None when it does nothing then."""
        channel = self.channel_of(pin)
        if channel is None:
            return None
        bit = self.channels[channel].index(pin)
        if role is Role.RS485 and self.txden.get(channel) == pin:
            return Function("TXDEN", Direction.OUTPUT, bit)
        if role is Role.GPIO:
            return None if pin in _NO_GPIO else Function(pin, Direction.EITHER, bit)
        if role is Role.CAPTURE:
            limit = _SIGROK_BITS if self.name == "sigrok" else _CAPTURE_BITS
            return Function(pin, Direction.INPUT, bit) if bit < limit else None
        signals: tuple[tuple[str, Direction] | None, ...] = {
            Role.UART: _UART_SIGNALS,
            Role.RS485: _UART_SIGNALS,
            Role.SPI: _SPI_SIGNALS,
            Role.I2C: _I2C_SIGNALS,
        }[role]
        if self.usb_id is None:
            found = next((entry for entry in signals if entry and entry[0] == pin), None)
        else:
            found = signals[bit] if bit < len(signals) else None
        return Function(*found, bit) if found else None


# AC8 and AC9 of an FT232H are not on the MPSSE's high port: they follow its EEPROM, not the host.
_NO_GPIO = frozenset({"AC8", "AC9"})


def _port(prefix: str, count: int = 8) -> tuple[str, ...]:
    return tuple(f"{prefix}{bit}" for bit in range(count))


_FTDI_ROLES = frozenset(Role)
_FTDI_IDENTITY = ("serial", "port")

KINDS: Mapping[str, AdapterKind] = {
    kind.name: kind
    for kind in (
        AdapterKind(
            "ft4232h",
            {letter: _port(f"{letter}D") for letter in "ABCD"},
            _FTDI_ROLES,
            _FTDI_IDENTITY,
            mpsse=frozenset("AB"),
            txden={letter: f"{letter}D7" for letter in "ABCD"},
            usb_id=(0x0403, 0x6011),
        ),
        AdapterKind(
            "ft2232h",
            {letter: _port(f"{letter}D") + _port(f"{letter}C") for letter in "AB"},
            _FTDI_ROLES,
            _FTDI_IDENTITY,
            mpsse=frozenset("AB"),
            txden={"A": "AC0", "B": "BC0"},
            usb_id=(0x0403, 0x6010),
        ),
        AdapterKind(
            "ft232h",
            {"A": _port("AD") + _port("AC", 10)},
            _FTDI_ROLES,
            _FTDI_IDENTITY,
            mpsse=frozenset("A"),
            txden={"A": "AC9"},
            usb_id=(0x0403, 0x6014),
        ),
        AdapterKind(
            "ft232r",
            {"A": _port("D") + _port("CBUS", 5)},
            _FTDI_ROLES - MPSSE_ROLES,
            _FTDI_IDENTITY,
            txden={"A": "CBUS2"},
            usb_id=(0x0403, 0x6001),
        ),
        AdapterKind(
            "tty", {"A": tuple(name for name, _ in _UART_SIGNALS)}, frozenset({Role.UART}), ("path",)
        ),
        AdapterKind("spidev", {"A": ("SCLK", "COPI", "CIPO", "CS")}, frozenset({Role.SPI}), ("path",)),
        AdapterKind("i2cdev", {"A": ("SCL", "SDA")}, frozenset({Role.I2C}), ("path",)),
        AdapterKind("sigrok", {"A": _port("D", _SIGROK_BITS)}, frozenset({Role.CAPTURE}), ("driver",)),
        AdapterKind("usbhub", {}, frozenset(), _FTDI_IDENTITY),
    )
}
