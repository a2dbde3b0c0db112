"""Decoded items as lines of text or JSON, a whole table at a time.

Each field gets one width for all rows of a table, filled with spaces, so that the text is one rectangular
array of characters. JSON allows spaces between its tokens, so the same layout serves both.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchctl.capture.items import NO_VALUE, Items
from benchctl.capture.transitions import Ticks

Characters = NDArray[np.uint8]  # shape (rows, width)
_SPACE = 32


def json_rows(items: Items) -> bytes:
    """Each item as a JSON object followed by a comma and a newline."""
    quoted = [[f'"{word}"' for word in words] for words in (items.kinds, items.channels)]
    errors = [f'"{word}"' if word else "null" for word in items.errors]
    return _rows(
        len(items),
        '{"kind": ',
        _words(quoted[0], items.kind),
        ', "start_ns": ',
        _numbers(items.start_ns),
        ', "end_ns": ',
        _numbers(items.end_ns),
        ', "value": ',
        _values(items.value, _numbers(np.maximum(items.value, 0)), "null"),
        ', "error": ',
        _words(errors, items.error),
        ', "channel": ',
        _words(quoted[1], items.channel),
        "},\n",
    )


def text_rows(items: Items) -> bytes:
    """Each item as a line: start and end in ns, channel, kind, value in hexadecimal, error."""
    return _rows(
        len(items),
        _numbers(items.start_ns),
        " ",
        _numbers(items.end_ns),
        "  ",
        _words(items.channels, items.channel),
        "  ",
        _words(items.kinds, items.kind),
        "  ",
        _values(items.value, _hexadecimal(np.maximum(items.value, 0)), ""),
        *(("  ", _words(items.errors, items.error)) if items.error.any() else ()),
        "\n",
    )


def _rows(count: int, *fields: Characters | str) -> bytes:
    if not count:
        return b""
    columns = [
        np.broadcast_to(np.frombuffer(field.encode(), dtype=np.uint8), (count, len(field)))
        if isinstance(field, str)
        else field
        for field in fields
    ]
    return np.concatenate(columns, axis=1).tobytes()


def _words(words: Sequence[str], code: NDArray[np.uint8]) -> Characters | str:
    """The word of each code, padded to the longest word that occurs; just the word when there is only one."""
    used = np.flatnonzero(np.bincount(code, minlength=len(words))).tolist()
    if len(used) == 1:
        return words[used[0]]
    width = max((len(words[word]) for word in used), default=0)
    table = np.full((len(words), width), _SPACE, dtype=np.uint8)
    for place in used:
        text = words[place].encode()
        table[place, : len(text)] = np.frombuffer(text, dtype=np.uint8)
    return table[code]


def _numbers(values: Ticks) -> Characters:
    """Decimal numbers, right-aligned."""
    if (values < 0).any():  # before the origin of time: rare, and not worth more code
        words = [str(value) for value in values.tolist()]
        width = max(map(len, words))
        return np.frombuffer("".join(w.rjust(width) for w in words).encode(), np.uint8).reshape(-1, width)
    most = int(values.max(initial=0))
    width = len(str(most))
    text = np.empty((width, len(values)), dtype=np.uint8)
    narrow = most < 1 << 32  # and divides faster
    rest: NDArray[np.unsignedinteger] = values.astype(np.uint32 if narrow else np.uint64)
    for place in reversed(range(width)):
        quotient = rest // 10
        digit = (rest - quotient * 10 + ord("0")).astype(np.uint8)
        text[place] = digit if place == width - 1 else np.where(rest > 0, digit, _SPACE)
        rest = quotient
    return text.T


def _hexadecimal(values: Ticks) -> Characters:
    """Hexadecimal numbers with leading zeros, two digits or more."""
    width = max(2, len(f"{int(values.max(initial=0)):x}"))
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    return np.stack([digits[values >> 4 * place & 15] for place in reversed(range(width))], axis=1)


def _values(values: Ticks, text: Characters, absent: str) -> Characters:
    """`text`, with `absent` where there is no value."""
    width = max(text.shape[1], len(absent))
    missing = np.flatnonzero(values == NO_VALUE)
    if not len(missing):
        return text
    padded = np.full((len(values), width), _SPACE, dtype=np.uint8)
    padded[:, width - text.shape[1] :] = text
    padded[missing] = np.frombuffer(absent.rjust(width).encode(), dtype=np.uint8)
    return padded
