"""What an API object is made of: methods by their imp names, each with its parameters and first release."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from benchctl.twin.imp.values import REQUIRED, Param, Thrown

if TYPE_CHECKING:
    from benchctl.twin.imp.chip import Chip

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Method:
    """One method a program can call.

    Attributes:
        name: its imp name.
        params: its parameters.
        since: first impOS version with it.
        attribute: the Python method behind it.
        as_text: arguments arrive as text, by Squirrel's own conversion.
        keep_blobs: blobs among the arguments are kept in the VM, to be written into later.
    """

    name: str
    params: tuple[Param, ...]
    since: tuple[int, int]
    attribute: str
    as_text: bool = False
    keep_blobs: bool = False

    @cached_property
    def required(self) -> int:
        """How many parameters cannot be left out."""
        return sum(param.default is REQUIRED for param in self.params)

    def checked(self, arguments: Sequence[Any]) -> list[Any]:
        """Arguments made complete and checked. Raises Thrown with Squirrel's own texts."""
        if not self.required <= len(arguments) <= len(self.params):
            raise Thrown("wrong number of parameters")
        given = enumerate(zip(self.params, arguments, strict=False), start=1)
        values = [param.check(value, position) for position, (param, value) in given]
        return values + [param.default for param in self.params[len(arguments) :]]


def api(
    name: str,
    *params: Param,
    since: tuple[int, int] = (0, 0),
    as_text: bool = False,
    keep_blobs: bool = False,
) -> Callable[[F], F]:
    """Make a method part of the imp API under `name`, from impOS `since` on.

    The method gets its checked arguments and returns what Squirrel gets. One that blocks is a generator: it
    yields the time to wait for (ns) or a `Trigger`, and returns the value. It throws by raising Thrown.
    """

    def mark(function: F) -> F:
        method = Method(name, params, since, function.__name__, as_text, keep_blobs)
        function.__api__ = method  # type: ignore[attr-defined]
        return function

    return mark


class ApiObject:
    """An object under `imp`, `hardware` or `server`.

    Attributes:
        path: where a program finds it, as `hardware.uart2`; "" for the root table.
    """

    methods: ClassVar[dict[str, Method]] = {}

    def __init_subclass__(cls) -> None:
        functions = [function for base in reversed(cls.__mro__) for function in vars(base).values()]
        cls.methods = {m.name: m for f in functions if (m := getattr(f, "__api__", None)) is not None}

    def __init__(self, chip: "Chip", path: str) -> None:
        self.chip, self.path = chip, path
        self.world = chip.world

    def available(self) -> dict[str, Method]:
        """Methods this module and release has."""
        release = self.chip.release
        return {name: m for name, m in self.methods.items() if release.since(*m.since)}

    @property
    def armed(self) -> bool:
        """True while something may still call the program back."""
        return False

    def squirrel_stopped(self) -> None:
        """The program ended or restarts: let go of pins and callbacks."""

    def powered_off(self) -> None:
        """The imp lost power or was reset: forget everything."""
        self.squirrel_stopped()
