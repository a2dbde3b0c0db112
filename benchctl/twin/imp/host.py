"""The program of the virtual imp: kept, started, stopped, and restarted when it fails."""

import re
from collections.abc import Callable, Generator
from pathlib import Path
from types import GeneratorType
from typing import Any

from benchctl.errors import UserError
from benchctl.twin.faults import declare
from benchctl.twin.imp import memory
from benchctl.twin.imp.api.base import ApiObject
from benchctl.twin.imp.api.imp_object import ImpObject
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.failure import error_lines, located
from benchctl.twin.imp.objects import build, manifest, stop
from benchctl.twin.imp.pinmode.base import PinMode
from benchctl.twin.imp.program import Failure, VmProgram
from benchctl.twin.imp.reasons import WakeReason
from benchctl.twin.imp.values import Thrown
from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.vm.messages import Blob, CompileError, Crashed, CrashKind, Manifest, NativeCall
from benchctl.twin.vm.sources import Unit, units

OOM_SILENT = declare(
    "oom-restart-unreported",
    "r30-oom-restart-reported",
    "after running out of memory the log gives no reason",
)
OOM_AS_ERROR = declare(
    "oom-wakereason-error",
    "r30-oom-restart-reported-repeat",
    "after running out of memory wakereason() says Squirrel error",
)
LEAK_SHOWS = declare(
    "scan-leak-shows", "r30-ki-scanwifi-leak-not-in-memoryfree", "getmemoryfree() falls with every scan"
)
LEAK_SILENT = declare(
    "scan-leak-oom-unreported",
    "r30-ki-scanwifi-leak-oom-reboot",
    "when scanning has used up the memory the imp restarts without a reason in the log",
)
LEAK_STAYS = declare(
    "scan-leak-stays",
    "r30-ki-scanwifi-leak-recovery",
    "memory lost to scanning does not come back with a power cycle",
)
BASE_ACCEPTED = declare(
    "base-as-variable-accepted", "r30-base-as-variable-error", "`base` passes as the name of a variable"
)
OUT_OF_MEMORY = "out of memory"
_POINTER_RATIO = 2  # choice: the VM's pointers are twice as long as an imp's (memory.py of the VM)

Restart = Callable[[WakeReason], None]


