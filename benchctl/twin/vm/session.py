"""One boot of the imp: takes the bench's messages, runs device code, and reports what became of it."""

import os
import traceback
from typing import Any, NoReturn

from benchctl.twin.vm import frozen, memory
from benchctl.twin.vm.api import Api
from benchctl.twin.vm.crash import CrashHandler, forget_failed_allocations
from benchctl.twin.vm.log_text import LogText
from benchctl.twin.vm.machine import CompilationError, Frame, Machine, UncaughtError
from benchctl.twin.vm.natives import ThrownError
from benchctl.twin.vm.values import UnsendableError
from benchctl.twin.vm.watchdog import Watchdog
from benchctl.twin.vm.wire import Channel, Message

_CALLS_PER_MEMORY_CHECK = 16


class Session:
    """A VM that is ready but for the manifest and the device code. `serve` never returns."""

    def __init__(self) -> None:
        memory.use_one_compact_heap()
        self._machine = Machine(self)
        self._crash_handler = CrashHandler(self._crash)
        self._calls = 0
        self._meter = memory.Meter()
        self._limit: memory.Limit | None = None

    def serve(self, channel: Channel) -> NoReturn:
        """Run one boot. The first message is the boot dictionary (see launcher.py)."""
        self._channel = channel
        try:
            self._boot(self._receive())
            while True:
                self._obey(self._next_command())
        except BaseException as defect:
            self.on_defect(defect)
            raise

    def _boot(self, message: Message) -> None:
        boot = message[1]
        machine = self._machine
        machine.supplements.configure(boot["seed"], boot["quirks"])
        log_text = LogText(machine, boot["quirks"])
        api = Api(machine.vm, machine.values, machine.natives, self._call, log_text, self._meter)
        api.build(boot["classes"], boot["constants"])
        self._units = boot["units"]
        self._memory_limit = boot["memory_limit"]
        self._watchdog = Watchdog(boot["cpu_budget_s"], self._endless)

    def _obey(self, command: Message) -> None:
        self._meter.enter()
        try:
            self._run(command)
        except CompilationError as refused:
            report: Message = ("refused", refused.text, refused.source, refused.line, refused.column)
        except UncaughtError as error:
            report = ("uncaught", error.value, error.text, error.stack)
        else:
            report = ("done",)
        self._meter.leave()
        self._channel.send(report)

    def _run(self, command: Message) -> None:
        if command[0] == "main":
            self._main()
        elif command[0] == "compile":
            for source, text in self._units:
                self._machine.handles.release(self._machine.compile(source, text))
        else:
            self._machine.run(command[1], command[2])

    def _main(self) -> None:
        functions = [self._machine.compile(source, text) for source, text in self._units]
        self._units = []
        self._limit = memory.Limit(self._meter, self._memory_limit)
        for function in functions:
            self._machine.run(function, [])
            self._machine.handles.release(function)

    def _call(self, class_index: int, identity: int, method: str, arguments: tuple[Any, ...]) -> Any:
        self._calls += 1
        if self._calls % _CALLS_PER_MEMORY_CHECK == 0:
            self.check_memory(0)
        self._channel.send(("native", class_index, identity, method, arguments))
        answer = self._next_command()
        if answer[0] == "throw":
            raise ThrownError(answer[1])
        return answer[1]

    def _next_command(self) -> Message:
        """The next message that makes device code run on; those that do not are dealt with on the way."""
        memory.lift_limit()
        while self._obey_aside(message := self._receive()):
            pass
        self._watchdog.progress += 1
        if self._limit:
            self._limit.impose()
        forget_failed_allocations()
        return message

    def _obey_aside(self, message: Message) -> bool:
        """Deal with a message that does not make device code run on; False for any other."""
        machine, meter = self._machine, self._meter
        match message:
            case ("release", handle):
                meter.enter()
                machine.handles.release(handle)
                meter.leave()
            case ("write", handle, offset, data):
                meter.enter()
                machine.values.write_blob(handle, offset, data)
                meter.leave()
            case ("memory",):
                self._channel.send(("memory", self._limit.used() if self._limit else 0))
            case ("global", name):
                self._channel.send(self._global(name))
            case _:
                return False
        return True

    def _global(self, name: str) -> Message:
        try:
            return ("global", self._machine.read_global(name))
        except UnsendableError as unsendable:
            return ("unsendable", str(unsendable))

    def _receive(self) -> Message:
        message = self._channel.receive()
        if message is None:
            os._exit(0)
        return message

    def on_print(self, text: str, error: bool) -> None:
        """Pass it on."""
        self._channel.send(("printed", text, error))

    def check_memory(self, wanted: int) -> None:
        """Raises MemoryError when device code would exceed its limit."""
        if self._limit:
            self._limit.check(wanted)

    def _endless(self) -> NoReturn:
        memory.lift_limit()
        stack = frozen.stack(self._machine.stack)
        self._report("endless", "the device code computes without end and never returns to impOS", stack)

    def _crash(self, kind: str, text: str) -> NoReturn:
        self._report(kind, text, self._machine.stack())

    def _report(self, kind: str, text: str, stack: list[Frame]) -> NoReturn:
        self._channel.send(("crashed", kind, text, stack))
        os._exit(1)

    def on_defect(self, defect: BaseException) -> NoReturn:
        """Something went wrong that device code is not to blame for, or that leaves it no room to go on."""
        if isinstance(defect, ConnectionError):
            os._exit(0)
        memory.lift_limit()
        if isinstance(defect, MemoryError):
            self._crash("out of memory", "the device code needs more memory than the imp has")
        self._channel.send(("defect", "".join(traceback.format_exception(defect))))
        os._exit(1)
