"""Wiring proof: every wire of the rig that can be tried out is, from both ends.

A floating input is never called good: a level counts only when it follows what was driven, both ways.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchctl.bench.bench import Bench
from benchctl.buses.uart import UartFormat
from benchctl.dut.remote import Remote
from benchctl.errors import BenchError, NotEquippedError
from benchctl.rig.kinds import Direction, Role
from benchctl.rig.model import Manual, Net
from benchctl.rig.nets import UartFacing
from benchctl.rig.parts import Eeprom24, SpiNor

_SAMPLE_HZ = 1e6
_PATTERN = bytes(range(0, 256, 5))
_BAUD = 9600
_READ_ID, _ID_BYTES = b"\x9f", 3
_SETTLE_S = 0.001


@dataclass(frozen=True)
class Finding:
    """One thing tried: `proven` True or False, or None where it cannot be tried; `detail` says why."""

    what: str
    proven: bool | None
    detail: str = ""


def prove_wiring(bench: Bench) -> Iterator[Finding]:
    """Try every net, yielding findings as they come."""
    yield from _prove_restart(bench)
    for net in bench.rig.nets.values():
        pins = [p for p in bench.wiring.imp_pins_on(net) if p in bench.rig.module.gpio_pins]
        if pins:
            yield from _prove_pin(bench, net, pins[0])
    for name in bench.rig.module.uarts:
        yield from _prove_uarts(bench, name)
    for name in bench.rig.module.i2cs:
        yield from _prove_i2c(bench, name)
    yield from _prove_spi_parts(bench)


def _prove_restart(bench: Bench) -> Iterator[Finding]:
    imp = bench.imp
    try:
        bench.power.off()
        bench.clock.sleep(0.5)
        imp.restart_by(bench.power.on)
        yield Finding("power switch", True)
    except NotEquippedError as error:
        yield Finding("power switch", None, error.what)
    if bench.rig.reset is None:
        yield Finding("reset line", None, "not wired")
        return
    bench.reset.hold()
    bench.clock.sleep(0.01)
    hello = imp.restart_by(bench.reset.release)
    yield Finding("reset line", True, f"wake reason {hello.wake_reason}")


def _prove_pin(bench: Bench, net: Net, name: str) -> Iterator[Finding]:
    what = f"net {net.name} (imp.{name})"
    held = _held_by(bench, net)
    if held:
        yield Finding(what, None, f"{held} drives it")
        return
    try:
        bench.use(name)
    except NotEquippedError as error:
        yield Finding(what, None, error.what)
        return
    pin: Remote = bench.imp.hardware[f"pin{name}"]
    problems = [*_imp_drives(bench, net, pin), *_bench_drives(bench, net, pin), *_pulled(bench, net, pin)]
    bench.imp.tidy()
    bench.release()
    yield Finding(what, not problems, "; ".join(problems))


def _held_by(bench: Bench, net: Net) -> str:
    """A part that drives the net by itself, so that nobody else may."""
    for part, pin in bench.wiring.parts_on(net):
        if part.spec.pins.get(pin) is Direction.OUTPUT:
            return f"{part.name}.{pin}"
    return ""


def _imp_drives(bench: Bench, net: Net, pin: Remote) -> Iterator[str]:
    """The imp drives both levels: lines and capture ports must see it, and only on this net."""
    attachments = bench.wiring.bench_channels_on(net)
    lines = [a for a in attachments if a.channel.role is Role.GPIO]
    for level in (0, 1):
        pin.configure(bench.imp.DIGITAL_OUT, level)
        for attachment in lines:
            if bench.gpio(net.name).read() != bool(level):
                yield f"{attachment.pin} does not follow the imp to {level}"
    for attachment in (a for a in attachments if a.channel.role is Role.CAPTURE):
        port = bench.wiring.capture_nets(attachment.channel)
        pin.write(0)
        with bench.capture(list(port), _SAMPLE_HZ) as recording:
            pin.write(1)
            pin.write(0)
        moved = [name for name in port if len(recording.waveform.edges(name))]
        if net.name not in moved:
            yield f"{attachment.pin} does not see the imp's edges"
        others = sorted(set(moved) - {net.name} - _link_nets(bench))
        if others:
            yield f"net {', '.join(others)} moves with it"


def _link_nets(bench: Bench) -> set[str]:
    facing = bench.wiring.uart_facing(bench.control.uart)
    return {net for net in (facing.tx_net, facing.rx_net) if net}


def _bench_drives(bench: Bench, net: Net, pin: Remote) -> Iterator[str]:
    """The bench drives both levels and the imp reads them."""
    try:
        line = bench.gpio(net.name)
    except NotEquippedError:
        return
    pin.configure(bench.imp.DIGITAL_IN)
    for level in (0, 1, 0):
        line.drive(bool(level))
        bench.clock.sleep(_SETTLE_S)
        if pin.read() != level:
            yield f"the imp does not follow the bench's line to {level}"
    line.release()


def _pulled(bench: Bench, net: Net, pin: Remote) -> Iterator[str]:
    """With nobody driving, the net goes where the rig file says it is pulled."""
    if net.pull_up is None and net.pull_down is None:
        return
    pin.configure(bench.imp.DIGITAL_IN)
    bench.clock.sleep(_SETTLE_S)
    level = int(net.pull_up is not None)
    if pin.read() != level:
        yield f"it is not pulled {'up' if level else 'down'}"


def _prove_uarts(bench: Bench, name: str) -> Iterator[Finding]:
    """An imp UART straight to the bench and over RS485, as far as the rig has these ways."""
    straight, over_rs485 = f"{name} and its bench UART", f"{name} over RS485"
    ways = bench.wiring.uart_ways(name)
    for way in ways:
        what = over_rs485 if way.transceivers else straight
        try:
            yield _prove_uart(bench, what, way)
        except NotEquippedError as error:
            yield Finding(what, None, error.what)
    if not ways:
        yield Finding(straight, None, f"this rig has no bench UART facing {name}")


def _prove_uart(bench: Bench, what: str, way: UartFacing) -> Finding:
    imp, name = bench.imp, way.uart
    bus = bench.rig.module.uart(name)
    enable = bench.wiring.imp_pins_on(bench.wiring.net(way.de_net))[:1] if way.de_net else ()
    bench.use(*filter(None, (bus.tx, bus.rx)), *enable)
    uart: Remote = imp.hardware[name]
    baud = max(_BAUD, bus.min_baud or 0)
    problems = []
    try:
        actual = uart.configure(baud, 8, imp.PARITY_NONE, 1, imp.NO_CTSRTS)
        for pin in enable:
            uart.settxactive(imp.hardware[f"pin{pin}"], 1, 100, 100)
        ours = bench.rs485(name) if way.transceivers else bench.uart(name)
        ours.configure(UartFormat(actual))
        ours.discard_input()
        uart.read.until(-1)  # some releases keep what came in before the port was configured
        uart.write(_PATTERN)
        if (got := ours.read(len(_PATTERN))) != _PATTERN:
            problems.append(f"the bench got {got[:8].hex()}...")
        bench.clock.sleep(_SETTLE_S)  # the imp lets go of an RS485 bus only some time after its last bit
        ours.write(_PATTERN)
        ours.drain()
        bench.clock.sleep(_SETTLE_S)
        if (got := uart.readblob(len(_PATTERN))) != _PATTERN:
            problems.append(f"the imp got {got[:8].hex()}...")
    except BenchError as error:
        problems.append(error.what)
    imp.tidy()
    bench.release()
    return Finding(what, not problems, "; ".join(problems) or f"{len(_PATTERN)} bytes each way at {actual}")


def _prove_i2c(bench: Bench, name: str) -> Iterator[Finding]:
    what = f"{name} and what is on it"
    try:
        bench.wiring.i2c_facing(name)
        bench.use(*bench.rig.module.i2c(name).pins.values())
    except NotEquippedError as error:
        yield Finding(what, None, error.what)
        return
    # Configured, the imp leaves both lines to their pull-ups; at start some modules drive them.
    bench.imp.hardware[name].configure(bench.imp.CLOCK_SPEED_100_KHZ)
    wanted = set()
    for part in bench.wiring.parts_on_bus(name):
        if isinstance(part.spec, Eeprom24):
            wanted.add(part.spec.address)
        bench.supply(part.name)
    found = set(bench.i2c(name).scan())
    bench.imp.tidy()
    bench.release()
    missing = ", ".join(f"{address:#04x}" for address in sorted(wanted - found))
    shown = " ".join(f"{address:#04x}" for address in sorted(found))
    yield Finding(what, not missing, f"nobody answers at {missing}" if missing else shown or "nobody")


def _prove_spi_parts(bench: Bench) -> Iterator[Finding]:
    """Every SPI flash the bench can reach tells its JEDEC ID while the imp is quiet."""
    parts = [part.name for part in bench.rig.parts.values() if isinstance(part.spec, SpiNor)]
    if not parts:
        return
    if bench.rig.reset is None and isinstance(bench.rig.power, Manual):
        yield Finding(f"SPI parts {', '.join(parts)}", None, "nothing keeps the imp quiet")
        return
    findings: list[Finding] = []

    def prove() -> None:
        with bench.imp_quiet():
            findings.extend(_prove_spi_part(bench, part) for part in parts)

    bench.imp.restart_by(prove)
    bench.release()
    yield from findings


def _prove_spi_part(bench: Bench, part: str) -> Finding:
    what = f"SPI part {part}"
    try:
        identity = bench.spi(part).exchange(_READ_ID, _ID_BYTES)
        bench.let_go(part)
    except NotEquippedError as error:
        return Finding(what, None, error.what)
    there = identity not in (bytes(_ID_BYTES), b"\xff" * _ID_BYTES)
    return Finding(what, there, f"JEDEC ID {identity.hex()}" if there else "nobody drives CIPO")
