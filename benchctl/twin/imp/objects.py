"""Which API objects a module has, and the manifest that shows them to the VM."""

from collections.abc import Iterable, Mapping
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject
from benchctl.twin.imp.api.crypto import Crypto
from benchctl.twin.imp.api.hardware import Hardware, RootFunctions
from benchctl.twin.imp.api.i2c import I2cPort
from benchctl.twin.imp.api.identity import INFO, Info
from benchctl.twin.imp.api.imp_object import ImpObject
from benchctl.twin.imp.api.net import INTERFACE, Interface, Net
from benchctl.twin.imp.api.pin import GpioPin
from benchctl.twin.imp.api.server import Agent, Server
from benchctl.twin.imp.api.spi import SpiPort
from benchctl.twin.imp.api.spiflash import OBJECT_MISSING, SpiFlash
from benchctl.twin.imp.api.timers import TIMER
from benchctl.twin.imp.api.uart import UartPort
from benchctl.twin.imp.api.usb import UsbHost
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import constants
from benchctl.twin.imp.pinmode.base import PinMode
from benchctl.twin.vm.messages import Manifest, Method, Methods, Quirks

UART_MISSING = declare(
    "uart-one-missing", "r30-imp003-five-uarts", "hardware.uartDM does not exist", ["imp003"]
)
SPI_MISSING = declare("spi-one-missing", "r30-imp003-two-spi", "hardware.spiLGDK does not exist", ["imp003"])
I2C_MISSING = declare("i2c-one-missing", "r30-imp003-two-i2c", "hardware.i2cFG does not exist", ["imp003"])
PINS_NUMBERED = declare(
    "imp003-pins-numbered", "r30-imp003-pin-names", "the imp003's pins have numbers, not letters", ["imp003"]
)
PINS_LETTERED = declare(
    "imp001-pins-lettered",
    "r30-imp001-imp002-pin-names-kept",
    "the imp001's pins have letters, not numbers",
    ["imp001"],
)
OLD_SPI_NAME = declare(
    "spi-named-abcd", "r34-imp005-spibcad-rename", "hardware.spiBCAD is called spiABCD", ["imp005"]
)
USB_MISSING = declare(
    "usb-object-missing", "r34-usb-object-auto-created", "hardware.usb does not exist", ["imp005"]
)
USB_EVERYWHERE = declare(
    "usb-on-every-imp",
    "r34-usb-only-imp005",
    "hardware.usb exists on modules without a port",
    ["imp001", "imp003"],
)
USB_SILENT = declare(
    "usb-silent-elsewhere",
    "r34-usb-throws-on-other-imps",
    "using hardware.usb on a module without a port does nothing",
    ["imp001", "imp003"],
)
FORMAT_UNPADDED = declare(
    "format-floats-unpadded", "r34-format-float-width-padding", "format() ignores the width of a float"
)
FORMAT_NONFINITE = declare(
    "format-nonfinite-zero", "r34-format-inf-nan-fix", "format() writes infinities and NaN as 0.000000"
)
CAUGHT_WITHOUT_LINE = declare(
    "caught-error-without-line",
    "r30-caught-exception-line-number",
    "the log entry of an error that was caught names no line",
)
_MISSING = (
    (UART_MISSING, "uartDM"),
    (SPI_MISSING, "spiLGDK"),
    (I2C_MISSING, "i2cFG"),
    (OBJECT_MISSING, "spiflash"),
)
_KINDS = (TIMER, INTERFACE, INFO)


def build(chip: Chip, modes: dict[str, PinMode]) -> dict[str, ApiObject]:
    """Every API object of the module and release, by path; `modes` is where pins keep what they are."""
    module = chip.module
    server = Server(chip, "server")
    missing = {name for fault, name in _MISSING if chip.broken(fault)}
    found: list[ApiObject] = [
        RootFunctions(chip, ""),
        ImpObject(chip, "imp"),
        Net(chip, "imp.net"),
        Hardware(chip, "hardware"),
        server,
        Agent(chip, "agent", server),
        Crypto(chip, "crypto"),
        Interface(chip, INTERFACE),
        Info(chip, INFO),
    ]
    found += [
        GpioPin(chip, f"hardware.pin{_pin_name(chip, i, name)}", chip.pads[name], modes)
        for i, name in enumerate(module.gpio_pins)
    ]
    found += [UartPort(chip, f"hardware.{name}", uart) for name, uart in module.uarts.items()]
    found += [SpiPort(chip, f"hardware.{_spi_name(chip, name)}", spi) for name, spi in module.spis.items()]
    found += [I2cPort(chip, f"hardware.{name}", i2c) for name, i2c in module.i2cs.items()]
    if module.spiflash.available:
        found.append(SpiFlash(chip, "hardware.spiflash"))
    usb = module.usb.object if module.usb is not None else "hardware.usb" if _usb_anyway(chip) else None
    if usb is not None and chip.release.since(34) and not chip.broken(USB_MISSING):
        found.append(UsbHost(chip, usb))
    return {item.path: item for item in found if item.path.removeprefix("hardware.") not in missing}


def manifest(
    chip: Chip, objects: Mapping[str, ApiObject], *, nv: Any, seed: int, memory_limit: int
) -> Manifest:
    """What the VM presents to the program."""
    names: dict[str, Any] = dict(constants(chip.release))
    if nv is not None:
        names["nv"] = nv
    release = chip.release
    return Manifest(
        constants=names,
        objects={path: _methods(item) for path, item in objects.items() if path not in _KINDS},
        kinds={kind: _methods(objects[kind]) if kind in objects else {} for kind in _KINDS},
        seed=seed,
        quirks=Quirks(
            acall_limit=10 if release.since(40) else None,
            format_pads_floats=not chip.broken(FORMAT_UNPADDED),
            format_nonfinite="0.000000" if chip.broken(FORMAT_NONFINITE) else None,  # choice: the wrong text
            # https://developer.electricimp.com/node/896: the log of 5.1 had trailing zeros. choice: as %f has
            log_pads_floats=release.since(33) and not release.since(35, 8),
            log_caught_lines=not chip.broken(CAUGHT_WITHOUT_LINE),  # choice: which entries, in which form
        ),
        memory_limit=memory_limit,
    )


def _methods(item: ApiObject) -> Methods:
    return {
        name: Method(as_text=method.as_text, keep_blobs=method.keep_blobs)
        for name, method in item.available().items()
    }


def _pin_name(chip: Chip, index: int, name: str) -> str:
    if chip.broken(PINS_NUMBERED):
        return str(index + 1)
    return "ABCDEF"[index] if chip.broken(PINS_LETTERED) else name


def _spi_name(chip: Chip, name: str) -> str:
    return "spiABCD" if name == "spiBCAD" and chip.broken(OLD_SPI_NAME) else name


def _usb_anyway(chip: Chip) -> bool:
    return chip.broken(USB_EVERYWHERE) or chip.broken(USB_SILENT)


def stop(objects: Iterable[ApiObject]) -> None:
    """The program is over: every object lets go."""
    for item in objects:
        item.squirrel_stopped()
