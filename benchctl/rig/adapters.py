"""The adapters of a rig file: identified in a way that lasts, each channel in a role it can have."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from benchctl.nearest import nearest
from benchctl.rig.kinds import KINDS, MPSSE_ROLES, AdapterKind, Role
from benchctl.rig.model import IMP, Adapter, Channel
from benchctl.rig.names import Names
from benchctl.rig.schema import AdapterSpec
from benchctl.rig.source import KeyPath

_NODES = {
    "tty": ("/dev/serial/by-id/...", re.compile(r"/.+")),
    "spidev": ("/dev/spidev<bus>.<chip select>", re.compile(r"/dev/spidev\d+\.\d+")),
    "i2cdev": ("/dev/i2c-<bus>", re.compile(r"/.+")),
}
_NUMBERED_WHEN_PLUGGED = re.compile(r"/dev/tty(USB|ACM)\d+")


def resolve_adapter(name: str, spec: AdapterSpec, names: Names) -> Adapter:
    """The adapter that a rig file describes.

    Raises:
        RigError: it has no identity that lasts, or a channel cannot have its role.
    """
    here: KeyPath = ("adapters", name)
    kind = KINDS[spec.kind]
    if name == IMP:
        raise names.error(here, "'imp' is the module itself", "give the adapter another name")
    key = _identity(name, spec, kind, names)
    names.require_domain(spec.domain, (*here, "domain"))
    return Adapter(
        name=name,
        kind=kind,
        domain=spec.domain,
        place=names.place(*here, key),
        channels=MappingProxyType(_channels(name, spec, kind, names)),
        serial=spec.serial,
        port=spec.port,
        path=spec.path,
        driver=spec.driver,
        ports=0 if kind.channels else spec.ports,
    )


def _identity(name: str, spec: AdapterSpec, kind: AdapterKind, names: Names) -> str:
    """The key that identifies an adapter."""
    here: KeyPath = ("adapters", name)
    given = [key for key in ("serial", "port", "path", "driver") if getattr(spec, key)]
    wanted = " or ".join(kind.identity)
    for key in given:
        if key not in kind.identity:
            raise names.error((*here, key), f"the {kind.name} has no {key}", f"identify it by {wanted}")
    if len(given) != 1:
        what = f"adapter {name!r} needs one identity, it has {len(given)}"
        raise names.error(here, what, f"identify it by {wanted}")
    if kind.name in _NODES:
        form, pattern = _NODES[kind.name]
        if not pattern.fullmatch(spec.path):
            raise names.error(
                (*here, "path"), f"{spec.path} is not the path of a {kind.name}", f"write {form}"
            )
        if _NUMBERED_WHEN_PLUGGED.fullmatch(spec.path):
            raise names.error(
                (*here, "path"),
                f"{spec.path} is another adapter when they are plugged in another order",
                "use its link in /dev/serial/by-id or /dev/serial/by-path, which `benchctl scan` shows",
            )
    return given[0]


def _channels(name: str, spec: AdapterSpec, kind: AdapterKind, names: Names) -> Mapping[str, Channel]:
    roles = spec.channels
    if not roles and len(kind.roles) == 1:
        roles = {"A": next(iter(kind.roles))}
    for letter, role in roles.items():
        keys: KeyPath = ("adapters", name, "channels", letter)
        if letter not in kind.channels:
            raise names.error(
                keys, f"the {kind.name} has no channel {letter!r}", nearest(letter, kind.channels)
            )
        if not kind.can(letter, role):
            what = f"channel {letter} of the {kind.name} cannot be {role}"
            raise names.error(keys, what, _instead(kind.name, role))
    return {letter: Channel(name, letter, role, kind) for letter, role in roles.items()}


def _instead(kind: str, role: Role) -> str:
    if not KINDS[kind].channels:
        return "a hub has ports, not channels"
    able = [letter for letter in KINDS[kind].channels if KINDS[kind].can(letter, role)]
    if able:
        return f"only {' and '.join(able)} can be {role}"
    others = [name for name, each in KINDS.items() if any(each.can(letter, role) for letter in each.channels)]
    lacking = "has no MPSSE" if role in MPSSE_ROLES else f"has no {role}"
    return f"the {kind} {lacking}; use one of: {', '.join(others)}"
