"""What a rig file may not ask for, found before any port is opened."""

from collections.abc import Iterator

from benchctl.errors import NotEquippedError, RigError
from benchctl.rig.electrical import electrical_faults
from benchctl.rig.kinds import Role
from benchctl.rig.model import IMP, ControlLink, Net, PinRef, Rig
from benchctl.rig.nets import Wiring


def broken_rules(rig: Rig) -> Iterator[RigError]:
    """Every rule the rig breaks, in the order of the file within each rule."""
    wiring = Wiring(rig)
    yield from _identities(rig)
    yield from _pins_on_two_nets(rig)
    for net in rig.nets.values():
        yield from _idle_pins(rig, net)
        yield from electrical_faults(rig, net)
    yield from _i2c_data_pair(rig, wiring)
    yield from _i2c_clock_pair(rig, wiring)
    yield from _rs485_wired(rig, wiring)
    yield from _reset_wired(rig, wiring)
    yield from _control_wired(rig, wiring)


def _identities(rig: Rig) -> Iterator[RigError]:
    seen: dict[str, str] = {}
    for adapter in rig.adapters.values():
        first = seen.setdefault(adapter.identity, adapter.name)
        if first != adapter.name and not adapter.placeholder:
            yield adapter.place.error(
                f"adapters {first!r} and {adapter.name!r} are the same {adapter.identity}",
                "give each adapter its own identity, or use one adapter with more channels",
            )


def _pins_on_two_nets(rig: Rig) -> Iterator[RigError]:
    seen: dict[PinRef, str] = {}
    for net in rig.nets.values():
        for pin, place in zip(net.pins, net.pin_places, strict=True):
            if pin in seen:
                first = seen[pin]
                where = "twice on this net" if first == net.name else f"on net {first!r} already"
                yield place.error(f"{pin} is {where}", "a pin is on one net: join the two nets or move a pin")
            seen.setdefault(pin, net.name)


def _idle_pins(rig: Rig, net: Net) -> Iterator[RigError]:
    for pin, place in zip(net.pins, net.pin_places, strict=True):
        if pin.device not in rig.adapters:
            continue
        channel = rig.channel_of(pin)
        adapter = rig.adapters[pin.device]
        if channel is None:
            letter = adapter.kind.channel_of(pin.pin)
            yield place.error(
                f"{pin} belongs to channel {letter}, which has no role",
                f"add `{letter}: ROLE` to adapters.{adapter.name}.channels",
            )
        elif channel.function(pin.pin) is None:
            used = [name for name in adapter.kind.channels[channel.name] if channel.function(name)]
            yield place.error(
                f"{pin} does nothing while channel {channel.name} is {channel.role}",
                f"in that role it has {', '.join(used)}",
            )


def _i2c_data_pair(rig: Rig, wiring: Wiring) -> Iterator[RigError]:
    """MPSSE I²C drives SDA on D1 and listens on D2: both belong on the SDA net."""
    for channel in rig.channels:
        out, back = channel.pin("SDA"), channel.pin("SDA_IN")
        if channel.role is not Role.I2C or back is None:
            continue
        net = wiring.net_of(out)
        if net is not None and wiring.net_of(back) is not net:
            yield net.place.error(
                f"{out} drives SDA here, but {back}, which listens to it, is elsewhere",
                f"add {back} to this net",
            )


def _i2c_clock_pair(rig: Rig, wiring: Wiring) -> Iterator[RigError]:
    """MPSSE I²C waits for what D5 is wired to, and that can only be SCL."""
    for channel in rig.channels:
        clock, back = channel.pin("SCL"), channel.pin("SCL_IN")
        if channel.role is not Role.I2C or back is None:
            continue
        net = wiring.net_of(back)
        if net is not None and wiring.net_of(clock) is not net:
            yield net.place.error(
                f"{back} listens to SCL for {channel}, but {clock} is elsewhere", f"take {back} off this net"
            )


def _rs485_wired(rig: Rig, wiring: Wiring) -> Iterator[RigError]:
    """What enables an RS485 driver, and whether the bench hears itself, follows from its transceiver."""
    for channel in rig.channels:
        net = wiring.net_of(channel.pin("TXD"))
        if channel.role is Role.RS485 and net is not None and wiring.transceiver(channel) is None:
            yield net.place.error(
                f"{channel} is rs485, but no transceiver has DI and RO on its TXD and RXD",
                "add the transceiver under `parts` and wire it, or give the channel the role uart",
            )


def _reset_wired(rig: Rig, wiring: Wiring) -> Iterator[RigError]:
    if rig.reset is None:
        return
    net = wiring.net_of(rig.reset.pin)
    if net is None or PinRef(IMP, "RESET") not in net.pins:
        yield rig.place("reset.line").error(
            f"{rig.reset.pin} is not wired to imp.RESET", f"add a net `[imp.RESET, {rig.reset.pin}]`"
        )


def _control_wired(rig: Rig, wiring: Wiring) -> Iterator[RigError]:
    links = {"control.primary": rig.control.primary}
    links |= {f"control.alternates[{index}]": link for index, link in enumerate(rig.control.alternates)}
    for key, link in links.items():
        yield from _link_wired(rig, wiring, key, link)


def _link_wired(rig: Rig, wiring: Wiring, key: str, link: ControlLink) -> Iterator[RigError]:
    place = rig.place(f"{key}.uart")
    try:
        facing = wiring.uart_facing(link.uart)
    except NotEquippedError as error:
        yield place.error(f"no bench UART faces {link.uart}, which is to carry the control link", error.cure)
        return
    if facing.transceivers:
        yield place.error(
            f"{link.uart} reaches the bench through RS485, which cannot carry the control link",
            "choose a UART that is wired straight to a bench UART",
        )
