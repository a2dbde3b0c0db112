import json
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture import render
from benchctl.capture.items import NO_VALUE, ItemColumns, Items

rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-(10**12), 10**15),
        st.integers(0, 10**12),
        st.one_of(st.just(NO_VALUE), st.integers(0, 0xFFFF)),
        st.integers(0, 1),
        st.integers(0, 1),
    ),
    max_size=20,
)


def table(content: list[tuple[int, int, int, int, int, int]]) -> Items:
    columns = ItemColumns(("data", "break", "start"), ("", "framing"), ("RX", "uart2.tx"))
    for kind, start, length, value, error, channel in content:
        columns.add(
            kind,
            np.array([start]),
            np.array([start + length]),
            value,
            error,
            channel,
        )
    return columns.items(Fraction(10**9), 0)


@given(rows)
def test_json_rows_say_what_the_items_say(content: list[tuple[int, int, int, int, int, int]]) -> None:
    items = table(content)
    text = render.json_rows(items).decode()
    assert json.loads(f"[{text.removesuffix(',' + chr(10))}]") == list(items.dicts())


@given(rows)
def test_text_has_a_line_per_item(content: list[tuple[int, int, int, int, int, int]]) -> None:
    items = table(content)
    lines = render.text_rows(items).decode().splitlines()
    assert len(lines) == len(items)
    for line, item in zip(lines, items.dicts(), strict=True):
        words = line.split()
        expected = [str(item["start_ns"]), str(item["end_ns"]), item["channel"], item["kind"]]
        assert words[:4] == expected
        if item["value"] is not None:
            assert int(words[4], 16) == item["value"]
        assert ("framing" in words) == (item["error"] == "framing")


def test_columns_line_up() -> None:
    text = render.text_rows(table([(0, 5, 10, 0x41, 0, 0), (1, 12345, 10, NO_VALUE, 1, 1)])).decode()
    assert text == "    5    15  RX        data   41         \n12345 12355  uart2.tx  break      framing\n"
