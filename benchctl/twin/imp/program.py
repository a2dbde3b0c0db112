"""One Squirrel program in its VM: turns what the VM reports into what the runtime understands."""

from collections.abc import Callable
from functools import partial
from typing import Any

from benchctl.twin.imp.runtime import Runtime
from benchctl.twin.imp.values import Closure
from benchctl.twin.vm.messages import CompileError, Crashed, Done, Event, NativeCall, Printed, Uncaught
from benchctl.twin.vm.process import VmProcess

Failure = Uncaught | CompileError | Crashed


class VmProgram:
    """A program for `Runtime`.

    Args:
        vm: its VM, not yet running.
        runtime: who runs it.
        execute: carries a native call out and returns its value or its generator.
        on_failure: told how the program failed.
    """

    def __init__(
        self,
        vm: VmProcess,
        runtime: Runtime,
        execute: Callable[[NativeCall], Any],
        on_failure: Callable[[Failure], None],
    ) -> None:
        self.vm, self._runtime, self._execute, self._on_failure = vm, runtime, execute, on_failure

    def start(self) -> None:
        """Run the main function."""
        self._handle(self.vm.run_main())

    def call(self, closure: Closure, arguments: list[Any]) -> None:
        """Run a callback."""
        self._handle(self.vm.run_callback(closure, arguments))

    def reply(self, value: Any) -> None:
        """Answer the native call and run on."""
        self._handle(self.vm.reply(value))

    def throw(self, text: str) -> None:
        """Answer the native call by throwing and run on."""
        self._handle(self.vm.throw(text))

    def release(self, closure: Closure) -> None:
        """Let a callback go."""
        self.vm.release(closure)

    def close(self) -> None:
        """End it."""
        self.vm.close()

    def _handle(self, event: Event) -> None:
        while isinstance(event, Printed):
            event = self.vm.resume()  # where print() goes on an imp is unknown (u-print): nowhere
        if isinstance(event, NativeCall):
            self._runtime.native(partial(self._execute, event))
        elif isinstance(event, Done):
            self._runtime.finished()
        else:
            self._on_failure(event)
