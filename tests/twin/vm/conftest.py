from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.vm.messages import Event, Manifest, Method, NativeCall, Printed, methods
from benchctl.twin.vm.process import VmProcess

API = {
    "": methods("time"),
    "imp": methods("wakeup", "reset", "sleep"),
    "hardware": methods("micros", "echo"),
    "hardware.uart1": {**methods("write", "configure", "settxactive"), "fill": Method(keep_blobs=True)},
    "hardware.pin1": methods("write"),
    "server": {"log": Method(as_text=True)},
}


@pytest.fixture(scope="session")
def launcher() -> Iterator[VmLauncher]:
    with VmLauncher() as launcher:
        yield launcher


class Bench:
    """Answers what device code asks; `log` holds what it gave to server.log and print."""

    def __init__(self, launcher: VmLauncher) -> None:
        self._launcher = launcher
        self.log: list[str] = []
        self.calls: list[NativeCall] = []
        self.answers: dict[str, Callable[..., Any]] = {"time": lambda: 1_700_000_000}
        self._running: list[VmProcess] = []

    def boot(self, code: str, **manifest: Any) -> VmProcess:
        manifest = {"objects": API, "kinds": {"timer": methods("cancel")}, **manifest}
        vm = self._launcher.boot(Manifest(**manifest), [("device_code", code)])
        self._running.append(vm)
        return vm

    def carry_on(self, vm: VmProcess, event: Event) -> Event:
        """Answer until device code ends or crashes."""
        while True:
            if isinstance(event, Printed):
                self.log.append(event.text)
                event = vm.resume()
            elif isinstance(event, NativeCall) and event.path == "server.log":
                self.log.append(event.args[0])
                event = vm.reply(0)
            elif isinstance(event, NativeCall):
                self.calls.append(event)
                event = vm.reply(self.answers.get(event.path, lambda *_: None)(*event.args))
            else:
                return event

    def run(self, code: str, **manifest: Any) -> Event:
        vm = self.boot(code, **manifest)
        return self.carry_on(vm, vm.run_main())

    def evaluate(self, expression: str, **manifest: Any) -> str:
        """What server.log makes of an expression; the error's text if it throws."""
        self.log.clear()
        self.run(f'try {{ server.log({expression}) }} catch (e) {{ server.log("threw " + e) }}', **manifest)
        return self.log[-1]

    def close(self) -> None:
        for vm in self._running:
            vm.close()


@pytest.fixture
def bench(launcher: VmLauncher) -> Iterator[Bench]:
    bench = Bench(launcher)
    yield bench
    bench.close()
