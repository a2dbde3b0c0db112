"""The C interface of the Squirrel library inside the package squirrel-lang-sq305, through ctypes.

The package promises no C interface, but its extension module exports Squirrel's own (sq_* and sqstd_*). Only
this module knows that. It is loaded for these symbols alone: the Python binding in it is never initialised.
"""

import ctypes as c
from importlib.util import find_spec
from typing import Any

NULL, INTEGER, FLOAT, BOOL = 0x01000001, 0x05000002, 0x05000004, 0x01000008
STRING, TABLE, ARRAY = 0x08000010, 0x0A000020, 0x08000040
CLOSURE, NATIVE_CLOSURE = 0x08000100, 0x08000200
CLASS, INSTANCE = 0x08004000, 0x0A008000

Native = c.CFUNCTYPE(c.c_int, c.c_void_p)
"""SQFUNCTION: takes the VM, returns the number of results (0 or 1), or -1 for a thrown error."""
CompileErrorHandler = c.CFUNCTYPE(None, c.c_void_p, c.c_char_p, c.c_char_p, c.c_int, c.c_int)
"""Takes the VM, the text, the source name, the line and the column."""


class _ObjectValue(c.Union):
    _fields_ = (("integer", c.c_int32), ("real", c.c_float), ("pointer", c.c_void_p))


class Object(c.Structure):
    """HSQOBJECT: a reference that the VM does not count until `sq.addref`."""

    _fields_ = (("type", c.c_uint32), ("value", _ObjectValue))


class StackInfos(c.Structure):
    """SQStackInfos: one level of the call stack."""

    _fields_ = (("function", c.c_char_p), ("source", c.c_char_p), ("line", c.c_int))


_VM, _INT, _BOOL, _SIZE, _ADDRESS = c.c_void_p, c.c_int, c.c_uint, c.c_int, c.c_void_p

# Calls that may run Squirrel code, for however long: they release Python's lock, for the watchdog.
_LONG: dict[str, tuple[Any, list[Any]]] = {
    "compilebuffer": (_INT, [_VM, c.c_char_p, _SIZE, c.c_char_p, _BOOL]),
    "call": (_INT, [_VM, _INT, _BOOL, _BOOL]),
    "tostring": (None, [_VM, _INT]),
    "typeof": (_INT, [_VM, _INT]),
}
_SHORT: dict[str, tuple[Any, list[Any]]] = {
    "open": (_VM, [_INT]),
    "addref": (None, [_VM, c.POINTER(Object)]),
    "release": (_BOOL, [_VM, c.POINTER(Object)]),
    "arrayappend": (_INT, [_VM, _INT]),
    "createinstance": (_INT, [_VM, _INT]),
    "get": (_INT, [_VM, _INT]),
    "getdefaultdelegate": (_INT, [_VM, _INT]),
    "getinstanceup": (_INT, [_VM, _INT, c.POINTER(c.c_void_p), _ADDRESS]),
    "getinteger": (_INT, [_VM, _INT, c.POINTER(c.c_int)]),
    "getlasterror": (None, [_VM]),
    "getsize": (_INT, [_VM, _INT]),
    "getstackobj": (_INT, [_VM, _INT, c.POINTER(Object)]),
    "getstring": (_INT, [_VM, _INT, c.POINTER(c.c_void_p)]),
    "gettop": (_INT, [_VM]),
    "newarray": (None, [_VM, _INT]),
    "newclass": (_INT, [_VM, _BOOL]),
    "newclosure": (None, [_VM, Native, _INT]),
    "newslot": (_INT, [_VM, _INT, _BOOL]),
    "newtable": (None, [_VM]),
    "next": (_INT, [_VM, _INT]),
    "notifyallexceptions": (None, [_VM, _BOOL]),
    "pop": (None, [_VM, _INT]),
    "push": (None, [_VM, _INT]),
    "pushbool": (None, [_VM, _BOOL]),
    "pushfloat": (None, [_VM, c.c_float]),
    "pushinteger": (None, [_VM, _INT]),
    "pushnull": (None, [_VM]),
    "pushobject": (None, [_VM, Object]),
    "pushroottable": (None, [_VM]),
    "pushstring": (None, [_VM, c.c_char_p, _SIZE]),
    "rawget": (_INT, [_VM, _INT]),
    "remove": (None, [_VM, _INT]),
    "setcompilererrorhandler": (None, [_VM, CompileErrorHandler]),
    "seterrorhandler": (None, [_VM]),
    "setinstanceup": (_INT, [_VM, _INT, _ADDRESS]),
    "setnativeclosurename": (_INT, [_VM, _INT, c.c_char_p]),
    "setparamscheck": (_INT, [_VM, _INT, c.c_char_p]),
    "settop": (None, [_VM, _INT]),
    "settypetag": (_INT, [_VM, _INT, _ADDRESS]),
    "stackinfos": (_INT, [_VM, _INT, c.POINTER(StackInfos)]),
    "throwobject": (_INT, [_VM]),
}
_STANDARD: dict[str, tuple[Any, list[Any]]] = {
    "createblob": (_ADDRESS, [_VM, _SIZE]),
    "format": (_INT, [_VM, _INT, c.POINTER(_SIZE), c.POINTER(c.c_void_p)]),
    "getblob": (_INT, [_VM, _INT, c.POINTER(c.c_void_p)]),
    "getblobsize": (_SIZE, [_VM, _INT]),
    "register_bloblib": (_INT, [_VM]),
    "register_mathlib": (_INT, [_VM]),
    "register_stringlib": (_INT, [_VM]),
}


class Library:
    """Squirrel's functions as attributes: `sq.pushnull` is sq_pushnull, `sq.std_format` is sqstd_format."""

    def __init__(self, path: str) -> None:
        holding_lock, releasing_lock = c.PyDLL(path), c.CDLL(path)
        for library, prefix, name_prefix, signatures in (
            (holding_lock, "sq_", "", _SHORT),
            (releasing_lock, "sq_", "", _LONG),
            (holding_lock, "sqstd_", "std_", _STANDARD),
        ):
            for name, (result, arguments) in signatures.items():
                function = getattr(library, prefix + name)
                function.restype, function.argtypes = result, arguments
                setattr(self, name_prefix + name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"capi.py declares no {name}")


def library_path() -> str | None:
    """The file of the library, None where the package is not installed (it has x86-64 Linux wheels only)."""
    spec = find_spec("_squirrel")
    return spec.origin if spec else None


def load() -> Library:
    """The library. Raises ImportError where the package is not installed."""
    path = library_path()
    if path is None:
        raise ImportError("squirrel-lang-sq305 is not installed")
    return Library(path)


sq = load()
