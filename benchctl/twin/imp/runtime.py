"""Squirrel on the virtual imp, in simulated time: one thing at a time, natives that take and wait for time.

The VM itself takes no simulated time; what a program does costs time through its native calls, so a loop that
waits for hardware.micros() gets there. A native that blocks is a generator: the answer to the VM is simply
given later, while the world goes on.
"""

from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from types import GeneratorType
from typing import Any, NamedTuple, Protocol

from benchctl.twin.imp.values import Closure, Thrown
from benchctl.twin.world import Signal, World

NATIVE_NS = 5_000  # choice: what one native call costs
DISPATCH_NS = 20_000  # choice: from the end of one callback, or an event, to the start of the next callback


class Trigger:
    """Something a blocked native waits for. `fire` resumes all that wait now; it is not remembered."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def fire(self) -> None:
        """Resume everything that waits."""
        waiting, self._waiting = self._waiting, []
        for resume in waiting:
            resume()

    def add(self, resume: Callable[[], None]) -> None:
        """Have `resume` called once, at the next `fire`."""
        self._waiting.append(resume)


class Halted(BaseException):
    """A native call that does not return: the imp restarts or sleeps. `then` does it."""

    def __init__(self, then: Callable[[], None]) -> None:
        self.then = then
        super().__init__()


class _Call(NamedTuple):
    """A callback to run: its arguments are asked for when its turn comes; `once` lets it go afterwards."""

    closure: Closure
    arguments: Callable[[], list[Any]]
    once: bool


class Program(Protocol):
    """A program in its VM. Each of the first four runs Squirrel until it calls `native`, ends or fails."""

    def start(self) -> None:
        """Run the main function."""

    def call(self, closure: Closure, arguments: list[Any]) -> None:
        """Run a callback."""

    def reply(self, value: Any) -> None:
        """Answer the native call and run on."""

    def throw(self, text: str) -> None:
        """Answer the native call by throwing and run on."""

    def release(self, closure: Closure) -> None:
        """Let a callback go."""

    def close(self) -> None:
        """End it."""


class Runtime:
    """Runs one program after another.

    Attributes:
        on_quiet: called when the program has nothing to run at the moment.
        settled: fires whenever that happens, for host tasks that wait for it.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.settled = Signal(world)
        self.on_quiet: Callable[[], None] = lambda: None
        self.program: Program | None = None
        self._queue: deque[_Call] = deque()
        self._current: _Call | None = None
        self._running = False
        self._dispatching = False
        self._busy_until = 0
        self._generation = 0

    @property
    def quiet(self) -> bool:
        """True when no Squirrel runs and no callback waits."""
        return self.program is not None and not (self._running or self._queue)

    def start(self, program: Program) -> None:
        """Run a program from the top."""
        self.stop()
        self.program = program
        self._running = True
        self._at(self.world.now, program.start)

    def stop(self) -> None:
        """End the program now, whatever it does."""
        self._generation += 1
        self._queue.clear()
        self._current = None
        self._running = self._dispatching = False
        program, self.program = self.program, None
        if program is not None:
            program.close()

    @property
    def callbacks_waiting(self) -> bool:
        """True while callbacks are queued."""
        return bool(self._queue)

    def post(
        self, closure: Closure, arguments: Callable[[], list[Any]] = list, *, once: bool = False
    ) -> None:
        """Queue a callback; `arguments` is asked when its turn comes; `once` releases it after it ran."""
        if self.program is None:
            return
        self._queue.append(_Call(closure, arguments, once))
        self._dispatch()

    def forget(self, closure: Closure | None) -> None:
        """Let go of a callback: one still queued is not run."""
        if closure is None or self.program is None:
            return
        self._queue = deque(call for call in self._queue if call.closure != closure)
        self.program.release(closure)

    def stall_until(self, t_ns: int) -> None:
        """The whole imp stops until then: a busy wait in impOS."""
        self._busy_until = max(self._busy_until, t_ns)

    def native(self, execute: Callable[[], Any]) -> None:
        """The program makes a native call: carry it out and answer when its time is over."""
        started = self.world.now
        try:
            result = execute()
        except Thrown as thrown:
            self._throw_at(started + NATIVE_NS, thrown.text)
        except Halted as halted:
            halted.then()
        else:
            if isinstance(result, GeneratorType):
                self._advance(result, started)
            else:
                self._reply_at(started + NATIVE_NS, result)

    def finished(self) -> None:
        """The main function or a callback came to its end."""
        self._running = False
        current, self._current = self._current, None
        if current is not None and current.once and self.program is not None:
            self.program.release(current.closure)
        self._dispatch()
        if self.quiet:
            self.on_quiet()
            self.settled.fire()

    def _advance(self, native: "Generator[Any, None, Any]", started: int) -> None:
        try:
            wait = next(native)
        except StopIteration as done:
            self._reply_at(max(self.world.now, started + NATIVE_NS), done.value)
        except Thrown as thrown:
            self._throw_at(max(self.world.now, started + NATIVE_NS), thrown.text)
        except Halted as halted:
            halted.then()
        else:
            generation = self._generation

            def resume() -> None:
                if generation == self._generation:
                    self._advance(native, started)

            if isinstance(wait, Trigger):
                wait.add(resume)
            else:
                self.world.at(wait, resume)

    def _reply_at(self, t_ns: int, value: Any) -> None:
        program = self.program
        if program is not None:
            self._at(t_ns, partial(program.reply, value))

    def _throw_at(self, t_ns: int, text: str) -> None:
        program = self.program
        if program is not None:
            self._at(t_ns, partial(program.throw, text))

    def _dispatch(self) -> None:
        if self._running or self._dispatching or not self._queue:
            return
        self._dispatching = True
        self._at(self.world.now + DISPATCH_NS, self._call_next)

    def _call_next(self) -> None:
        self._dispatching = False
        if self.program is None or not self._queue:
            return
        self._current = self._queue.popleft()
        self._running = True
        self.program.call(self._current.closure, self._current.arguments())

    def _at(self, t_ns: int, action: Callable[[], None]) -> None:
        """Let Squirrel go on at `t_ns`, or when impOS stops being busy; never in another program."""
        generation = self._generation

        def go() -> None:
            if generation != self._generation:
                return
            if self._busy_until > self.world.now:
                self.world.at(self._busy_until, go)
                return
            action()

        self.world.at(t_ns, go)
