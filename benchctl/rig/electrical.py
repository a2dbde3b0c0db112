"""Electrical rules: nets on which something could be destroyed, or nothing could work."""

from collections.abc import Iterator

from benchctl.errors import RigError
from benchctl.rig.kinds import Direction, Role
from benchctl.rig.model import IMP, Arbiter, Net, Part, PinRef, Rig
from benchctl.rig.nets import Wiring
from benchctl.rig.parts import Rs485

_IMP_DIRECTIONS = {
    "in": Direction.INPUT,
    "out": Direction.OUTPUT,
    "either": Direction.EITHER,
    "open-drain": Direction.OPEN_DRAIN,
    "passive": Direction.PASSIVE,
}
_BENCH_DRIVERS = (Direction.OUTPUT, Direction.EITHER, Direction.OPEN_DRAIN)


def electrical_faults(rig: Rig, net: Net) -> Iterator[RigError]:
    """What is wrong with a net: two drivers, mixed voltages, I²C without pull-up, an idle arbiter."""
    yield from _drivers(rig, net)
    yield from _domains(rig, net)
    yield from _i2c_pull_up(rig, net)
    yield from _arbiter(rig, net)


def _drivers(rig: Rig, net: Net) -> Iterator[RigError]:
    """Two drivers that can be active together.

    An imp GPIO does not count: the test that makes it an output knows what it is wired to. Tri-state
    outputs of parts share a net by their selects, or by supplies that the bench switches. FTDI channels are
    in high impedance while not in use, so an arbiter lets several of them share a net, or share it with what
    the imp or a selected part drives.
    """
    ways = {pin: _direction(rig, pin) for pin in net.pins}
    always = [pin for pin, way in ways.items() if way is Direction.OUTPUT and pin.device not in rig.adapters]
    selected = [pin for pin, way in ways.items() if way is Direction.TRISTATE]
    bench = [pin for pin, way in ways.items() if way in _BENCH_DRIVERS and pin.device in rig.adapters]
    channels = {rig.channel_of(pin) for pin in bench}
    forever = [pin for pin in bench if ways[pin] is Direction.OUTPUT and _kernel_drives(rig, pin)]
    if forever and net.arbiter is not None:
        yield net.place.error(
            f"{_named(rig, forever[0])} drives this net all the time: the kernel never lets go of it",
            "take it off the net, or use an FTDI channel there",
        )
        return
    clash: list[PinRef] = []
    cure = "take one of them off the net"
    if len(always) > 1 or (always and selected):
        clash = always + selected
    elif len(bench) > len(channels):
        clash = bench
    elif bench and any(pin.device != IMP for pin in always):
        clash = always + bench
    elif net.arbiter is None and _bench_can_clash(ways, always + selected, bench):
        clash = always + selected + bench
        cure += ", or say `arbiter: bench` if the bench drives it in one role at a time"
        if any(pin.device == IMP for pin in always):
            cure = f"{_swap(rig, bench)}, or say `arbiter: reset` if the bench drives it only in reset"
    if clash:
        names = " and ".join(_named(rig, pin) for pin in clash)
        yield net.place.error(f"this net has {len(clash)} drivers: {names}", cure)


def _swap(rig: Rig, bench: list[PinRef]) -> str:
    """What to do about an imp pin and bench pins that drive each other: two transmitters want crossing."""
    for pin in bench:
        channel = rig.channel_of(pin)
        if channel is not None and channel.pin("TXD") == pin:
            return f"a transmitter goes to a receiver: put {channel.pin('RXD')} here instead of {pin}"
    return "take one of them off the net"


def _kernel_drives(rig: Rig, pin: PinRef) -> bool:
    """Outputs of the kernel's own drivers stay outputs while nobody has the node open."""
    return rig.adapters[pin.device].kind.usb_id is None


def _bench_can_clash(ways: dict[PinRef, Direction], others: list[PinRef], bench: list[PinRef]) -> bool:
    open_drain = all(ways[pin] is Direction.OPEN_DRAIN for pin in bench)
    return bool(bench) and (bool(others) or (len(bench) > 1 and not open_drain))


def _named(rig: Rig, pin: PinRef) -> str:
    channel = rig.channel_of(pin)
    function = channel.function(pin.pin) if channel else None
    if channel is None or function is None:
        return str(pin)
    return (
        f"{pin} ({channel.role} {function.signal})"
        if function.signal != pin.pin
        else f"{pin} ({channel.role})"
    )


def _domains(rig: Rig, net: Net) -> Iterator[RigError]:
    volts: dict[float, tuple[PinRef, str]] = {}
    for pin in net.pins:
        if _direction(rig, pin) in (Direction.PASSIVE, Direction.BUS):
            continue
        domain = _domain_of(rig, pin)
        volts.setdefault(rig.domains[domain], (pin, domain))
    if len(volts) > 1:
        named = " and ".join(f"{pin} at {level:g} V ({domain})" for level, (pin, domain) in volts.items())
        yield net.place.error(
            f"this net mixes voltage domains: {named}", "put a level shifter between, on two nets"
        )


def _domain_of(rig: Rig, pin: PinRef) -> str:
    if pin.device == IMP:
        return rig.imp_domain
    if pin.device in rig.adapters:
        return rig.adapters[pin.device].domain
    return rig.parts[pin.device].spec.domain


def _i2c_pull_up(rig: Rig, net: Net) -> Iterator[RigError]:
    if net.pull_up is None:
        for pin in net.pins:
            if _is_i2c(rig, pin):
                yield net.place.error(
                    f"this net is I²C ({pin}) and has no pull-up",
                    "fit one and add `pull_up: OHMS`, such as 2200 for 400 kHz",
                )
                return


def _is_i2c(rig: Rig, pin: PinRef) -> bool:
    channel = rig.channel_of(pin)
    if channel is not None:
        return channel.role is Role.I2C
    if pin.device in rig.parts:
        return pin.pin in ("SCL", "SDA")
    return _direction(rig, pin) is Direction.OPEN_DRAIN


def _arbiter(rig: Rig, net: Net) -> Iterator[RigError]:
    if net.arbiter is Arbiter.RESET and rig.reset is None:
        yield net.place.error(
            "this net says `arbiter: reset`, but the rig cannot hold the imp in reset",
            "wire the imp's reset and add a `reset` section",
        )


def _direction(rig: Rig, pin: PinRef) -> Direction:
    """How a pin can drive its net; PASSIVE for a bench pin that its role does not use."""
    if pin.device == IMP:
        return _IMP_DIRECTIONS[rig.module.pin(pin.pin).direction]
    if pin.device in rig.parts:
        part = rig.parts[pin.device]
        return Direction.OUTPUT if _receives_always(rig, part, pin.pin) else part.spec.pins[pin.pin]
    channel = rig.channel_of(pin)
    function = channel.function(pin.pin) if channel else None
    return function.direction if function else Direction.PASSIVE


def _receives_always(rig: Rig, part: Part, pin: str) -> bool:
    """Whether a pin is the output of an RS485 receiver that nothing but its own driver switches off."""
    if not isinstance(part.spec, Rs485) or pin != "RO":
        return False
    wiring = Wiring(rig)
    de, re, vcc = (wiring.net_of(PinRef(part.name, name)) for name in ("DE", "RE", "VCC"))
    return vcc is None and (re is None or re is de)
