"""What every API object of one virtual imp shares."""

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from benchctl.dut.module import Module
from benchctl.impos.version import ImposVersion
from benchctl.twin.faults import Fault, FaultSet
from benchctl.twin.imp.impos import defects
from benchctl.twin.imp.link import Link
from benchctl.twin.imp.pads import Pads
from benchctl.twin.imp.runtime import Halted, Runtime, Trigger
from benchctl.twin.imp.values import Thrown
from benchctl.twin.usb.bus import Port
from benchctl.twin.vm.messages import Blob, Quirks
from benchctl.twin.world import World

_EPOCH = 1577836800
_LONGEST_BLOB = Quirks().blob_limit
_SMALL = 4096  # what is not worth asking the VM about


@dataclass(frozen=True)
class LogEntry:
    """One line of the device log, as the log stream of impCentral carries it.

    Attributes:
        t_ns: simulated time.
        kind: `server.log`, `server.error`, `status` or `lastexitcode`.
        text: the message.
    """

    t_ns: int
    kind: str
    text: str


class Control(Protocol):
    """What a program can do to the imp it runs on, and what the imp knows of the program."""

    def software_reset(self) -> None:
        """imp.reset()."""

    def software_restart(self) -> None:
        """server.restart()."""

    def deep_sleep(self, seconds: int) -> None:
        """Sleep, then boot."""

    def snooze(self) -> None:
        """Sleep until the server may be back, then boot."""

    def crash(self) -> None:
        """impOS crashes and starts again."""

    def out_of_memory(self) -> None:
        """Squirrel restarts, having none left."""

    def leak(self, size: int) -> None:
        """Lose memory until the next power cycle or deep sleep."""

    def memory_free(self) -> int:
        """Bytes the program may still allocate."""

    def write_blob(self, blob: Blob, data: bytes, offset: int | None) -> None:
        """Write into a blob the program passed; None is its own pointer."""


@dataclass
class Chip:
    """Module, release and faults; pads, runtime and the log.

    Attributes:
        usb_port: what is plugged into the USB host port.
        boot_ns: when the imp last booted: zero of millis() and micros() (hardware-millis, system.yaml).
        online: whether a network and the server are within reach.
        online_changed: fires when that changed.
        link: the connection to the server.
        wakereason: what hardware.wakereason() returns.
        kept: what outlives the Squirrel program but not a power cycle, by API path.
        flash_kept: what outlives a power cycle too.
    """

    world: World
    module: Module
    release: ImposVersion
    pads: Pads
    runtime: Runtime
    faults: FaultSet
    log: Callable[[str, str], None]
    control: Control
    seed: int = 0
    usb_port: Port | None = None
    boot_ns: int = 0
    online: bool = True
    wakereason: int = 0
    online_changed: Trigger = field(default_factory=Trigger)
    link: Link = field(default_factory=Link)
    kept: dict[str, object] = field(default_factory=dict)
    flash_kept: dict[str, Any] = field(default_factory=dict)
    _broken: dict[str, bool] = field(default_factory=dict, init=False)

    def broken(self, fault: Fault) -> bool:
        """True when the fault was asked for, or the release ships with it."""
        known = self._broken.get(fault.id)  # asked for every byte, and never changes
        if known is None:
            concerned = not fault.modules or self.module.name in fault.modules
            known = concerned and (fault in self.faults or fault.id in defects(self.release))
            self._broken[fault.id] = known
        return known

    def random(self, purpose: str) -> random.Random:
        """A generator for one purpose, repeatable by seed."""
        return random.Random(f"{self.seed}/{self.world.seed}/{self.module.name}/{purpose}")

    def crash(self) -> NoReturn:
        """End the native call under way by a crash of impOS."""
        raise Halted(self.control.crash)

    def memory_free(self) -> int:
        """Bytes the program may still allocate."""
        return self.control.memory_free()

    def room_for(self, size: int, *, blob: bool = False) -> None:
        """Make sure, before the work for it, that a native can return so many bytes.

        Raises:
            Thrown: no blob is that long (blob-ctor, api/squirrel.yaml).
            Halted: there is not so much memory, which ends the program (e-oom, api/squirrel.yaml).
        """
        if blob and size > _LONGEST_BLOB:
            raise Thrown(f"cannot create blob larger than {_LONGEST_BLOB} bytes")
        if size > _SMALL and size > self.memory_free():
            raise Halted(self.control.out_of_memory)

    @property
    def connected(self) -> bool:
        """Whether the server is connected."""
        return self.link.connected and self.online

    @property
    def micros(self) -> int:
        """Whole microseconds since boot."""
        return (self.world.now - self.boot_ns) // 1000

    @property
    def unix_time(self) -> int:
        """Seconds since 1970. choice: the bench opens at 00:00 UTC on 1 January 2020.

        Without a crystal of its own the imp005 is wrong until the server tells it the time (time-imp005);
        choice: it counts from 0 at boot.
        """
        if self.module.name == "imp005" and not self.link.clock_set:
            return self.micros // 10**6
        return _EPOCH + self.world.now // 10**9

    @property
    def device_id(self) -> str:
        """16 hex digits, the module's first. choice: the first of several such; the rest by the seed."""
        prefix = (self.module.fact("identity.device_id_prefix").value or "0").split()[0]
        return f"{prefix}000d8c46{zlib.crc32(f'{self.module.name}/{self.seed}'.encode()):08x}"[:16]

    @property
    def mac(self) -> str:
        """WiFi MAC, 12 hex digits, the end of the device id."""
        return self.device_id[4:]
