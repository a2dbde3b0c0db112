"""Decoded items as lines of text or JSON, a whole table at a time.

Each field gets one width for all rows of a table, filled with spaces, so that every row is the same template
with the same places to fill in. JSON allows spaces between its tokens, so the same layout serves both.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.items import NO_VALUE, Items
from benchctl.capture.transitions import Ticks

Column = NDArray[np.bytes_]  # one piece of text per row, all of one width


def json_rows(items: Items) -> bytearray:
    """Each item as a JSON object followed by a comma and a newline."""
    if not len(items):
        return bytearray()
    quoted = [[f'"{word}"' for word in words] for words in (items.kinds, items.channels)]
    errors = [f'"{word}"' if word else "null" for word in items.errors]
    return _rows(
        len(items),
        '{"kind": ',
        _words(quoted[0], items.kind),
        ', "start_ns": ',
        *_numbers(items.start_ns),
        ', "end_ns": ',
        *_numbers(items.end_ns),
        ', "value": ',
        *_values(items.value, _numbers(np.maximum(items.value, 0)), "null"),
        ', "error": ',
        _words(errors, items.error),
        ', "channel": ',
        _words(quoted[1], items.channel),
        "},\n",
    )


def text_rows(items: Items) -> bytearray:
    """Each item as a line: start and end in ns, channel, kind, value in hexadecimal, error."""
    if not len(items):
        return bytearray()
    return _rows(
        len(items),
        *_numbers(items.start_ns),
        " ",
        *_numbers(items.end_ns),
        "  ",
        _words(items.channels, items.channel),
        "  ",
        _words(items.kinds, items.kind),
        "  ",
        *_values(items.value, _hexadecimal(np.maximum(items.value, 0)), ""),
        *(("  ", _words(items.errors, items.error)) if items.error.any() else ()),
        "\n",
    )


def _rows(count: int, *fields: Column | str) -> bytearray:
    """`count` rows of the same layout, strings being the same in all of them."""
    blanks = [field.encode() if isinstance(field, str) else bytes(field.itemsize) for field in fields]
    template = b"".join(blanks)
    rows = bytearray(template) * count
    at = 0
    for field, blank in zip(fields, blanks, strict=True):
        if not isinstance(field, str):
            np.ndarray(count, field.dtype, rows, at, (len(template),))[:] = field
        at += len(blank)
    return rows


def _words(words: Sequence[str], code: NDArray[np.uint8]) -> Column | str:
    """The word of each code, padded to the longest word that occurs; just the word when there is only one."""
    used = np.flatnonzero(np.bincount(code, minlength=len(words))).tolist()
    if len(used) == 1:
        return words[used[0]]
    width = max(len(words[place].encode()) for place in used)
    table = np.array([word.encode().ljust(width)[:width] for word in words], dtype=f"S{width}")
    return table[code]


def _numbers(values: Ticks) -> list[Column]:
    """Decimal numbers, right-aligned, four digits to a column."""
    if (values < 0).any():  # before the origin of time: rare, and not worth more code
        words = [str(value) for value in values.tolist()]
        width = max(map(len, words))
        return [np.array([word.rjust(width).encode() for word in words])]
    least, most = int(values.min()), int(values.max())
    columns: list[Column] = []
    rest: NDArray[np.unsignedinteger] = values.astype(np.uint32 if most < 1 << 32 else np.uint64)
    while most >= 10_000:
        above = rest // 10_000
        digits = (rest - above * 10_000).astype(np.intp)
        least, most = least // 10_000, most // 10_000
        if not least:  # where nothing comes before these digits, spaces do
            digits += np.where(above > 0, 0, _BLANK if columns else _BLANK_LAST)
        columns.append(_FOUR_DIGITS[digits])
        rest = above
    width = len(str(most))
    first = _narrowed(width, _BLANK if columns else _BLANK_LAST)
    columns.append(first[rest.astype(np.intp)])
    return columns[::-1]


def _narrowed(width: int, blank: int) -> Column:
    """The last `width` characters of the numbers that have no more digits than that."""
    digits = _FOUR_DIGITS[blank : blank + 10**width].view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(digits[:, 4 - width :]).view(f"S{width}").ravel()


def _four_digits() -> Column:
    """0 to 9999 with leading zeros; with leading spaces, 0 as nothing but those; the same, 0 as a zero."""
    text: NDArray[np.uint8] = np.empty((3, 10, 10, 10, 10, 4), dtype=np.uint8)
    for place in range(4):
        text[..., place] = np.arange(ord("0"), ord("9") + 1).reshape(-1, *[1] * (3 - place))
    text = text.reshape(3, 10_000, 4)
    for place in range(4):
        text[1:, : 10 ** (3 - place), place] = ord(" ")
    text[2, 0, -1] = ord("0")
    return text.view("S4").ravel()


_BLANK, _BLANK_LAST = 10_000, 20_000  # where the second and the third part begin
_FOUR_DIGITS = _four_digits()
_OCTETS: Column = np.array([f"{octet:02x}" for octet in range(256)], dtype="S2")
_NIBBLES: Column = np.array([f"{nibble:x}" for nibble in range(16)], dtype="S1")


def _hexadecimal(values: Ticks) -> list[Column]:
    """Hexadecimal numbers with leading zeros, two digits or more."""
    columns = [_OCTETS[values & 0xFF]]
    rest = int(values.max()) >> 8
    while rest:
        values = values >> 8
        columns.append(_OCTETS[values & 0xFF] if rest > 0xF else _NIBBLES[values & 0xF])
        rest >>= 8
    return columns[::-1]


def _values(values: Ticks, text: list[Column], absent: str) -> list[Column]:
    """`text`, with `absent` where there is no value."""
    missing = np.flatnonzero(values == NO_VALUE)
    if not len(missing):
        return text
    lacking = len(absent) - sum(column.itemsize for column in text)
    if lacking > 0:
        text = [np.full(len(values), b" " * lacking), *text]
    width = sum(column.itemsize for column in text)
    rest = absent.rjust(width).encode()
    for column in text:
        column[missing] = rest[: column.itemsize]
        rest = rest[column.itemsize :]
    return text
