from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchctl.errors import RigError, UserError
from benchctl.rig.source import Source, dotted, merge, parse, read

FILE = Path("rig.yaml")

keys = st.text(alphabet="abcdefghijk_", min_size=1, max_size=6)
scalars = st.one_of(st.integers(), st.booleans(), st.none(), st.text(max_size=12), st.floats(allow_nan=False))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)
mappings = st.dictionaries(keys, values, min_size=1, max_size=4)


def paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


@given(mappings)
def test_data_is_what_yaml_reads_and_every_key_has_its_line(data) -> None:
    text = yaml.safe_dump(data)
    source = parse(text, FILE)
    lines = text.splitlines()
    assert source.data == yaml.safe_load(text) == data
    assert set(source.marks) == {(), *paths(data)}
    for path in paths(data):
        line = lines[source.mark(path).line - 1]
        assert (f"{path[-1]}:" if isinstance(path[-1], str) else "- ") in line


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        data = parse(text, FILE).data
    except RigError:
        return
    assert isinstance(data, dict)


@given(mappings, mappings)
def test_merge_prefers_the_upper_file_and_keeps_every_line(lower, upper) -> None:
    below, above = (parse(yaml.safe_dump(data), Path(name)) for data, name in ((lower, "b"), (upper, "a")))
    merged = merge(below, above)
    assert set(merged.marks) == {(), *paths(merged.data)}
    for key, value in upper.items():
        assert merged.marks[(key,)].file == Path("a")
        if not (isinstance(value, dict) and isinstance(lower.get(key), dict)):
            assert merged.data[key] == value
    for key in lower.keys() - upper.keys():
        assert merged.data[key] == lower[key]
        assert merged.marks[(key,)].file == Path("b")
    assert below.data == lower


def test_merge_goes_into_mappings() -> None:
    below = parse("nets:\n  a: {pins: [x]}\n  b: 1\n", Path("b"))
    above = parse("\n\nnets:\n  a: {pull_up: 5}\n", Path("a"))
    merged = merge(below, above)
    assert merged.data == {"nets": {"a": {"pins": ["x"], "pull_up": 5}, "b": 1}}
    assert (merged.mark(("nets", "a", "pull_up")).file, merged.mark(("nets", "a", "pull_up")).line) == (
        Path("a"),
        4,
    )
    assert (merged.mark(("nets", "a", "pins", 0)).file, merged.mark(("nets", "a", "pins", 0)).line) == (
        Path("b"),
        2,
    )


def test_a_key_that_was_not_written_has_the_place_of_the_one_above() -> None:
    assert parse("a:\n  b: 1\n", FILE).mark(("a", "c", 4)).line == 1


def test_number_keys_are_text() -> None:
    assert parse("aliases: {1: 2, 5: N}", FILE).data == {"aliases": {"1": 2, "5": "N"}}


def test_dotted() -> None:
    assert dotted(("nets", "sda", "pins", 2)) == "nets.sda.pins[2]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            "rig.yaml:3: a: this key is given twice. keep one of the two (the first is on line 1).",
        ),
        ("- a\n", "rig.yaml:1: a rig file is a mapping of keys to values. start with `schema: 1`."),
        ("", "rig.yaml:1: a rig file is a mapping of keys to values. start with `schema: 1`."),
        ("a: [1\nb: 2\n", "rig.yaml:2: this is not YAML: while parsing a flow sequence, expected ',' or ']'"),
        ("a: &x\n  b: *x\n", "a.b: this value contains itself. take the anchor out."),
        ("? [a]\n: 1\n", "rig.yaml:1: a key must be plain text. write a name here."),
        ("a: !!int x\n", "rig.yaml:1: a: cannot read this value"),
        ("a: !!timestamp x\n", "rig.yaml:1: a: cannot read this value"),
        ("a: \x07\n", "rig.yaml: this is not text"),
    ],
)
def test_what_hides_mistakes_is_refused(text: str, message: str) -> None:
    with pytest.raises(RigError) as caught:
        parse(text, FILE)
    assert message in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        read(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(RigError, match="not UTF-8"):
        read(tmp_path / "latin.yaml")


def test_source_is_a_plain_value() -> None:
    assert parse("a: 1", FILE) == Source({"a": 1}, parse("a: 1", FILE).marks)
