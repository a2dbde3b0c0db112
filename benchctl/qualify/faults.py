"""The faults that a virtual imp can be given, known by name only: the virtual bench may be absent."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Protocol

from benchctl.errors import BenchError, UserError
from benchctl.nearest import nearest


class Fault(Protocol):
    """A way the virtual imp can be wrong."""

    @property
    def id(self) -> str:
        """What `--fault` takes."""

    @property
    def claim(self) -> str:
        """The claim it breaks."""

    @property
    def modules(self) -> frozenset[str]:
        """The only modules it can occur on; empty for all."""


def twin_faults() -> list[Fault]:
    """Every fault the twin knows.

    Raises:
        BenchError: the virtual bench is not installed.
    """
    try:
        catalogue: Callable[[], Iterable[Fault]] = import_module("benchctl.twin.faults").catalogue
    except ImportError as error:
        raise BenchError("there is no virtual bench on this machine", "it needs x86-64 Linux") from error
    return list(catalogue())


def require_faults(ids: Iterable[str]) -> None:
    """Refuse a fault that nobody declared. Raises UserError with the nearest name, and as `twin_faults`."""
    wanted = tuple(ids)
    known = [fault.id for fault in twin_faults()] if wanted else []
    for fault_id in wanted:
        if fault_id not in known:
            raise UserError(f"there is no fault {fault_id!r}", nearest(fault_id, known))
