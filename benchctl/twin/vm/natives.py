"""Functions of this process as native closures of the VM, all behind one C callback."""

import ctypes as c
from collections.abc import Callable
from typing import Any

from benchctl.twin.vm.capi import Native, sq
from benchctl.twin.vm.values import ConversionError, UnsendableError, Values

Entry = Callable[[int], int]
"""Takes the number of arguments, on the VM's stack from index 2 on; returns how many results it pushed."""


class ThrownError(Exception):
    """Becomes an exception of Squirrel at the caller's line. `value` is what `catch` receives."""

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__(value)


class Natives:
    """The native closures of one VM.

    Args:
        vm: the VM.
        values: its values.
        on_defect: called with any other Python exception; it must end the process.
    """

    def __init__(self, vm: int, values: Values, on_defect: Callable[[BaseException], None]) -> None:
        self._vm = vm
        self._values = values
        self._on_defect = on_defect
        self._entries: list[Entry] = []
        self._number = c.c_int()
        self._callback = Native(self._dispatch)

    def push(self, name: str, entry: Entry, parameters: int = 0, types: str | None = None) -> None:
        """Push a closure that calls `entry`.

        Args:
            name: what stack traces call it.
            entry: the function.
            parameters: how many it takes, `this` included; negative for "at least"; 0 for any number.
            types: Squirrel's type mask of the parameters (sq_setparamscheck).
        """
        vm = self._vm
        sq.pushinteger(vm, len(self._entries))
        self._entries.append(entry)
        sq.newclosure(vm, self._callback, 1)
        sq.setnativeclosurename(vm, -1, name.encode())
        if parameters:
            sq.setparamscheck(vm, parameters, types.encode() if types else None)

    def _dispatch(self, vm: int) -> int:
        try:
            # The closure's free variable, its number, stands above the arguments.
            sq.getinteger(vm, -1, self._number)
            return self._entries[self._number.value](sq.gettop(vm) - 2)
        except ThrownError as thrown:
            self._values.push(thrown.value)
        except UnsendableError as unsendable:
            self._values.push(str(unsendable))
        except ConversionError:
            sq.getlasterror(vm)
        except BaseException as defect:
            self._on_defect(defect)
        thrown_result: int = sq.throwobject(vm)
        return thrown_result
