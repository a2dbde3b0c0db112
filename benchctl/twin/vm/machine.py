"""One Squirrel VM made to behave like the one of impOS: opened, supplemented, and run to an outcome."""

from pathlib import Path
from typing import Any

from benchctl.twin.vm.capi import ARRAY, CLOSURE, STRING, CompileErrorHandler, Native, Object, StackInfos, sq
from benchctl.twin.vm.natives import Natives
from benchctl.twin.vm.supplements import Host, Supplements
from benchctl.twin.vm.values import ConversionError, Handles, Values

Frame = tuple[str, str, int]
"""Function, source name, line (from 1) of one level of a call stack."""

PRELUDE = "(prelude)"
_HIDDEN = (PRELUDE.encode(), b"NATIVE")
_FIRST_STACK_SIZE = 1024
_DEEPEST_STACK = 100
# As the vendor's page about imp.onunhandledexception() calls a function without a name.
_ANONYMOUS = "unknown"
_NOTHING: tuple[tuple[int, int | None], list[Frame]] = ((0, None), [])


class UncaughtError(Exception):
    """Device code threw and nothing caught it."""

    def __init__(self, value: Any, text: str, stack: list[Frame]) -> None:
        self.value, self.text, self.stack = value, text, stack
        super().__init__(text)


class CompilationError(Exception):
    """A source does not compile."""

    def __init__(self, text: str, source: str, line: int, column: int) -> None:
        self.text, self.source, self.line, self.column = text, source, line, column
        super().__init__(text)


class Machine:
    """A VM with the differences between plain Squirrel 3.0.5 and impOS made up for.

    Args:
        host: the process around it.
    """

    def __init__(self, host: Host) -> None:
        self.vm: int = sq.open(_FIRST_STACK_SIZE)
        self.handles = Handles(self.vm)
        self.values = Values(self.vm, self.handles)
        self.natives = Natives(self.vm, self.values, host.on_defect)
        self.supplements = Supplements(self.vm, self.values, self.natives, host)
        self._thrown, self._compared = Object(), Object()
        self._raised = _NOTHING
        self._held: Object | None = None
        self._refused: CompilationError | None = None
        self._compile_error_handler = CompileErrorHandler(self._refuse)
        self._error_handler = Native(self._record)
        self._register_libraries()
        sq.setcompilererrorhandler(self.vm, self._compile_error_handler)
        sq.newclosure(self.vm, self._error_handler, 0)
        sq.seterrorhandler(self.vm)
        # Otherwise Squirrel tells only the outermost frames of an error that leaves `map` or `sort`.
        sq.notifyallexceptions(self.vm, True)
        self._run_prelude()

    def compile(self, source: str, text: str) -> int:
        """Compile a source and return the handle of its main function. Raises CompilationError."""
        code = text.encode()
        if sq.compilebuffer(self.vm, code, len(code), source.encode(), True) < 0:
            refused = self._refused or CompilationError("the source does not compile", source, 0, 0)
            raise refused
        main = Object()
        sq.getstackobj(self.vm, -1, main)
        handle = self.handles.keep(main)
        sq.pop(self.vm, 1)
        return handle

    def run(self, function: int, arguments: list[Any]) -> None:
        """Call the function a handle stands for with the root table as `this`. Raises UncaughtError."""
        vm = self.vm
        top = sq.gettop(vm)
        self._forget_raised()
        self.handles.push(function)
        sq.pushroottable(vm)
        for argument in arguments:
            self.values.push(argument)
        failed = sq.call(vm, 1 + len(arguments), False, True) < 0
        if failed:
            sq.getlasterror(vm)
            stack = self._raised[1]
            error = UncaughtError(self.values.kept(-1), self._text_of_error(), stack)
        sq.settop(vm, top)
        if failed:
            raise error

    def raised_at(self, index: int) -> Frame | None:
        """Where the string at a stack index was raised as an error, if no other was since, in this run."""
        sq.getstackobj(self.vm, index, self._compared)
        error, stack = self._raised
        same = self._compared.type == STRING and error == (STRING, self._compared.value.pointer)
        return stack[0] if same and stack else None

    def stack(self) -> list[Frame]:
        """The call stack of the device code, innermost first; of a very deep one, the innermost part."""
        infos, level = StackInfos(), 0
        frames: list[Frame] = []
        while len(frames) < _DEEPEST_STACK and sq.stackinfos(self.vm, level, infos) >= 0:
            # A frame that ran out of memory while it was made has no source yet.
            if infos.source and infos.source not in _HIDDEN:
                frames.append((_name(infos.function) or _ANONYMOUS, _name(infos.source), infos.line))
            level += 1
        return frames

    def read_global(self, name: str) -> list[Any]:
        """The value of a slot of the root table in a list; an empty list when there is no such slot."""
        vm = self.vm
        top = sq.gettop(vm)
        sq.pushroottable(vm)
        self.values.push(name)
        try:
            return [self.values.read(-1)] if sq.rawget(vm, -2) >= 0 else []
        finally:
            sq.settop(vm, top)

    def _register_libraries(self) -> None:
        # No io and no system library: an imp has neither, and both reach the host's files.
        sq.pushroottable(self.vm)
        for register in (sq.std_register_bloblib, sq.std_register_mathlib, sq.std_register_stringlib):
            register(self.vm)
        sq.settop(self.vm, 0)

    def _run_prelude(self) -> None:
        vm = self.vm
        text = (Path(__file__).parent / "prelude.nut").read_text()
        prelude = self.compile(PRELUDE, text)
        self.handles.push(prelude)
        self.supplements.push_table()
        for name, kind in (("strings", STRING), ("arrays", ARRAY), ("functions", CLOSURE)):
            self.values.push(name)
            sq.getdefaultdelegate(vm, kind)
            sq.newslot(vm, -3, False)
        if sq.call(vm, 1, False, True) < 0:
            sq.getlasterror(vm)
            raise RuntimeError(f"the prelude failed: {self.values.text(-1)}")
        sq.settop(vm, 0)
        self.handles.release(prelude)

    def _refuse(self, _vm: int, text: bytes, source: bytes, line: int, column: int) -> None:
        self._refused = CompilationError(_legible(text), _name(source), line, column)

    def _record(self, _vm: int) -> int:
        """Note where an error was raised; Squirrel calls this before it unwinds the stack."""
        sq.getstackobj(self.vm, 2, self._thrown)
        error, stack = (self._thrown.type, self._thrown.value.pointer), self.stack()
        # An error that leaves a native such as `acall` or `map` is raised again for the frames outside it.
        again = error == self._raised[0] and self._raised[1][-len(stack) :] == stack
        if not again:
            self._forget_raised()
            self._raised = (error, stack)
            if self._thrown.type == STRING:
                # Its address tells it from other strings for as long as it lives.
                self._held = Object.from_buffer_copy(self._thrown)
                sq.addref(self.vm, self._held)
        return 0

    def _forget_raised(self) -> None:
        self._raised = _NOTHING
        if self._held is not None:
            sq.release(self.vm, self._held)
            self._held = None

    def _text_of_error(self) -> str:
        try:
            return self.values.text(-1)
        except ConversionError:
            return self.values.type_name(-1)


def _legible(text: bytes) -> str:
    """What is left of a compiler's message: it lies in a stack frame that Squirrel has already left."""
    legible = text.decode("ascii", "replace")
    if all(letter.isprintable() and letter != "\ufffd" for letter in legible):
        return legible
    return "expected something else" if legible.startswith("expected") else "syntax error"


def _name(text: bytes | None) -> str:
    return (text or b"").decode("utf-8", "replace")
