"""The bench's classes for Squirrel values (messages.py) to wire values (wire.py) and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchctl.twin.vm import wire
from benchctl.twin.vm.messages import ApiObject, Blob, Closure, Manifest, Methods, Opaque, Value


class Translator:
    """Translates for one manifest, whose objects and kinds are numbered in its order."""

    def __init__(self, manifest: Manifest) -> None:
        self.classes: list[wire.ApiClass] = [
            (path, at_run_time, [(name, _flags(methods, name)) for name in methods])
            for group, at_run_time in ((manifest.objects, False), (manifest.kinds, True))
            for path, methods in group.items()
        ]
        self._objects = [ApiObject(path) for path, _, _ in self.classes]
        self._indexes = {path: index for index, (path, _, _) in enumerate(self.classes)}
        for path in manifest.objects:
            owner = path.rpartition(".")[0]
            if owner and owner not in manifest.objects:
                raise ValueError(f"the manifest has {path} but not {owner}")
        if clash := manifest.objects.keys() & manifest.kinds.keys():
            raise ValueError(f"the manifest has {clash} both as object and as kind")

    def to_wire(self, value: Value) -> Any:
        """Raises ValueError or TypeError for what no VM can take."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                value.encode("latin-1")
                return value
            case bytes() | bytearray():
                return value.decode("latin-1")
            case Blob(data, handle):
                return (wire.BLOB, b"" if handle else data, handle)
            case Closure(handle):
                return (wire.CLOSURE, handle)
            case ApiObject(path, identity):
                return (wire.OBJECT, self._indexes[path], identity)
            case Opaque(name, handle) if handle:
                return (wire.OPAQUE, name, handle)
            case Mapping():
                return {self.to_wire(key): self.to_wire(item) for key, item in value.items()}
            case Sequence():
                return [self.to_wire(item) for item in value]
        raise TypeError(f"no Squirrel value for {value!r}")

    def from_wire(self, value: Any) -> Value:
        """Translate what a VM sent."""
        if isinstance(value, list):
            return [self.from_wire(item) for item in value]
        if isinstance(value, dict):
            return {self.from_wire(key): self.from_wire(item) for key, item in value.items()}
        if not isinstance(value, tuple):
            return value
        tag = value[0]
        if tag == wire.BLOB:
            return Blob(value[1], value[2])
        if tag == wire.CLOSURE:
            return Closure(value[1])
        if tag == wire.OBJECT:
            return self.api_object(value[1], value[2])
        return Opaque(value[1], value[2])

    def api_object(self, index: int, identity: int) -> ApiObject:
        """The object of a class index and an id."""
        return ApiObject(self.classes[index][0], identity) if identity else self._objects[index]


def _flags(methods: Methods, name: str) -> int:
    method = methods[name]
    return wire.AS_TEXT * method.as_text | wire.KEEP_BLOBS * method.keep_blobs
