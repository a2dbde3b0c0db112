"""Wiring proof: every wire of the rig that can be tried out is, from both ends."""

from collections.abc import Callable, Iterator
from functools import partial

from benchctl.bench.bench import Bench
from benchctl.bench.pin_proof import Finding, prove_pin
from benchctl.buses.uart import UartFormat
from benchctl.dut.remote import Remote
from benchctl.errors import BenchError, NotEquippedError
from benchctl.rig.nets import UartFacing
from benchctl.rig.parts import Eeprom24, SpiNor

_PATTERN = bytes(range(0, 256, 5))
_BAUD = 9600
_READ_ID, _ID_BYTES = b"\x9f", 3
_OFF_S, _RESET_S = 0.5, 0.01
# The imp lets go of an RS485 bus only some time after its last bit.
_TURNAROUND_S = 0.001
_ARRIVAL_S = 0.1


def prove_wiring(bench: Bench) -> Iterator[Finding]:
    """Try every net, yielding findings as they come."""
    yield _tried("power switch", partial(_prove_power, bench))
    yield _tried("reset line", partial(_prove_reset, bench))
    for net in bench.rig.nets.values():
        pins = [p for p in bench.wiring.imp_pins_on(net) if p in bench.rig.module.gpio_pins]
        if pins:
            yield prove_pin(bench, net, pins[0])
    for name in bench.rig.module.uarts:
        yield from _prove_uarts(bench, name)
    for name in bench.rig.module.i2cs:
        yield _tried(f"{name} and what is on it", partial(_prove_i2c, bench, name))
    yield from _prove_spi_parts(bench)


def _tried(what: str, prove: Callable[[], str]) -> Finding:
    """What came of a proof, which returns a remark, or raises _WrongError with what is wrong."""
    try:
        return Finding(what, True, prove())
    except _WrongError as error:
        return Finding(what, False, str(error))
    except NotEquippedError as error:
        return Finding(what, None, error.what)


class _WrongError(Exception):
    """The bench is not wired as the rig file says."""


def _prove_power(bench: Bench) -> str:
    imp = bench.imp  # met while it has power
    bench.power.off()
    bench.clock.sleep(_OFF_S)
    imp.restart_by(bench.power.on)
    return ""


def _prove_reset(bench: Bench) -> str:
    bench.reset.hold()
    bench.clock.sleep(_RESET_S)
    hello = bench.imp.restart_by(bench.reset.release)
    return f"wake reason {hello.wake_reason}"


def _prove_uarts(bench: Bench, name: str) -> Iterator[Finding]:
    """An imp UART straight to the bench and over RS485, as far as the rig has these ways."""
    straight, over_rs485 = f"{name} and its bench UART", f"{name} over RS485"
    ways = bench.wiring.uart_ways(name)
    for way in ways:
        what = over_rs485 if way.transceivers else straight
        yield _tried(what, partial(_prove_uart, bench, way))
    if not ways:
        yield Finding(straight, None, f"this rig has no bench UART facing {name}")


def _prove_uart(bench: Bench, way: UartFacing) -> str:
    name = way.uart
    bus = bench.rig.module.uart(name)
    enable = bench.wiring.imp_pins_on(bench.wiring.net(way.de_net))[:1] if way.de_net else ()
    bench.use(*filter(None, (bus.tx, bus.rx)), *enable)
    try:
        return _exchange(bench, way, max(_BAUD, bus.min_baud or 0), enable)
    except NotEquippedError:
        raise
    except BenchError as error:
        raise _WrongError(error.what) from error
    finally:
        bench.imp.tidy()
        bench.release()


def _exchange(bench: Bench, way: UartFacing, baud: int, enable: tuple[str, ...]) -> str:
    """The same bytes each way, as the imp's `baud` comes out."""
    imp = bench.imp
    uart: Remote = imp.hardware[way.uart]
    actual = uart.configure(baud, 8, imp.PARITY_NONE, 1, imp.NO_CTSRTS)
    for pin in enable:
        uart.settxactive(imp.hardware[f"pin{pin}"], 1, 100, 100)
    ours = bench.rs485(way.uart) if way.transceivers else bench.uart(way.uart)
    ours.configure(UartFormat(actual))
    ours.discard_input()
    uart.read.until(-1)  # some releases keep what came in before the port was configured
    uart.write(_PATTERN)
    if (got := ours.read(len(_PATTERN))) != _PATTERN:
        raise _WrongError(f"the bench got {got[:8].hex()}...")
    bench.clock.sleep(_TURNAROUND_S)
    ours.write(_PATTERN)
    ours.drain()
    got = b""
    deadline = bench.clock.deadline_ns(_ARRIVAL_S)
    while len(got) < len(_PATTERN) and bench.clock.now_ns() < deadline:
        got += uart.readblob(len(_PATTERN) - len(got))
    if got != _PATTERN:
        raise _WrongError(f"the imp got {len(got)} of {len(_PATTERN)} bytes: {got[:8].hex()}...")
    return f"{len(_PATTERN)} bytes each way at {actual}"


def _prove_i2c(bench: Bench, name: str) -> str:
    bench.wiring.i2c_facing(name)
    bench.use(*bench.rig.module.i2c(name).pins.values())
    try:
        # Configured, the imp leaves both lines to their pull-ups; at start some modules drive them.
        bench.imp.hardware[name].configure(bench.imp.CLOCK_SPEED_100_KHZ)
        wanted = set()
        for part in bench.wiring.parts_on_bus(name):
            if isinstance(part.spec, Eeprom24):
                wanted.add(part.spec.address)
            bench.supply(part.name)
        found = set(bench.i2c(name).scan())
    except NotEquippedError:
        raise
    except BenchError as error:
        raise _WrongError(error.what) from error
    finally:
        bench.imp.tidy()
        bench.release()
    if missing := wanted - found:
        raise _WrongError(f"nobody answers at {_addresses(missing)}")
    return _addresses(found) or "nobody"


def _addresses(found: set[int]) -> str:
    return " ".join(f"{address:#04x}" for address in sorted(found))


def _prove_spi_parts(bench: Bench) -> Iterator[Finding]:
    """Every SPI flash the bench can reach tells its JEDEC ID while the imp is quiet."""
    parts = [part.name for part in bench.rig.parts.values() if isinstance(part.spec, SpiNor)]
    if not parts:
        return
    findings: list[Finding] = []

    def prove() -> None:
        with bench.imp_quiet():
            findings.extend(
                _tried(f"SPI part {part}", partial(_prove_spi_part, bench, part)) for part in parts
            )

    try:
        bench.imp.restart_by(prove)
    except NotEquippedError:
        yield Finding(f"SPI parts {', '.join(parts)}", None, "nothing keeps the imp quiet")
    bench.release()
    yield from findings


def _prove_spi_part(bench: Bench, part: str) -> str:
    identity = bench.spi(part).exchange(_READ_ID, _ID_BYTES)
    bench.let_go(part)
    if identity in (bytes(_ID_BYTES), b"\xff" * _ID_BYTES):
        raise _WrongError("nobody drives CIPO")
    return f"JEDEC ID {identity.hex()}"
