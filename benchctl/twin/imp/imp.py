"""The virtual imp: power, reset, boot and sleep around the program it runs.

Everything a bench can do to it goes through its pins, but for power, the program and the log, which on a
real imp go through the supply and the cloud.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from benchctl.dut.module import Module
from benchctl.dut.modules.pins import RESET
from benchctl.impos.releases import require_supported, wanted
from benchctl.twin.faults import FaultSet, declare
from benchctl.twin.imp.api.server import Server
from benchctl.twin.imp.api.uart import UartPort
from benchctl.twin.imp.chip import Chip, LogEntry
from benchctl.twin.imp.host import ProgramHost
from benchctl.twin.imp.pads import PIN_N_DRIVEN, Pads
from benchctl.twin.imp.pinmode.digital import DigitalIn
from benchctl.twin.imp.reasons import (
    BOOT_NS,
    CONNECT_NS,
    ERROR_PAUSE_NS,
    NO_SERVER_NS,
    RESTART_NS,
    WARM_NS,
    State,
    WakeReason,
)  # fmt: skip
from benchctl.twin.imp.runtime import Runtime
from benchctl.twin.imp.sleep import Sleep
from benchctl.twin.imp.values import as_bytes
from benchctl.twin.usb.bus import Port
from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.vm.messages import Blob
from benchctl.twin.wires.net import EdgeWatch, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import Event, Signal, World

BUSY_IGNORES_DEPLOY = declare(
    "deploy-waits-for-idle",
    "r30-code-reload-priority-fix",
    "a new program is not started unless the old one has nothing left to do",
)


WAITS_FOR_SERVER = declare(
    "cold-boot-waits-for-server",
    "r42-cold-boot-squirrel-after-10s",
    "after a cold boot Squirrel does not start before the server is reached",
)
CONFIGURATION_LOST = declare(
    "configuration-lost",
    "r30-config-page-corruption-fix",
    "what the imp keeps of its configuration is lost when the power goes",
)


class VirtualImp:
    """One imp module on the virtual bench. It starts without power.

    Args:
        world: simulated time.
        module: the module's facts.
        impos: its release, such as "42.9".
        nets: the net of each wired pin, by pin label.
        launcher: starts Squirrel VMs; the caller closes it.
        usb_port: what is plugged into the imp's USB host port.
        seed: what every random draw derives from.
        faults: what is broken.
        online: whether the server can be reached.
        libraries: folder that #require lines are resolved from.

    Attributes:
        on_log: called with every line of the device log.
        state: what the imp is doing.
        settled: fires whenever the program has nothing to run at the moment.
    """

    def __init__(
        self,
        world: World,
        module: Module,
        impos: str,
        nets: Mapping[str, Net],
        *,
        launcher: VmLauncher,
        usb_port: Port | None = None,
        seed: int = 0,
        faults: FaultSet | None = None,
        online: bool = True,
        libraries: Path | None = None,
        on_log: Callable[[LogEntry], None] = lambda _entry: None,
    ) -> None:
        self.world, self.on_log = world, on_log
        self.state = State.OFF
        release = wanted(impos)
        require_supported(module.name, release)
        pads = Pads(world, module, nets)
        runtime = Runtime(world)
        self._chip = Chip(
            world, module, release, pads, runtime, faults or FaultSet(), self._log, self, seed, usb_port,
            online=online,
        )  # fmt: skip
        if self._chip.broken(PIN_N_DRIVEN):
            pads["N"].default = Drive.LOW
        self._host = ProgramHost(self._chip, launcher, self.restart, libraries)
        self.settled: Signal = runtime.settled
        self._plan: Event | None = None
        self._sleep = Sleep(self._chip, self._wake)
        self._staged = False
        self._reset_watch = EdgeWatch(pads[RESET].net, self._reset_edge)

    @property
    def idle(self) -> bool:
        """True when the program, if any, has nothing left to wait for: no timer, no callback, no wait."""
        return self.state == State.RUNNING and self._plan is None and self._host.idle

    def set_power(self, on: bool) -> None:
        """Switch the supply."""
        if on == (self.state != State.OFF):
            return
        if on:
            self._enter_reset()
            if self._chip.pads[RESET].level():
                self._boot(WakeReason.POWER_ON)
            return
        self._down(State.OFF, nv=True)
        self._chip.kept.clear()
        if self._chip.broken(CONFIGURATION_LOST):
            self._chip.flash_kept.clear()
        self._chip.pads.power_off()

    def set_reset(self, held: bool) -> None:
        """Hold the imp in reset, or let it go, as its reset pin does."""
        if self.state == State.OFF:
            return
        if held:
            self._enter_reset()
        elif self.state == State.RESET:
            # The reset pin has a reason of its own on the imp003 and newer (const-wakereasons).
            old = self._chip.module.name in ("imp001", "imp002")
            self._boot(WakeReason.POWER_ON if old else WakeReason.HW_RESET)

    def set_online(self, online: bool) -> None:
        """Bring the network and the server within reach, or out of it."""
        self._chip.online = online
        if online:
            self._server.found()
        else:
            self._server.lost()
        self._chip.online_changed.fire()

    def deploy(self, source: str, name: str = "device_code") -> None:
        """Give the imp a program, as the cloud does. A running imp restarts with it.

        Raises:
            UserError: a #require line cannot be resolved.
        """
        if not self._host.store(source, name) or self.state != State.RUNNING:
            return
        if self._server.on_shutdown is not None:
            self._staged = True
            self._chip.runtime.post(self._server.on_shutdown, lambda: [1])
            return
        if self._chip.broken(BUSY_IGNORES_DEPLOY) and not self._host.idle:
            self._staged = True
            return
        self.restart(WakeReason.NEW_SQUIRREL)

    def close(self) -> None:
        """Take the imp off the bench."""
        self.set_power(False)
        self._reset_watch.close()

    # What a program can do to its imp (chip.Control)

    def restart(self, reason: WakeReason) -> None:
        """Start Squirrel anew, the imp running on."""
        self._host.stop()
        pause = ERROR_PAUSE_NS if reason is WakeReason.SQUIRREL_ERROR else RESTART_NS
        self._later(pause, lambda: self._run(reason))

    def software_restart(self) -> None:
        """server.restart()."""
        reason = WakeReason.NEW_SQUIRREL if self._staged else WakeReason.SW_RESTART
        self._staged = False
        self.restart(reason)

    def software_reset(self) -> None:
        """imp.reset(): a full start-up (imp-reset, api/system.yaml)."""
        self._host.stop()
        self._host.last_exit = "software reset (16)"  # choice of text around the documented code
        self._enter_reset()
        self._boot(WakeReason.SW_RESET)

    def crash(self) -> None:
        """choice: a crash of impOS ends in a software reset."""
        self._host.stop()
        self._host.last_exit = "crash"
        self._enter_reset()
        self._boot(WakeReason.SW_RESET)

    def deep_sleep(self, seconds: int) -> None:
        """Sleep until the time is over or a wake pin goes high."""
        wake = [mode.pad for mode in self._host.modes.values() if isinstance(mode, DigitalIn) and mode.wakes]
        self._asleep()
        self._sleep.deep(seconds, wake)

    def snooze(self) -> None:
        """Sleep until the server may be back."""
        self._asleep()
        self._sleep.snooze()

    def out_of_memory(self) -> None:
        """Squirrel restarts, having none left."""
        self._host.out_of_memory()

    def leak(self, size: int) -> None:
        """Lose memory."""
        self._host.leak(size)

    def memory_free(self) -> int:
        """Bytes the program may still allocate."""
        return self._host.memory_free()

    def write_blob(self, blob: Blob, data: bytes, offset: int | None) -> None:
        """Write into a blob the program passed."""
        self._host.write_blob(blob, data, offset)

    @property
    def _server(self) -> Server:
        found = self._host.objects["server"]
        assert isinstance(found, Server)
        return found

    def _boot(self, reason: WakeReason) -> None:
        self.state = State.BOOTING
        self._chip.boot_ns = self.world.now
        self._chip.link.clock_set = False
        self._later(BOOT_NS, lambda: self._booted(reason))

    def _booted(self, reason: WakeReason) -> None:
        self._start_pads()
        if self._chip.online:
            self._later(CONNECT_NS, lambda: self._run(reason))
        else:
            self._later(NO_SERVER_NS - (self.world.now - self._chip.boot_ns), lambda: self._run(reason))
            if self._chip.broken(WAITS_FOR_SERVER):
                self._later(NO_SERVER_NS, lambda: self._booted(reason))

    def _start_pads(self) -> None:
        self._chip.pads.start()
        for item in self._host.objects.values():
            if isinstance(item, UartPort):
                item.started()

    def _run(self, reason: WakeReason) -> None:
        self._plan = None
        self.state = State.RUNNING
        self._staged = False
        self._server.started()
        self._host.start(reason)
        if self._host.idle:
            self.settled.fire()

    def _enter_reset(self) -> None:
        self._down(State.RESET, nv=False)
        self._chip.pads.hold_in_reset()

    def _down(self, state: State, *, nv: bool) -> None:
        self._host.stop()
        self._host.forget(nv=nv)
        self._cancel()
        self.state = state

    def _asleep(self) -> None:
        self._down(State.DEEP_SLEEP, nv=False)
        self._chip.pads.power_off()

    def _wake(self, reason: WakeReason) -> None:
        self._cancel()
        self.state = State.BOOTING
        self._chip.boot_ns = self.world.now
        self._start_pads()
        self._later(WARM_NS, lambda: self._run(reason))

    def _reset_edge(self, level: int) -> None:
        self.set_reset(held=not level)

    def _later(self, delay_ns: int, action: Callable[[], None]) -> None:
        self._cancel()
        self._plan = self.world.after(delay_ns, action)

    def _cancel(self) -> None:
        if self._plan is not None:
            self._plan.cancel()
            self._plan = None
        self._sleep.cancel()

    def _log(self, kind: str, text: str) -> None:
        # l-log-binary, api/squirrel.yaml: UTF-8 is expected. choice: bytes that are not show as \xNN
        readable = as_bytes(text).decode("utf-8", "backslashreplace")
        self.on_log(LogEntry(self.world.now, kind, readable))
