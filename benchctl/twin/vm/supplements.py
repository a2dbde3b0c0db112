"""What impOS has and plain Squirrel 3.0.5 lacks, where Squirrel code alone cannot make up for it.

The prelude installs these functions. Ids in parentheses are those of the fact base, api/squirrel.yaml.
"""

import ctypes as c
import math
import re
import time
from typing import Any, Protocol

from benchctl.twin.vm.capi import Object, sq
from benchctl.twin.vm.natives import Entry, Natives
from benchctl.twin.vm.values import LENGTHS, Values

_SPEC = re.compile(rb"(%[-+ #0]*\d*(?:\.\d*)?[A-Za-z%])")
_FLOAT_WIDTH = re.compile(rb"(?<=%)[-+ #0]*\d*")
_FLOAT_LETTERS = b"eEfgG"

_libc = c.CDLL(None)


class Host(Protocol):
    """What a VM needs of the process around it."""

    def on_print(self, text: str, error: bool) -> None:
        """Device code called `print`, or `error`."""

    def on_defect(self, defect: BaseException) -> None:
        """A Python exception that is not for Squirrel to catch. It must end the process."""

    def check_memory(self, wanted: int) -> None:
        """Raises MemoryError when the imp has not so many bytes left."""


class Supplements:
    """The host side of the prelude for one VM."""

    def __init__(self, vm: int, values: Values, natives: Natives, host: "Host") -> None:
        self._vm = vm
        self._values = values
        self._host = host
        self._pads_floats = True
        self._nonfinite: str | None = None
        self._start, self._length = c.c_int(), c.c_int()
        self._address = c.c_void_p()
        self._table = Object()
        functions: tuple[tuple[str, Entry, int, str], ...] = (
            ("claim", self._claim, 2, ".i"),
            ("find", self._find, -2, "ssn"),
            ("text", self._text, 4, ".xii"),
            ("bytes", self._bytes, 2, ".s"),
            ("format", self._format, -2, ".s"),
            ("date", self._date, 2, ".n"),
            ("print", lambda _: self._print(False), 2, ".."),
            ("error", lambda _: self._print(True), 2, ".."),
        )
        sq.newtable(vm)
        for name, entry, parameters, types in functions:
            values.push(name)
            natives.push(name, entry, parameters, types)
            sq.newslot(vm, -3, False)
        sq.getstackobj(vm, -1, self._table)
        sq.addref(vm, self._table)
        sq.pop(vm, 1)

    def push_table(self) -> None:
        """Push the table that is `this` of the prelude."""
        sq.pushobject(self._vm, self._table)

    def configure(self, seed: int, quirks: dict[str, Any]) -> None:
        """Take the seed of math.rand and what differs between releases (messages.Quirks, as a dict)."""
        # The VM's rand() is the C library's.
        _libc.srand(seed & 0xFFFFFFFF)
        self._pads_floats = quirks["format_pads_floats"]
        self._nonfinite = quirks["format_nonfinite"]
        self.push_table()
        for name, value in (
            ("acall_limit", quirks["acall_limit"]),
            ("blob_limit", quirks["blob_limit"]),
            ("lengths", LENGTHS),
        ):
            self._values.push(name)
            self._values.push(value)
            sq.newslot(self._vm, -3, False)
        sq.pop(self._vm, 1)

    def _claim(self, _argc: int) -> int:
        """Ask for memory before a large allocation."""
        self._host.check_memory(self._values.read(2))
        return 0

    def _find(self, argc: int) -> int:
        """string.find, byte by byte (str-find-nul)."""
        text, wanted = self._values.string(1), self._values.string(2)
        start = int(self._values.read(3)) if argc > 1 else 0
        found = text.find(wanted, start) if 0 <= start < len(text) else -1
        self._values.push(None if found < 0 else found)
        return 1

    def _text(self, _argc: int) -> int:
        """Bytes of a blob as a string: blob, start, count."""
        vm = self._vm
        sq.getinteger(vm, 3, self._start)
        sq.getinteger(vm, 4, self._length)
        sq.std_getblob(vm, 2, self._address)
        count = self._length.value
        sq.pushstring(vm, c.string_at((self._address.value or 0) + self._start.value, count), count)
        return 1

    def _bytes(self, _argc: int) -> int:
        """A string as a new blob."""
        self._values.push_blob(self._values.string(2))
        return 1

    def _date(self, _argc: int) -> int:
        """The table of date() for a time in seconds (date-keys)."""
        seconds = int(self._values.read(2))
        utc = time.gmtime(seconds)
        self._values.push(
            {
                "sec": utc.tm_sec,
                "min": utc.tm_min,
                "hour": utc.tm_hour,
                "day": utc.tm_mday,
                "month": utc.tm_mon - 1,
                "year": utc.tm_year,
                "wday": (utc.tm_wday + 1) % 7,
                "yday": utc.tm_yday - 1,
                "time": seconds,
                "usec": 0,
            }
        )
        return 1

    def _print(self, error: bool) -> int:
        self._host.on_print(self._values.text(2), error)
        return 0

    def _format(self, argc: int) -> int:
        """format() that takes NUL bytes in the format text (f-format) and the quirks of early releases."""
        # Squirrel's own function would take the closure's free variable for one more argument.
        sq.pop(self._vm, 1)
        text = self._values.string(2)
        if b"\0" not in text and self._pads_floats and self._nonfinite is None:
            return self._format_at(2)
        pieces, argument = [], 3
        for piece in _SPEC.split(text):
            takes_argument = piece[:1] == b"%" and piece[1:] not in (b"", b"%")
            result = self._format_piece(piece, argument if takes_argument and argument < argc + 2 else 0)
            if result is None:
                return -1
            pieces.append(result)
            argument += takes_argument
        whole = b"".join(pieces)
        sq.pushstring(self._vm, whole, len(whole))
        return 1

    def _format_piece(self, piece: bytes, argument: int) -> bytes | None:
        """One specification, or the text between two, formatted; None when Squirrel threw."""
        if b"%" not in piece:
            return piece
        if argument and piece[-1:] in _FLOAT_LETTERS:
            value = self._values.read(argument)
            if self._nonfinite is not None and isinstance(value, float) and not math.isfinite(value):
                return self._nonfinite.encode()
            if not self._pads_floats:
                piece = _FLOAT_WIDTH.sub(b"", piece, count=1)
        vm = self._vm
        top = sq.gettop(vm)
        sq.pushstring(vm, piece, len(piece))
        if argument:
            sq.push(vm, argument)
        result = self._values.string(-1) if self._format_at(top + 1) > 0 else None
        if result is not None:
            sq.settop(vm, top)
        return result

    def _format_at(self, index: int) -> int:
        if sq.std_format(self._vm, index, self._length, self._address) < 0:
            return -1
        sq.pushstring(self._vm, c.string_at(self._address.value or 0, self._length.value), self._length.value)
        return 1
