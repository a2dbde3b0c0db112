"""Fixture parts: what is soldered or plugged beside the imp, with the pins by which it joins nets.

These are both the schema of a part in a rig file and the description the rest of benchctl works from.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from benchctl.rig.kinds import Direction
from benchctl.rig.strict import Strict


class PartSpec(Strict):
    """What every part has.

    A part whose VCC pin is on no net is always on. From a bench gpio line it can be switched off: it is then
    in high impedance on every pin, and what the same imp pins do in another role means nothing to it.
    """

    model_config = ConfigDict(frozen=True)

    pins: ClassVar[Mapping[str, Direction]] = {}

    domain: str = Field("io", description="Voltage domain of the part's pins, one of `domains`.")


class Eeprom24(PartSpec):
    """An I²C EEPROM of the 24 series."""

    pins: ClassVar[Mapping[str, Direction]] = {
        "SCL": Direction.INPUT,
        "SDA": Direction.OPEN_DRAIN,
        "WP": Direction.INPUT,
        "VCC": Direction.INPUT,
    }

    kind: Literal["eeprom24"] = Field(description="The kind of part.")
    size: int = Field(gt=0, description="Capacity in bytes.")
    address: int = Field(0x50, ge=0x08, le=0x77, description="7-bit I²C address.")
    page: int = Field(64, gt=0, description="Bytes of one page write.")
    write_cycle_ms: float = Field(5.0, ge=0, description="Self-timed write cycle in ms.")


class I2cTrouble(PartSpec):
    """An I²C target that misbehaves on request: a small controller with a program for it, on a real bench.

    While NACK is high it refuses byte `nack_at`; while HOLD_SDA or HOLD_SCL is high it holds that wire low;
    while STRETCH is high it stretches the clock before and after each acknowledgement.
    """

    pins: ClassVar[Mapping[str, Direction]] = {
        "SCL": Direction.OPEN_DRAIN,
        "SDA": Direction.OPEN_DRAIN,
        "NACK": Direction.INPUT,
        "HOLD_SDA": Direction.INPUT,
        "HOLD_SCL": Direction.INPUT,
        "STRETCH": Direction.INPUT,
        "VCC": Direction.INPUT,
    }

    kind: Literal["i2c-trouble"] = Field(description="The kind of part.")
    address: int = Field(0x20, ge=0x08, le=0x77, description="7-bit I²C address.")
    nack_at: int = Field(1, ge=0, description="Which byte it refuses; 0 is the address.")
    stretch_us: float = Field(100.0, gt=0, description="For how long it holds SCL low each time, in µs.")


class SpiNor(PartSpec):
    """A serial NOR flash."""

    pins: ClassVar[Mapping[str, Direction]] = {
        "SCLK": Direction.INPUT,
        "COPI": Direction.INPUT,
        "CIPO": Direction.TRISTATE,
        "CS": Direction.INPUT,
        "WP": Direction.INPUT,
        "HOLD": Direction.INPUT,
        "VCC": Direction.INPUT,
    }

    kind: Literal["spinor"] = Field(description="The kind of part.")
    part: str = Field(description="The maker's part number, such as W25Q128JV.")
    image: str = Field(
        "",
        description="On a virtual bench: a file beside the rig file that keeps what the chip holds from one "
        "run to the next, made when it is not there. Without it the chip is erased at first.",
    )


class Rs485(PartSpec):
    """An RS485 transceiver. DE is active high, RE active low; BUS stands for the pair A and B.

    A transceiver whose RE is on no net has it tied low: it always hears the bus, itself included.
    """

    pins: ClassVar[Mapping[str, Direction]] = {
        "DI": Direction.INPUT,
        "DE": Direction.INPUT,
        "RE": Direction.INPUT,
        "RO": Direction.TRISTATE,
        "BUS": Direction.BUS,
        "VCC": Direction.INPUT,
    }

    kind: Literal["rs485"] = Field(description="The kind of part.")
    enable_ns: int = Field(70, ge=0, description="From DE high to a valid bus, in ns.")
    disable_ns: int = Field(70, ge=0, description="From DE low to a released bus, in ns.")
    propagation_ns: int = Field(25, ge=0, description="From DI to the bus, and from the bus to RO, in ns.")


class Resistor(PartSpec):
    """A resistor between two nets. From a bench gpio line to an imp pin it is a pull the bench can switch."""

    pins: ClassVar[Mapping[str, Direction]] = {"1": Direction.PASSIVE, "2": Direction.PASSIVE}

    kind: Literal["resistor"] = Field(description="The kind of part.")
    ohms: float = Field(gt=0, description="Resistance in ohms.")


class AnalogSource(PartSpec):
    """A steady voltage, such as the middle of a divider, for an imp's ADC pin."""

    pins: ClassVar[Mapping[str, Direction]] = {"OUT": Direction.OUTPUT}

    kind: Literal["analog-source"] = Field(description="The kind of part.")
    volts: float = Field(ge=0, description="Voltage at OUT.")
    ohms: float = Field(10_000, gt=0, description="Source resistance in ohms.")


class HubPowered(PartSpec):
    """What every part has that a port of a bench hub supplies."""

    vbus: str = Field(description="The bench hub port that switches its supply: off is unplugged.")


class UsbDevice(HubPowered):
    """What every part on a USB port has."""

    port: str = Field(description="Where it is plugged: `imp.USB`, or a port of a hub part such as `hub2.1`.")


class UsbFt232r(UsbDevice):
    """An FT232R USB serial adapter plugged into the imp."""

    pins: ClassVar[Mapping[str, Direction]] = {
        "TXD": Direction.OUTPUT,
        "RXD": Direction.INPUT,
        "RTS": Direction.OUTPUT,
        "CTS": Direction.INPUT,
        "DTR": Direction.OUTPUT,
        "DSR": Direction.INPUT,
        "DCD": Direction.INPUT,
        "RI": Direction.INPUT,
    }

    kind: Literal["ft232r"] = Field(description="The kind of part.")
    serial: str = Field(description="USB serial number.")


class UsbHub(UsbDevice):
    """A USB hub plugged into the imp."""

    kind: Literal["usbhub"] = Field(description="The kind of part.")
    ports: int = Field(4, ge=1, le=16, description="Number of downstream ports.")


class AccessPoint(HubPowered):
    """The only way from the imp to its server: without its supply the imp has no network."""

    kind: Literal["access-point"] = Field(description="The kind of part.")


AnyPart = Annotated[
    Eeprom24 | I2cTrouble | SpiNor | Rs485 | Resistor | AnalogSource | UsbFt232r | UsbHub | AccessPoint,
    Field(discriminator="kind"),
]
