"""The imp API as the manifest describes it: classes and objects of the VM whose methods ask the bench."""

from collections.abc import Callable, Iterable
from typing import Any

from benchctl.twin.vm.capi import Object, sq
from benchctl.twin.vm.memory import Meter
from benchctl.twin.vm.natives import Entry, Natives, ThrownError
from benchctl.twin.vm.values import API_TAG, Values
from benchctl.twin.vm.wire import AS_TEXT, KEEP_BLOBS, OBJECT, ApiClass

Call = Callable[[int, int, str, tuple[Any, ...]], Any]
"""Takes class index, object id, method name and arguments; returns the result or raises ThrownError."""


class Api:
    """Builds the API in one VM.

    Args:
        vm: the VM.
        values: its values.
        natives: its native closures.
        call: asks the bench.
        log_text: what the log makes of the value at a stack index.
        meter: told when the VM stops and goes on.
    """

    def __init__(
        self,
        vm: int,
        values: Values,
        natives: Natives,
        call: Call,
        log_text: Callable[[int], str],
        meter: Meter,
    ) -> None:
        self._vm = vm
        self._values = values
        self._natives = natives
        self._call = call
        self._log_text = log_text
        self._meter = meter
        self._answer: Any = None

    def build(self, classes: list[ApiClass], constants: dict[str, Any]) -> None:
        """Fill the root table.

        Args:
            classes: in the order of the manifest. The path "" stands for the root table itself; an object
                "a.b" becomes a slot of the object "a".
            constants: name to value.
        """
        vm = self._vm
        for index, (path, at_run_time, methods) in enumerate(classes):
            if path:
                self._push_class(index, at_run_time, methods)
                kept = Object()
                sq.getstackobj(vm, -1, kept)
                sq.addref(vm, kept)
                self._values.class_objects.append(kept)
                sq.pop(vm, 1)
            else:
                self._values.class_objects.append(Object())
                sq.pushroottable(vm)
                self._add_methods(index, at_run_time, methods)
                sq.pop(vm, 1)
        # The deepest first: the slots of a class are closed once it has an instance.
        static = [
            (path, index) for index, (path, at_run_time, _) in enumerate(classes) if path and not at_run_time
        ]
        indexes = dict(static)
        for path, index in sorted(static, key=lambda entry: entry[0].count("."), reverse=True):
            owner, _, name = path.rpartition(".")
            if owner:
                sq.pushobject(vm, self._values.class_objects[indexes[owner]])
            else:
                sq.pushroottable(vm)
            self._values.push(name)
            self._values.push((OBJECT, index, 0))
            sq.newslot(vm, -3, False)
            sq.pop(vm, 1)
        self._add_constants(constants.items())

    def _push_class(self, index: int, at_run_time: bool, methods: list[tuple[str, int]]) -> None:
        sq.newclass(self._vm, False)
        sq.settypetag(self._vm, -1, API_TAG)
        self._add_methods(index, at_run_time, methods)

    def _add_methods(self, index: int, at_run_time: bool, methods: list[tuple[str, int]]) -> None:
        for name, flags in methods:
            self._values.push(name)
            self._natives.push(name, self._method(index, at_run_time, name, flags))
            sq.newslot(self._vm, -3, False)

    def _add_constants(self, constants: Iterable[tuple[str, Any]]) -> None:
        sq.pushroottable(self._vm)
        for name, value in constants:
            self._values.push(name)
            self._values.push(value)
            sq.newslot(self._vm, -3, False)
        sq.pop(self._vm, 1)

    def _method(self, class_index: int, at_run_time: bool, name: str, flags: int) -> Entry:
        values, call, meter = self._values, self._call, self._meter
        keep_blobs = bool(flags & KEEP_BLOBS)

        def ask(argc: int) -> Any:
            identity = self._identity(class_index) if at_run_time else 0
            if flags & AS_TEXT:
                arguments = tuple(self._log_text(index) for index in range(2, argc + 2))
            else:
                arguments = tuple(values.read(index, keep_blobs) for index in range(2, argc + 2))
            return call(class_index, identity, name, arguments)

        def entry(argc: int) -> int:
            meter.leave()
            try:
                # Held until the next call: what it is made of must not be freed while the meter counts.
                self._answer = ask(argc)
            finally:
                meter.enter()
            if self._answer is None:
                return 0
            values.push(self._answer)
            return 1

        return entry

    def _identity(self, class_index: int) -> int:
        found = self._values.api_object(1)
        if found is None or found[0] != class_index:
            raise ThrownError("wrong context object")
        return found[1]
