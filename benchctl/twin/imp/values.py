"""Squirrel values as the API sees them, and the checks every parameter goes through.

Strings are `str` with one character per byte (latin-1); null, integers, floats, bools, arrays and tables are
the Python values. The texts thrown for a wrong number or type are Squirrel's own (squirrel.yaml, e-text).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchctl.twin.vm.messages import ApiObject as ObjectRef
from benchctl.twin.vm.messages import Blob, Closure, Opaque

__all__ = [
    "ANY", "ARRAY", "BLOB", "BOOL", "DATA", "FUNCTION", "INTEGER", "NUMBER", "OBJECT", "REAL", "REQUIRED",
    "STRING", "TABLE", "Blob", "Closure", "Kind", "ObjectRef", "Opaque", "Param", "Thrown", "as_bytes",
    "as_string",
]  # fmt: skip


class Thrown(Exception):  # noqa: N818 -- it is a Squirrel exception, not an error of the bench
    """A native call throws this text into Squirrel."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@dataclass(frozen=True)
class Kind:
    """A type a parameter may have."""

    name: str
    accepts: Callable[[Any], bool]


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


INTEGER = Kind("integer", _is_int)
REAL = Kind("integer|float", lambda v: _is_int(v) or isinstance(v, float))
NUMBER = Kind("integer|float", REAL.accepts)  # a finite one
BOOL = Kind("bool", lambda v: isinstance(v, bool))
STRING = Kind("string", lambda v: isinstance(v, str))
BLOB = Kind("blob", lambda v: isinstance(v, Blob))
DATA = Kind("string|blob", lambda v: isinstance(v, str | Blob))
OBJECT = Kind("instance", lambda v: isinstance(v, ObjectRef))
FUNCTION = Kind("function", lambda v: isinstance(v, Closure))
TABLE = Kind("table", lambda v: isinstance(v, dict))
ARRAY = Kind("array", lambda v: isinstance(v, list))
ANY = Kind("any", lambda _: True)

REQUIRED: Any = object()


@dataclass(frozen=True)
class Param:
    """One parameter of an API method; null stands for an optional one that is left out."""

    name: str
    kind: Kind
    default: Any = REQUIRED
    nullable: bool = False

    def check(self, value: Any, position: int) -> Any:
        """The value, or the default for null. Raises Thrown when the type is wrong."""
        if value is None and (self.nullable or self.default is not REQUIRED):
            return None if self.default is REQUIRED else self.default
        if not self.kind.accepts(value):
            found = type_name(value)
            raise Thrown(f"parameter {position} has an invalid type '{found}' ; expected: '{self.kind.name}'")
        if self.kind is NUMBER and not math.isfinite(value):
            raise Thrown("number out of range")  # choice: infinities and NaN where no source allows them
        return value


def type_name(value: Any) -> str:
    """What `typeof` says of a value."""
    if value is None:
        return "null"
    if isinstance(value, Opaque):
        return value.type
    names: dict[type, str] = {
        bool: "bool", int: "integer", float: "float", str: "string", list: "array", dict: "table",
        Closure: "function", Blob: "blob",
    }  # fmt: skip
    return names.get(type(value), "instance")


def as_bytes(value: "str | Blob") -> bytes:
    """The bytes of a string or blob."""
    return value.data if isinstance(value, Blob) else value.encode("latin-1")


def as_string(data: bytes) -> str:
    """Bytes as a Squirrel string."""
    return data.decode("latin-1")
