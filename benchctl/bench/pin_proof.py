"""Proof of single wires: the imp and the bench drive a net in turn, and each sees what the other does.

A floating input is never called good: a level counts only when it follows what was driven, both ways.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchctl.bench.bench import Bench
from benchctl.dut.remote import Remote
from benchctl.errors import NotEquippedError
from benchctl.rig.graph import Attachment
from benchctl.rig.kinds import Direction, Role
from benchctl.rig.model import Net

_SAMPLE_HZ = 1e6
_SETTLE_S = 0.001


@dataclass(frozen=True)
class Finding:
    """One thing tried: `proven` True or False, or None where it cannot be tried; `detail` says why."""

    what: str
    proven: bool | None
    detail: str = ""


def prove_pin(bench: Bench, net: Net, name: str) -> Finding:
    """Try a net with an imp pin on it, with all that the bench has there."""
    what = f"net {net.name} (imp.{name})"
    held = _held_by(bench, net)
    if held:
        return Finding(what, None, f"{held} drives it")
    attached = [a for a in bench.wiring.bench_channels_on(net) if bench.rig.has(a.pin.device)]
    lines = [a for a in attached if a.channel.role is Role.GPIO]
    probes = [a for a in attached if a.channel.role is Role.CAPTURE]
    if not lines and not probes and net.pull_up is None and net.pull_down is None:
        return Finding(what, None, "no line, capture port or pull of the bench is on it")
    try:
        bench.use(name)
    except NotEquippedError as error:
        return Finding(what, None, error.what)
    pin: Remote = bench.imp.hardware[f"pin{name}"]
    problems = [
        *_imp_drives(bench, net, pin, lines, probes),
        *(_bench_drives(bench, net, pin) if lines else ()),
        *_pulled(bench, net, pin),
    ]
    bench.imp.tidy()
    bench.release()
    return Finding(what, not problems, "; ".join(problems))


def _held_by(bench: Bench, net: Net) -> str:
    """A part that drives the net by itself, so that nobody else may."""
    for part, pin in bench.wiring.parts_on(net):
        if part.spec.pins.get(pin) is Direction.OUTPUT:
            return f"{part.name}.{pin}"
    return ""


def _imp_drives(
    bench: Bench, net: Net, pin: Remote, lines: list[Attachment], probes: list[Attachment]
) -> Iterator[str]:
    """The imp drives both levels: lines and capture ports must see it, and only on this net."""
    for level in (0, 1):
        pin.configure(bench.imp.DIGITAL_OUT, level)
        for attachment in lines:
            if bench.gpio(net.name).read() != bool(level):
                yield f"{attachment.pin} does not follow the imp to {level}"
    for attachment in probes:
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
    line = bench.gpio(net.name)
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