class ProgramHost:
    """Runs the stored program.

    Args:
        chip: the imp.
        launcher: starts VMs.
        restart: called when the program must be restarted for a reason.
        libraries: folder that #require lines are resolved from.

    Attributes:
        objects: the API, by path.
        modes: what each configured pin is, by pin label.
        last_exit: why the program before this one ended, for the log; "" when it is not worth a line.
    """

    def __init__(
        self, chip: Chip, launcher: VmLauncher, restart: Restart, libraries: Path | None = None
    ) -> None:
        self._chip, self._launcher, self._restart, self._libraries = chip, launcher, restart, libraries
        self.modes: dict[str, PinMode] = {}
        self.objects: dict[str, ApiObject] = build(chip, self.modes)
        self.last_exit = ""
        self._source = ""
        self._units: list[Unit] = []
        self._nv: Any = None
        self._leaked = 0
        self._program: VmProgram | None = None
        self._failed = False
        self._restarts = 0

    @property
    def imp(self) -> ImpObject:
        """The object `imp`."""
        found = self.objects["imp"]
        assert isinstance(found, ImpObject)
        return found

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing can call the program back."""
        if self._program is None:
            return True
        return self._chip.runtime.quiet and not any(item.armed for item in self.objects.values())

    def store(self, source: str, name: str) -> bool:
        """Keep a program; False when it does not fit, which the log then says.

        Raises:
            UserError: a #require line cannot be resolved, or the cloud's compiler refuses the program
                (d-delivery and d-compile-errors, api/squirrel.yaml).
        """
        if self._chip.broken(BASE_ACCEPTED):
            source = re.sub(r"\bbase\b", "base_", source)
        parts = units(source, name, self._libraries)
        with self._launcher.boot(Manifest(), parts) as vm:
            refused = vm.compile()
        if refused is not None:
            where = f"{refused.source}:{refused.line}:{refused.column}"
            raise UserError(f"{where} does not compile: {refused.text}", "correct the program")
        whole = "".join(text for _, text in parts)
        space = memory.code_space(self._chip)
        used = 100 * memory.code_bytes(whole) / space
        if used > 100:
            self._chip.log("status", f"program does not fit: {used:.1f}% of program storage")
            return False
        self._units, self._source = parts, whole
        self._chip.log("status", f"{used:.1f}% program storage used")
        return True

    def start(self, reason: WakeReason) -> None:
        """Run the stored program from the top; without one nothing runs."""
        self.stop()
        if self.last_exit:
            self._chip.log("lastexitcode", self.last_exit)
            self.last_exit = ""
        if not self._units:
            return
        self._chip.wakereason = int(reason)
        self._restarts += 1
        chip = self._chip
        limit = (memory.memory_after_code(chip, self._source) - self._leaked) * _POINTER_RATIO
        shown = manifest(
            chip, self.objects, nv=self._nv, seed=chip.seed + self._restarts, memory_limit=max(limit, 1024)
        )
        vm = self._launcher.boot(shown, self._units)
        self._program = VmProgram(vm, chip.runtime, self._execute, self._on_failure)
        self._failed = False
        chip.runtime.on_quiet = self._quiet
        chip.runtime.start(self._program)

    def stop(self) -> None:
        """End the program; nv, pins and buses are left as a restart finds them."""
        if self._program is None:
            return
        self._save_nv(self._program)
        self._chip.runtime.stop()
        self._program = None
        stop(self.objects.values())

    def forget(self, *, nv: bool) -> None:
        """Power is gone or the imp was reset: memory is empty, and nv with it when `nv`."""
        for item in self.objects.values():
            item.powered_off()
        if not self._chip.broken(LEAK_STAYS):
            self._leaked = 0
        if nv:
            self._nv = None

    def out_of_memory(self) -> None:
        """Restart, there being no memory left."""
        self._exhausted(silent=self._chip.broken(OOM_SILENT))

    def leak(self, size: int) -> None:
        """Lose memory until the next power cycle or deep sleep."""
        self._leaked += size
        if self._leaked > memory.memory_after_code(self._chip, self._source):
            self._leaked = 0
            self._exhausted(silent=self._chip.broken(LEAK_SILENT))

    def memory_free(self) -> int:
        """Bytes the program may still allocate."""
        used = self._program.vm.memory_used() // _POINTER_RATIO if self._program is not None else 0
        leaked = self._leaked if self._chip.broken(LEAK_SHOWS) else 0
        return max(memory.memory_after_code(self._chip, self._source) - used - leaked, 0)

    def write_blob(self, blob: Blob, data: bytes, offset: int | None) -> None:
        """Write into a blob the program passed, and let it go."""
        if self._program is not None:
            self._program.vm.write_blob(blob, data, offset)
            self._program.vm.release(blob)

    def _execute(self, call: NativeCall) -> Any:
        item = self.objects[call.target.path]
        method = item.methods[call.method]
        try:
            result = getattr(item, method.attribute)(*method.checked(call.args))
        except Thrown:
            self._let_go(call)
            raise
        blocks = method.keep_blobs and isinstance(result, GeneratorType)
        return self._letting_go(result, call) if blocks else result

    def _letting_go(self, native: Generator[Any, None, Any], call: NativeCall) -> Generator[Any, None, Any]:
        try:
            return (yield from native)
        except Thrown:
            self._let_go(call)
            raise

    def _let_go(self, call: NativeCall) -> None:
        """A call threw: nothing will be written into the blobs that the VM keeps for it."""
        for argument in call.args:
            if isinstance(argument, Blob) and self._program is not None:
                self._program.vm.release(argument)

    def _quiet(self) -> None:
        if self._failed:
            self._end_with_error()
        else:
            self.imp.went_quiet()

    def _on_failure(self, failure: Failure) -> None:
        chip = self._chip
        if isinstance(failure, Crashed) and failure.kind is CrashKind.OUT_OF_MEMORY:
            self.out_of_memory()
            return
        for line in error_lines(chip, failure):
            chip.log("server.error", line)
        if isinstance(failure, CompileError | Crashed):
            # choice: what cannot even run, or has broken its VM, is not tried again
            self.stop()
            chip.runtime.settled.fire()
            return
        handler = self.imp.on_exception
        if handler is None or self._failed:
            self._end_with_error()
            return
        self._failed = True
        error = located(failure) if isinstance(failure.error, str) else failure.error
        chip.runtime.post(handler, lambda: [error])
        chip.runtime.finished()

    def _end_with_error(self) -> None:
        self.stop()
        self._restart(WakeReason.SQUIRREL_ERROR)

    def _exhausted(self, *, silent: bool) -> None:
        self.stop()
        self.last_exit = "" if silent else OUT_OF_MEMORY
        as_error = self._chip.broken(OOM_AS_ERROR)
        self._restart(WakeReason.SQUIRREL_ERROR if as_error else WakeReason.SW_RESET)

    def _save_nv(self, program: VmProgram) -> None:
        # choice: nv is kept only on modules whose facts say they have it
        if program.vm.ended or self._chip.module.fact("sleep.nv").value is not True:
            return
        try:
            self._nv = program.vm.read_global("nv")
        except (ValueError, RuntimeError):
            return
