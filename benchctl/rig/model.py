"""A rig as the rest of benchctl sees it: resolved, checked, immutable.

Names are resolved against the module, the adapters and the parts, so nothing here can be unknown; the
rules (benchctl/rig/rules.py) have passed before a `Rig` reaches anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from benchctl.dut.module import Module
from benchctl.errors import NotEquippedError, RigError
from benchctl.rig.kinds import AdapterKind, Function, Role
from benchctl.rig.parts import PartSpec

IMP = "imp"
PLACEHOLDER = "EDIT-ME"


class Bench(StrEnum):
    """What stands behind the adapters."""

    VIRTUAL = "virtual"
    REAL = "real"


class Arbiter(StrEnum):
    """What keeps two drivers of a net from being active together."""

    BENCH = "bench"
    """The bench has one of its channels on the net at a time; the others are in high impedance."""
    RESET = "reset"
    """The bench drives only while it holds the imp in reset, and then one channel at a time."""


@dataclass(frozen=True)
class Place:
    """Where in a rig file something is said; `line` is 1-based, `key` dotted."""

    file: Path
    line: int
    key: str

    def error(self, what: str, cure: str) -> RigError:
        """A RigError at this place."""
        return RigError(what, cure, file=self.file, line=self.line, key=self.key)


@dataclass(frozen=True, order=True)
class PinRef:
    """A pin of a device: `imp`, an adapter or a part."""

    device: str
    pin: str

    def __str__(self) -> str:
        return f"{self.device}.{self.pin}"


@dataclass(frozen=True)
class Channel:
    """One channel of an adapter in the role this rig gives it."""

    adapter: str
    name: str
    role: Role
    kind: AdapterKind = field(repr=False)

    def __str__(self) -> str:
        return f"{self.adapter} {self.name}" if self.name != "A" or self.kind.usb_id else self.adapter

    def function(self, pin: str) -> Function | None:
        """What a pin of this channel does in this role; None for nothing, or a pin of another channel."""
        return self.kind.function(self.role, pin) if pin in self.kind.channels[self.name] else None

    def pin(self, signal: str) -> PinRef | None:
        """The pin that carries a signal such as "TXD" or "SCL" in this role, or None."""
        for pin in self.kind.channels[self.name]:
            function = self.function(pin)
            if function is not None and function.signal == signal:
                return PinRef(self.adapter, pin)
        return None


@dataclass(frozen=True)
class Adapter:
    """An adapter of the bench. Exactly one of `serial`, `port`, `path` and `driver` identifies it.

    Attributes:
        kind: what it is and can do.
        serial: USB serial number.
        port: USB port path such as "1-2.3", for adapters without a serial number.
        path: device path of a kernel device, below the host's device root.
        driver: sigrok driver string.
        ports: number of downstream ports of a hub.
        channels: the channels this rig uses, by name.
    """

    name: str
    kind: AdapterKind = field(repr=False)
    domain: str
    place: Place
    channels: Mapping[str, Channel]
    serial: str = ""
    port: str = ""
    path: str = ""
    driver: str = ""
    ports: int = 0

    @property
    def identity(self) -> str:
        """What tells this adapter from every other one on the machine."""
        key = self._identified_by
        return f"{self.kind.name} {key} {getattr(self, key)}"

    @property
    def placeholder(self) -> bool:
        """True while the rig file says EDIT-ME where an identity belongs: this bench does not have it yet."""
        return PLACEHOLDER in self.identity

    def require_identity(self) -> None:
        """Raises RigError when the identity is still the placeholder of the shipped rig file."""
        if self.placeholder:
            key = self._identified_by
            raise self.place.error(
                f"adapter {self.name!r} has the placeholder {getattr(self, key)!r} for its {key}",
                f"run `benchctl scan` and put the {key} of your {self.kind.name} here",
            )

    def require_presence(self) -> None:
        """To be called before the adapter is opened.

        Raises:
            NotEquippedError: it has only a placeholder for its identity.
        """
        if self.placeholder:
            key, place = self._identified_by, self.place
            raise NotEquippedError(
                f"adapter {self.name!r} yet",
                f"put the {key} of your {self.kind.name}, which `benchctl scan` shows, at "
                f"{place.file}:{place.line}",
            )

    @property
    def _identified_by(self) -> str:
        return next(key for key in self.kind.identity if getattr(self, key))


@dataclass(frozen=True)
class Part:
    """A fixture part; `spec` is one of the classes of benchctl/rig/parts.py."""

    name: str
    spec: PartSpec
    place: Place


@dataclass(frozen=True)
class Net:
    """One electrical node. Pulls are in ohms to the domain's supply and to ground."""

    name: str
    pins: tuple[PinRef, ...]
    place: Place
    pin_places: tuple[Place, ...]
    pull_up: float | None = None
    pull_down: float | None = None
    arbiter: Arbiter | None = None


