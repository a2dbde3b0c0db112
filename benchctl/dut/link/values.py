"""Values on the control link: a tagged, binary-exact encoding of what Squirrel knows.

Squirrel strings hold any bytes, so they travel as Python `str` with one character per byte (Latin-1); blobs
travel as `bytes`. Integers are 32 bits and floats single precision, as on the imp.
"""

import struct
from dataclasses import dataclass

from benchctl.errors import LinkError, UserError


@dataclass(frozen=True)
class Constant:
    """Imp constants by name, or-ed together on the device: their values may differ between releases."""

    names: tuple[str, ...]

    def __or__(self, other: "Constant | int") -> "Constant":
        if isinstance(other, int):
            if other:
                raise UserError(
                    f"{other:#x} is or-ed with imp constants", "name the flag instead of its value"
                )
            return self
        return Constant(self.names + other.names)


@dataclass(frozen=True)
class Reference:
    """An object on the device by its path, such as the pin given to `uart.settxactive`."""

    path: str


@dataclass(frozen=True)
class Callback:
    """A function on the device that reports each call as an event.

    `then` names calls without arguments made inside the callback; their results follow its arguments.
    """

    id: int
    then: tuple[str, ...] = ()


@dataclass(frozen=True)
class Numbered:
    """Text for the device that it knows by a number, 0 to 255; `text` goes along until it does."""

    number: int
    text: str | None = None


(
    _NULL,
    _TRUE,
    _FALSE,
    _INT,
    _FLOAT,
    _STRING,
    _BLOB,
    _ARRAY,
    _TABLE,
    _REFERENCE,
    _CONSTANT,
    _CALLBACK,
    _BYTE,
) = range(13)
_OPAQUE = 13
_NEW_NUMBER = 14
_NUMBER = 15


@dataclass(frozen=True)
class Opaque:
    """Something the device holds that has no value here; `type_name` is its Squirrel type."""

    type_name: str


def _text(tag: int, data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise UserError(f"{len(data)} bytes are too many for one value on the control link", "split the data")
    return struct.pack("<BH", tag, len(data)) + data


def _latin(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise UserError(
            f"{text!r} has characters above 255", "Squirrel strings are bytes: encode the text first"
        ) from None


def encode(value: object) -> bytes:
    """Encode one value. Raises UserError for a type Squirrel has no counterpart of."""
    match value:
        case None:
            return bytes([_NULL])
        case bool():
            return bytes([_TRUE if value else _FALSE])
        case int():
            if 0 <= value < 256:
                return bytes([_BYTE, value])
            if not -(2**31) <= value < 2**32:
                raise UserError(f"{value} does not fit the imp's 32-bit integers")
            return struct.pack("<BI", _INT, value & 0xFFFFFFFF)
        case float():
            return struct.pack("<Bf", _FLOAT, value)
        case str():
            return _text(_STRING, _latin(value))
        case bytes() | bytearray():
            return _text(_BLOB, bytes(value))
        case list() | tuple():
            return struct.pack("<BH", _ARRAY, len(value)) + b"".join(map(encode, value))
        case dict():
            items = b"".join(encode(k) + encode(v) for k, v in value.items())
            return struct.pack("<BH", _TABLE, len(value)) + items
        case Reference(path):
            return _text(_REFERENCE, _latin(path))
        case Constant(names):
            return _text(_CONSTANT, _latin("|".join(names)))
        case Callback(number, then):
            return bytes([_CALLBACK, number]) + encode(list(then))
        case Numbered(number, None):
            return bytes([_NUMBER, number])
        case Numbered(number, str(text)):
            return bytes([_NEW_NUMBER, number]) + encode(text)
    raise UserError(f"a {type(value).__name__} cannot be sent to the imp")


def encode_request(operation: str, *args: object) -> bytes:
    """A request: one operation letter and its arguments."""
    return operation.encode() + b"".join(map(encode, args))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) != count:
            raise LinkError("a value on the control link ends too early")
        self._at += count
        return piece

    def word(self) -> int:
        return int.from_bytes(self.take(2), "little")

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._data)

    def value(self) -> object:
        match self.take(1)[0]:
            case 0:
                return None
            case 1:
                return True
            case 2:
                return False
            case 3:
                return int.from_bytes(self.take(4), "little", signed=True)
            case 4:
                return struct.unpack("<f", self.take(4))[0]
            case 5:
                return self.take(self.word()).decode("latin-1")
            case 6:
                return self.take(self.word())
            case 7:
                return [self.value() for _ in range(self.word())]
            case 8:
                return {str(self.value()): self.value() for _ in range(self.word())}
            case 12:
                return self.take(1)[0]
            case 13:
                return Opaque(self.take(self.word()).decode("latin-1"))
            case tag:
                raise LinkError(f"value tag {tag} on the control link is unknown")


def decode(data: bytes) -> list[object]:
    """Decode every value in `data`. Raises LinkError when it is malformed."""
    reader = _Reader(data)
    values: list[object] = []
    while not reader.at_end:
        values.append(reader.value())
    return values
