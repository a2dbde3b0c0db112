"""Reaching a flash on a bench: the imp is kept quiet where it shares the wires, and let go afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from benchctl.bench.bench import Bench
from benchctl.buses.spi import Spi
from benchctl.errors import NotEquippedError, UserError
from benchctl.flash.layout import Layout
from benchctl.flash.nor import FlashChip
from benchctl.nearest import nearest
from benchctl.rig.model import IMP, PinRef, Rig
from benchctl.rig.nets import Wiring
from benchctl.rig.parts import SpiNor

_IMP_CLOCK = PinRef(IMP, "FLASH_SCLK")


def own_flash(rig: Rig) -> str:
    """The part that is the imp's own flash: the one its flash pins are wired to.

    Raises:
        NotEquippedError: there is none on this rig.
    """
    wiring = Wiring(rig)
    net = wiring.net_of(_IMP_CLOCK)
    for part, pin in wiring.parts_on(net) if net else ():
        if isinstance(part.spec, SpiNor) and pin == "SCLK":
            return part.name
    raise NotEquippedError(
        f"flash part on the flash pins of its {rig.module.name}", "name another flash of the rig with --part"
    )


@contextmanager
def flash_bus(bench: Bench, part: str) -> Iterator[Spi]:
    """The bench's SPI controller on a flash part, powered, with the imp quiet where it shares the wires.

    Whatever happens inside, the bus is released first and the imp after it.

    Raises:
        UserError: the part is not a flash.
        NotEquippedError: no bench SPI channel reaches it, or nothing keeps the imp quiet.
    """
    _require_flash(bench.rig, part)
    facing = bench.wiring.spi_reaching(part)
    bench.power.on()
    shared = any(bench.wiring.imp_pins_on(bench.wiring.net(net)) for net in facing.nets.values())
    with bench.imp_quiet() if shared else nullcontext():
        try:
            yield bench.spi(part)
        finally:
            bench.let_go(part)


@contextmanager
def flash_chip(bench: Bench, part: str, hz: float) -> Iterator[FlashChip]:
    """The flash itself, identified at `hz`. Raises what `flash_bus` and `FlashChip.identify` raise."""
    with flash_bus(bench, part) as spi:
        yield FlashChip.identify(spi, bench.clock, hz)


def user_bytes(bench: Bench) -> int:
    """What the imp itself says it leaves to Squirrel: hardware.spiflash.size() (node/2570)."""
    spiflash = bench.imp.hardware.spiflash
    spiflash.enable()
    try:
        return int(spiflash.size())
    finally:
        spiflash.disable()


def flash_layout(rig: Rig, part: str, size: int, user: int | None) -> Layout:
    """The areas of a flash part; `user` is what the imp said, or None when it was not asked.

    Raises:
        NotEquippedError: it is the imp's own, and neither the documentation nor the imp tells its areas.
    """
    if not _is_own(rig, part):
        return Layout.plain(size)
    reserved = rig.module.spiflash.reserved_bytes.value
    return Layout.of_imp(size, reserved_bytes=reserved, user_bytes=user)


def must_ask(rig: Rig, part: str) -> bool:
    """True when only the imp can tell where the areas of this part meet: no documentation does."""
    return _is_own(rig, part) and rig.module.spiflash.reserved_bytes.value is None


def _is_own(rig: Rig, part: str) -> bool:
    net = Wiring(rig).net_of(_IMP_CLOCK)
    return net is not None and PinRef(part, "SCLK") in net.pins


def _require_flash(rig: Rig, part: str) -> None:
    flashes = [name for name, found in rig.parts.items() if isinstance(found.spec, SpiNor)]
    if part not in flashes:
        raise UserError(f"rig {rig.name!r} has no flash {part!r}", nearest(part, flashes))
