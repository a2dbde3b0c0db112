"""What the bench and a VM tell each other, as the bench sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

Value = Any
"""A Squirrel value in Python: None, bool, int, float, str, list, dict, or a class below.

Integers have 32 bits, floats single precision. A string has one character per byte, latin-1; `bytes` is taken
for a string as well.
"""


@dataclass(frozen=True)
class Blob:
    """A blob.

    Attributes:
        data: its bytes when it crossed the pipe.
        handle: its number in the VM if it is kept there (see Method.keep_blobs), else 0.
    """

    data: bytes
    handle: int = 0


@dataclass(frozen=True)
class Closure:
    """A function of device code, alive in the VM until it is released."""

    handle: int


@dataclass(frozen=True)
class ApiObject:
    """An object of the imp API.

    Attributes:
        path: where it is, such as "hardware.uart1", or what kind it is if it came up at run time.
        id: tells objects of one kind apart; 1 to 2**32 - 1. 0 for the objects that are always there.
    """

    path: str
    id: int = 0


@dataclass(frozen=True)
class Opaque:
    """A value with no equal in Python: an instance of a device code class, a class, a generator.

    Attributes:
        type: what `typeof` says of it.
        handle: its number in the VM if it is kept there, else 0 and it cannot be sent back.
    """

    type: str
    handle: int = 0


@dataclass(frozen=True)
class Method:
    """How a method of the API wants its arguments.

    Attributes:
        as_text: as str, by Squirrel's own conversion (server.log).
        keep_blobs: with blobs kept in the VM, so that `VmProcess.write_blob` can fill them (sampler buffers).
    """

    as_text: bool = False
    keep_blobs: bool = False


Methods = Mapping[str, Method]


def methods(*names: str) -> dict[str, Method]:
    """Methods with nothing special about them."""
    return {name: Method() for name in names}


@dataclass(frozen=True)
class Quirks:
    """What differs between releases of impOS in the language itself.

    Attributes:
        acall_limit: most elements that acall and pacall take; None for any number, as before impOS 40
            (fn-acall-limit in api/squirrel.yaml).
        blob_limit: largest blob, bytes (blob-ctor).
        format_pads_floats: False as before 34.6, when a width did not pad a float (f-format-fixes).
        format_nonfinite: what format() makes of infinities and NaN, wrong in early releases 34; None for the
            VM's own inf, -inf, nan. The wrong text itself is not known (f-format-fixes).
        log_pads_floats: True as from 33.0 to 35.7, when the log showed a float with trailing zeros (l-log).
        log_caught_lines: the log entry of an error that was caught names its line (e-caught-line).
    """

    acall_limit: int | None = 10
    blob_limit: int = 512 * 1024
    format_pads_floats: bool = True
    format_nonfinite: str | None = None
    log_pads_floats: bool = False
    log_caught_lines: bool = True


@dataclass(frozen=True)
class Manifest:
    """The imp that a VM presents to device code.

    Attributes:
        constants: slots of the root table.
        objects: path to methods: "hardware", "hardware.uart1", "imp.net"; "" for functions of the root table.
            An object's owner must be there too. date() of the VM asks the root function `time`.
        kinds: kind to methods, of objects that come up at run time (timers, endpoints, files).
        seed: of math.rand, which gives the same numbers for the same seed.
        quirks: of the language.
        memory_limit: what device code may allocate beyond the compiled program, bytes as the VM counts them.
        cpu_budget_s: processor time device code may take between two calls of the API, seconds.
    """

    constants: Mapping[str, Value] = field(default_factory=dict)
    objects: Mapping[str, Methods] = field(default_factory=dict)
    kinds: Mapping[str, Methods] = field(default_factory=dict)
    seed: int = 0
    quirks: Quirks = Quirks()
    memory_limit: int = 64 * 1024 * 1024
    cpu_budget_s: float = 5.0


@dataclass(frozen=True)
class Frame:
    """One level of a call stack; lines count from 1."""

    function: str
    source: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} {self.source}:{self.line}"


Stack = Sequence[Frame]
"""Innermost first."""


class NativeCall(NamedTuple):
    """Device code called the API and waits, for as long as it takes, for `reply`, `throw` or `close`."""

    target: ApiObject
    method: str
    args: tuple[Value, ...]

    @property
    def path(self) -> str:
        """Object and method, such as "hardware.uart1.write"."""
        return f"{self.target.path}.{self.method}" if self.target.path else self.method


@dataclass(frozen=True)
class Printed:
    """Device code called `print` or `error`. Continue with `resume`."""

    text: str
    error: bool


@dataclass(frozen=True)
class Done:
    """The main program or the callback came to its end."""


@dataclass(frozen=True)
class Uncaught:
    """Nothing caught what device code threw. The VM could run on; an imp restarts.

    Attributes:
        error: what was thrown; an Opaque with a handle unless it is a plain value.
        text: the same as text.
        stack: where it was thrown.
    """

    error: Value
    text: str
    stack: Stack


@dataclass(frozen=True)
class CompileError:
    """A source does not compile. Line and column, where the compiler stopped reading, count from 1."""

    text: str
    source: str
    line: int
    column: int


class CrashKind(Enum):
    """How device code broke its VM."""

    ARITHMETIC = "arithmetic"
    MEMORY_FAULT = "memory fault"
    OUT_OF_MEMORY = "out of memory"
    ENDLESS = "endless"
    LOST = "lost"


@dataclass(frozen=True)
class Crashed:
    """The VM is gone.

    Attributes:
        kind: how.
        text: a sentence about it.
        stack: where device code was; empty if that could not be found out.
    """

    kind: CrashKind
    text: str
    stack: Stack

    def __str__(self) -> str:
        where = f", in {self.stack[0]}" if self.stack else ""
        return f"{self.text}{where}"


Event = NativeCall | Printed | Done | Uncaught | CompileError | Crashed
