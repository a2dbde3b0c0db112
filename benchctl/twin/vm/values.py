"""Squirrel values on the VM's stack to wire values (see wire.py) and back, every byte kept."""

import ctypes as c
from typing import Any

from benchctl.twin.vm import wire
from benchctl.twin.vm.capi import (
    ARRAY,
    BOOL,
    CLOSURE,
    FLOAT,
    INSTANCE,
    INTEGER,
    NATIVE_CLOSURE,
    NULL,
    STRING,
    TABLE,
    Object,
    sq,
)

API_TAG = 0x1B9
"""Type tag of every class that the manifest describes; a number nobody else uses."""

LENGTHS = 1 << 16
"""A string on a device behaves as if its length were modulo this (str-max in api/squirrel.yaml)."""

_DEEPEST = 64


class UnsendableError(Exception):
    """A value that cannot leave the VM: nested too deeply, or a table that contains itself."""


class ConversionError(Exception):
    """A `_tostring` of device code threw; what it threw is the VM's last error."""


class Handles:
    """Objects of the VM that the bench refers to by number and that live until it releases them."""

    def __init__(self, vm: int) -> None:
        self._vm = vm
        self._objects: dict[int, Object] = {}
        self._last = 0

    def keep(self, reference: Object) -> int:
        """Hold the object and give it a number."""
        held = Object.from_buffer_copy(reference)
        sq.addref(self._vm, held)
        self._last += 1
        self._objects[self._last] = held
        return self._last

    def push(self, handle: int) -> None:
        """Push the object. Raises KeyError for one that was released."""
        sq.pushobject(self._vm, self._objects[handle])

    def release(self, handle: int) -> None:
        """Let go of the object; a number that was released before is ignored."""
        held = self._objects.pop(handle, None)
        if held is not None:
            sq.release(self._vm, held)


