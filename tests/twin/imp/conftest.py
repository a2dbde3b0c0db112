from collections.abc import Callable, Iterator

import pytest

from benchctl.dut.module import Module
from benchctl.twin.faults import FaultSet
from benchctl.twin.imp.chip import LogEntry
from benchctl.twin.imp.imp import VirtualImp
from benchctl.twin.usb.bus import Port
from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.world import World

BOOT_NS = 1_750_000_000


class Bench:
    """A virtual imp on its own, with the nets a test names."""

    def __init__(
        self,
        launcher: VmLauncher,
        module: str = "imp005",
        impos: str = "42.9",
        faults: tuple[str, ...] = (),
        online: bool = True,
        usb_port: Port | None = None,
        nets: Callable[[World], dict[str, Net]] = lambda _world: {},
    ) -> None:
        self.world = World()
        self.nets = nets(self.world)
        self.entries: list[LogEntry] = []
        facts = Module.named(module)
        for pin in facts.pins:
            self.nets.setdefault(pin, ClockNet(self.world, pin))
        self.imp = VirtualImp(
            self.world,
            facts,
            impos,
            self.nets,
            launcher=launcher,
            faults=FaultSet(faults),
            online=online,
            usb_port=usb_port,
            on_log=self.entries.append,
        )

    def run(self, source: str, seconds: float = 1.0) -> list[str]:
        """Power up with a program and let time pass after Squirrel started; what it logged."""
        self.imp.deploy(source)
        self.imp.set_power(True)
        self.world.sleep_until(self.world.now + BOOT_NS)
        return self.wait(seconds)

    def wait(self, seconds: float) -> list[str]:
        self.world.sleep_until(self.world.now + round(seconds * 1e9))
        return self.log

    @property
    def log(self) -> list[str]:
        return [entry.text for entry in self.entries if entry.kind != "status"]


@pytest.fixture(scope="session")
def launcher() -> Iterator[VmLauncher]:
    with VmLauncher() as launcher:
        yield launcher


@pytest.fixture
def make(launcher: VmLauncher) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def build(*args: object, **kwargs: object) -> Bench:
        made.append(Bench(launcher, *args, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for bench in made:
        bench.imp.close()
