"""The bench's handle to one boot of device code in a process of its own."""

from collections.abc import Callable, Sequence
from enum import Enum

from benchctl.errors import BenchError
from benchctl.twin.vm import wire
from benchctl.twin.vm.messages import (
    Blob,
    Closure,
    CompileError,
    Crashed,
    CrashKind,
    Done,
    Event,
    Frame,
    NativeCall,
    Opaque,
    Printed,
    Stack,
    Uncaught,
    Value,
)
from benchctl.twin.vm.patience import Patience, post_mortem
from benchctl.twin.vm.translation import Translator


class _State(Enum):
    IDLE = "no device code is running"
    CALLING = "a call of the API waits for its answer"
    PRINTING = "device code waits to go on after a print"
    ENDED = "the VM has ended"


class VmProcess:
    """One boot. Made by `VmLauncher.boot`.

    `run_main` and `run_callback` start device code; they and `reply`, `throw` and `resume` return the next
    thing that it does. While it waits in a NativeCall it costs nothing and waits for any length of time.
    """

    def __init__(
        self,
        channel: wire.Channel,
        pid: int,
        translator: Translator,
        cpu_budget_s: float,
        end: Callable[[int], int],
    ) -> None:
        self._channel = channel
        self._pid = pid
        self._translator = translator
        self._cpu_budget_s = cpu_budget_s
        self._end = end
        self._state = _State.IDLE

    def run_main(self) -> Event:
        """Compile and run the device code from the top. Call it once."""
        self._expect(_State.IDLE)
        return self._exchange(("main",))

    def compile(self) -> CompileError | None:
        """Compile the device code without running it, as the cloud does; None when it is sound."""
        self._expect(_State.IDLE)
        event = self._exchange(("compile",))
        return event if isinstance(event, CompileError) else None

    def run_callback(self, function: Closure, args: Sequence[Value] = ()) -> Event:
        """Call a function of device code; `this` is the root table unless the function is bound."""
        self._expect(_State.IDLE)
        return self._exchange(("call", function.handle, [self._translator.to_wire(arg) for arg in args]))

    def reply(self, value: Value = None) -> Event:
        """Return a value from the native call and let device code run on."""
        self._expect(_State.CALLING)
        return self._exchange(("reply", self._translator.to_wire(value)))

    def throw(self, error: Value) -> Event:
        """Throw from the native call; device code can catch it."""
        self._expect(_State.CALLING)
        return self._exchange(("throw", self._translator.to_wire(error)))

    def resume(self) -> Event:
        """Let device code run on after Printed."""
        self._expect(_State.PRINTING)
        return self._next()

    def release(self, value: Closure | Blob | Opaque) -> None:
        """Let the VM forget a function or a value that it kept for the bench."""
        if self._state is not _State.ENDED and value.handle:
            self._send(("release", value.handle))

    def write_blob(self, blob: Blob, data: bytes, offset: int | None = 0) -> None:
        """Write into a kept blob, in place, dropping what would not fit.

        With `offset` None it goes to the blob's own pointer, which moves on, and the blob grows.
        """
        self._expect(_State.IDLE, _State.CALLING)
        self._send(("write", blob.handle, offset, data))

    def memory_used(self) -> int:
        """Bytes device code has allocated since it was compiled, as this VM counts them.

        Its pointers are twice as long as an imp's: the figure is an upper bound for the device.
        """
        self._expect(_State.IDLE, _State.CALLING)
        return int(self._query(("memory",))[1])

    def read_global(self, name: str, default: Value = None) -> Value:
        """A slot of the root table, such as `nv`. Raises ValueError for a table that contains itself."""
        self._expect(_State.IDLE, _State.CALLING)
        answer = self._query(("global", name))
        if answer[0] == "unsendable":
            raise ValueError(f"{name}: {answer[1]}")
        return self._translator.from_wire(answer[1][0]) if answer[1] else default

    @property
    def ended(self) -> bool:
        """Whether the VM has crashed or was closed."""
        return self._state is _State.ENDED

    def close(self) -> None:
        """End the device code wherever it is: a reset, a power cut. Harmless when it has ended."""
        if self._state is not _State.ENDED:
            self._finish()

    def __enter__(self) -> "VmProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _expect(self, *states: _State) -> None:
        if self._state not in states:
            raise RuntimeError(f"not now: {self._state.value}")

    def _exchange(self, message: wire.Message) -> Event:
        self._send(message)
        return self._next()

    def _send(self, message: wire.Message) -> None:
        try:
            self._channel.send(message)
        except ConnectionError:
            # Why it has gone is for the next receive to say.
            return

    def _query(self, message: wire.Message) -> wire.Message:
        self._send(message)
        answer = self._receive()
        if isinstance(answer, Crashed):
            raise BenchError(f"the Squirrel VM ended while it waited: {answer}")
        return answer

    def _next(self) -> Event:
        message = self._receive()
        if isinstance(message, Crashed):
            return message
        translate = self._translator.from_wire
        match message:
            case ("native", class_index, identity, method, arguments):
                self._state = _State.CALLING
                target = self._translator.api_object(class_index, identity)
                return NativeCall(target, method, tuple(map(translate, arguments)))
            case ("printed", text, error):
                self._state = _State.PRINTING
                return Printed(text, error)
            case ("crashed", kind, text, stack):
                self._finish()
                return Crashed(CrashKind(kind), text, _stack(stack))
            case ("defect", trace):
                self._finish()
                raise BenchError(
                    f"the process of the Squirrel VM failed:\n{trace}", "report it with this text"
                )
        self._state = _State.IDLE
        match message:
            case ("done",):
                return Done()
            case ("uncaught", error, text, stack):
                return Uncaught(translate(error), text, _stack(stack))
            case ("refused", text, source, line, column):
                return CompileError(text, source, line, column)
        raise BenchError(f"the process of the Squirrel VM sent {message!r}", "report it")

    def _receive(self) -> wire.Message | Crashed:
        """The next message, or Crashed when there will be none."""
        patience: Patience | None = None
        while True:
            try:
                message = self._channel.receive()
            except BlockingIOError:
                patience = patience or Patience(self._pid, self._cpu_budget_s)
                lost = patience.verdict()
                if lost is None:
                    continue
                self._finish()
                return lost
            except ConnectionError:
                message = None
            return post_mortem(self._finish()) if message is None else message

    def _finish(self) -> int:
        self._state = _State.ENDED
        self._channel.close()
        return self._end(self._pid)


def _stack(frames: Sequence[tuple[str, str, int]]) -> Stack:
    return tuple(Frame(*frame) for frame in frames)