@dataclass(frozen=True)
class HubPort:
    """A switchable port of a bench hub, numbered from 1."""

    hub: str
    port: int


@dataclass(frozen=True)
class Line:
    """A bench gpio line; `active_high` is the level that does what the line is for."""

    pin: PinRef
    active_high: bool


@dataclass(frozen=True)
class Manual:
    """Somebody at the bench does it when asked."""


@dataclass(frozen=True)
class ControlLink:
    """An imp UART that can carry the control link, and its rate in bit/s."""

    uart: str
    baud: int


@dataclass(frozen=True)
class Control:
    """The control link and those that take over when a test needs its pins, in order of preference."""

    primary: ControlLink
    alternates: tuple[ControlLink, ...] = ()


@dataclass(frozen=True)
class Deploy:
    """A physical imp in impCentral; fields as in the rig file."""

    device: str
    group: str
    group_type: str
    endpoint: str


@dataclass(frozen=True)
class Rig:
    """Everything a rig file says.

    Attributes:
        impos: release under test on the virtual bench; informative on a real one.
        board: name of the development board, "" for none.
        aliases: board role to imp pin, such as "LED_RED" to "P".
        bus_aliases: board role to bus object of the imp, such as "RS485_UART" to "uart2".
        domains: voltage domain to volts.
        imp_domain: domain of the imp's pins.
        reset: None when the imp's reset is not wired; power is then the only way to restart it.
        deploy: None where programs get onto the imp without impCentral, or not at all.
    """

    name: str
    file: Path
    bench: Bench
    module: Module
    impos: str
    board: str
    aliases: Mapping[str, str]
    bus_aliases: Mapping[str, str]
    domains: Mapping[str, float]
    imp_domain: str
    adapters: Mapping[str, Adapter]
    parts: Mapping[str, Part]
    nets: Mapping[str, Net]
    power: HubPort | Line | Manual
    reset: Line | None
    control: Control
    deploy: Deploy | None
    places: Mapping[str, Place]

    @property
    def virtual(self) -> bool:
        """True when the twin stands behind the adapters."""
        return self.bench is Bench.VIRTUAL

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every channel in use, adapter by adapter."""
        return tuple(channel for adapter in self.adapters.values() for channel in adapter.channels.values())

    def has(self, adapter: str) -> bool:
        """Whether the bench has an adapter, rather than a placeholder for it."""
        return not self.adapters[adapter].placeholder

    def channel_of(self, pin: PinRef) -> Channel | None:
        """The bench channel a pin belongs to; None for pins of the imp and of parts."""
        adapter = self.adapters.get(pin.device)
        if adapter is None:
            return None
        name = adapter.kind.channel_of(pin.pin)
        return adapter.channels.get(name) if name else None

    def place(self, key: str) -> Place:
        """Where the rig file says `key` (dotted), or the nearest key above it."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return self.places.get(key) or Place(self.file, 1, "")