class Values:
    """Reads and pushes values of one VM."""

    def __init__(self, vm: int, handles: Handles) -> None:
        self._vm = vm
        self._handles = handles
        self._object = Object()
        self._address = c.c_void_p()
        self.class_objects: list[Object] = []

    def read(self, index: int, keep_blobs: bool = False, depth: int = 0) -> Any:
        """The wire value at a stack index.

        Args:
            index: positive from the bottom of the frame, or negative from the top.
            keep_blobs: also hold each blob, so that the bench can write into it later.
            depth: how many tables and arrays enclose it.

        Raises UnsendableError.
        """
        vm, found = self._vm, self._object
        sq.getstackobj(vm, index, found)
        kind = found.type
        if kind == INTEGER:
            return found.value.integer
        if kind == STRING:
            return self.string(index).decode("latin-1")
        if kind == NULL:
            return None
        if kind == FLOAT:
            return found.value.real
        if kind == BOOL:
            return bool(found.value.integer)
        if kind in (CLOSURE, NATIVE_CLOSURE):
            return (wire.CLOSURE, self._handles.keep(found))
        if kind in (TABLE, ARRAY):
            return self._container(index, kind, keep_blobs, depth)
        if kind == INSTANCE:
            return self._instance(index, keep_blobs)
        return (wire.OPAQUE, self.type_name(index), 0)

    def kept(self, index: int) -> Any:
        """The wire value at a stack index; by handle unless it is a scalar, to be pushed again later."""
        sq.getstackobj(self._vm, index, self._object)
        if self._object.type in (NULL, INTEGER, FLOAT, BOOL, STRING):
            return self.read(index)
        handle = self._handles.keep(self._object)
        return (wire.OPAQUE, self.type_name(index), handle)

    def string(self, index: int) -> bytes:
        """The bytes of the string at a stack index; a long one is cut as an imp does (str-max)."""
        sq.getstring(self._vm, index, self._address)
        return c.string_at(self._address.value or 0, sq.getsize(self._vm, index) % LENGTHS)

    def blob(self, index: int) -> bytes | None:
        """The bytes of the blob at a stack index, None where there is no blob."""
        if sq.std_getblob(self._vm, index, self._address) < 0:
            return None
        return c.string_at(self._address.value or 0, sq.std_getblobsize(self._vm, index))

    def text(self, index: int) -> str:
        """What Squirrel's own conversion to a string makes of the value. Raises ConversionError."""
        top = sq.gettop(self._vm)
        sq.tostring(self._vm, index)
        sq.getstackobj(self._vm, -1, self._object)
        text = self.string(-1).decode("latin-1") if self._object.type == STRING else None
        sq.settop(self._vm, top)
        if text is None:
            raise ConversionError
        return text

    def real(self, index: int) -> float | None:
        """The float at a stack index, None where there is none."""
        sq.getstackobj(self._vm, index, self._object)
        return self._object.value.real if self._object.type == FLOAT else None

    def type_name(self, index: int) -> str:
        """What `typeof` says of the value."""
        sq.typeof(self._vm, index)
        name = self.string(-1).decode("latin-1")
        sq.pop(self._vm, 1)
        return name

    def push(self, value: Any) -> None:
        """Push a wire value. Integers wrap at 32 bits, as all integers of the VM do."""
        vm = self._vm
        if value is None:
            sq.pushnull(vm)
        elif value is True or value is False:
            sq.pushbool(vm, value)
        elif isinstance(value, int):
            sq.pushinteger(vm, c.c_int32(value).value)
        elif isinstance(value, float):
            sq.pushfloat(vm, value)
        elif isinstance(value, str):
            sq.pushstring(vm, value.encode("latin-1"), len(value))
        elif isinstance(value, list):
            sq.newarray(vm, 0)
            for item in value:
                self.push(item)
                sq.arrayappend(vm, -2)
        elif isinstance(value, dict):
            sq.newtable(vm)
            for key, item in value.items():
                self.push(key)
                self.push(item)
                sq.newslot(vm, -3, False)
        else:
            self._push_tagged(value)

    def push_blob(self, data: bytes) -> None:
        """Push a new blob that holds the data."""
        c.memmove(sq.std_createblob(self._vm, len(data)), data, len(data))

    def write_blob(self, handle: int, offset: int | None, data: bytes) -> None:
        """Write into a kept blob, in place, dropping what would not fit; None stands for its pointer."""
        if offset is None:
            self._write_at_pointer(handle, data)
            return
        self._handles.push(handle)
        sq.std_getblob(self._vm, -1, self._address)
        room = max(0, sq.std_getblobsize(self._vm, -1) - offset)
        c.memmove((self._address.value or 0) + offset, data, min(len(data), room))
        sq.pop(self._vm, 1)

    def api_object(self, index: int) -> tuple[int, int] | None:
        """Class index and id of the API object at a stack index, None for anything else."""
        if sq.getinstanceup(self._vm, index, self._address, API_TAG) < 0:
            return None
        return divmod(self._address.value or 0, 1 << 32)

    def _write_at_pointer(self, handle: int, data: bytes) -> None:
        """As the blob's own writeblob() does: the pointer moves on and the blob grows."""
        vm = self._vm
        top = sq.gettop(vm)
        self._handles.push(handle)
        self.push("writeblob")
        sq.get(vm, -2)
        self._handles.push(handle)
        self.push_blob(data)
        sq.call(vm, 2, False, True)
        sq.settop(vm, top)

    def _push_tagged(self, value: tuple[Any, ...]) -> None:
        tag = value[0]
        if tag == wire.OBJECT:
            self._push_api_object(value[1], value[2])
        elif tag == wire.CLOSURE:
            self._handles.push(value[1])
        elif value[2]:
            self._handles.push(value[2])
        else:
            self.push_blob(value[1])

    def _push_api_object(self, class_index: int, identity: int) -> None:
        vm = self._vm
        sq.pushobject(vm, self.class_objects[class_index])
        sq.createinstance(vm, -1)
        sq.setinstanceup(vm, -1, class_index << 32 | identity)
        sq.remove(vm, -2)

    def _instance(self, index: int, keep_blobs: bool) -> Any:
        api_object = self.api_object(index)
        if api_object is not None:
            return (wire.OBJECT, *api_object)
        data = self.blob(index)
        if data is None:
            return (wire.OPAQUE, self.type_name(index), 0)
        sq.getstackobj(self._vm, index, self._object)
        return (wire.BLOB, data, self._handles.keep(self._object) if keep_blobs else 0)

    def _container(self, index: int, kind: int, keep_blobs: bool, depth: int) -> Any:
        if depth == _DEEPEST:
            raise UnsendableError("the value is nested too deeply or contains itself")
        vm = self._vm
        items = []
        if index < 0:
            index += sq.gettop(vm) + 1
        sq.pushnull(vm)
        while sq.next(vm, index) >= 0:
            items.append((self.read(-2, keep_blobs, depth + 1), self.read(-1, keep_blobs, depth + 1)))
            sq.pop(vm, 2)
        sq.pop(vm, 1)
        if kind == ARRAY:
            return [item for _, item in items]
        try:
            return dict(items)
        except TypeError as unhashable:
            raise UnsendableError("a table or an array is the key of a table") from unhashable
