"""Faults the twin can be given: a defect a release note says was fixed, or a plausible way to be wrong.

A fault is declared beside the behaviour it breaks and asked for there:

    _GARBAGE = declare("spi-read-garbage", "r30-spi-read-clocks-out-zeros", "reads clock out old data")
    ...
    fill = old if _GARBAGE in self.faults else zeros
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from benchctl.errors import UserError


@dataclass(frozen=True)
class Fault:
    """One way the twin can be broken on purpose.

    Attributes:
        id: what `--fault` takes.
        claim: the catalogue claim whose test should notice.
        text: what goes wrong, one sentence.
        modules: module types it makes sense on; empty for all.
    """

    id: str
    claim: str
    text: str
    modules: frozenset[str] = frozenset()


_CATALOGUE: dict[str, Fault] = {}


def declare(fault_id: str, claim: str, text: str, modules: Iterable[str] = ()) -> Fault:
    """Add a fault to the catalogue; called once, at import, beside the behaviour it breaks."""
    if fault_id in _CATALOGUE:
        raise ValueError(f"fault {fault_id} is declared twice")
    fault = Fault(fault_id, claim, text, frozenset(modules))
    _CATALOGUE[fault_id] = fault
    return fault


def declared() -> list[Fault]:
    """Every fault of the modules imported so far, by id."""
    return [_CATALOGUE[key] for key in sorted(_CATALOGUE)]


def catalogue() -> list[Fault]:
    """Every fault of the virtual bench, by id; imports the modules that declare them."""
    import_module("benchctl.twin.build")
    return declared()


class FaultSet:
    """The faults a virtual bench was given.

    Raises:
        UserError: an id nobody declared (the nearest is named).
    """

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = frozenset(ids)
        for fault_id in sorted(self._ids - _CATALOGUE.keys()):
            near = difflib.get_close_matches(fault_id, _CATALOGUE, 1)
            raise UserError(
                f"there is no fault called {fault_id!r}",
                f"did you mean {near[0]!r}?" if near else "`benchctl sensitivity RIG` lists them",
            )

    def __contains__(self, fault: Fault) -> bool:
        return fault.id in self._ids
