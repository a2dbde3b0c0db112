"""YAML that remembers where each key was written, so that an error can name file, line and key.

Stricter than YAML where that hides mistakes: a key given twice is refused (YAML keeps the last one in
silence), and every key is the text that was written (`1:` is "1").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchctl.data import FastLoader
from benchctl.errors import RigError, UserError

KeyPath = tuple[str | int, ...]


_MERGE = "tag:yaml.org,2002:merge"
# What PyYAML says, and what the one who wrote the file had better do.
_CURES = {
    "'\\t'": "indent with spaces, not with tabs",
    "mapping values are not allowed": "look at the indentation, and put quotes round text with a colon in it",
    "expected ',' or": "look for a bracket, brace or comma that is missing here or above",
    "undefined alias": "put quotes round text that begins with *",
    "single document": "keep one document in a file",
}


@dataclass(frozen=True)
class Mark:
    """A file and a 1-based line in it; `text` is what was written there as a single value."""

    file: Path
    line: int
    text: str = ""


@dataclass(frozen=True)
class Source:
    """Plain data (mappings, lists, scalars) and the place of every key and list item in it."""

    data: Any
    marks: Mapping[KeyPath, Mark]

    def mark(self, keys: KeyPath) -> Mark:
        """The place of a key, or of the nearest one above it that was written."""
        while keys not in self.marks:
            keys = keys[:-1]
        return self.marks[keys]


def dotted(keys: KeyPath) -> str:
    """A key path as people write it: ("nets", "sda", "pins", 2) is "nets.sda.pins[2]"."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def read(file: Path) -> Source:
    """Read one YAML file.

    Raises:
        UserError: the file cannot be read.
        RigError: it is not YAML, not one document, not a mapping, or says a key twice.
    """
    try:
        raw = file.read_bytes()
        text = raw.decode()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}", "check the path") from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RigError("this is not UTF-8 text", "save the file as UTF-8", file=file, line=line) from error
    return parse(text, file)


def parse(text: str, file: Path) -> Source:
    """Parse the text of one YAML file. Raises RigError as `read` does."""
    try:
        return _parse(FastLoader(text), file)
    except yaml.YAMLError:
        return _explain(text, file)


def _explain(text: str, file: Path) -> Source:
    """Parse with PyYAML's own loader, which words its complaints better."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        raise RigError(f"this is not text: {error.reason}", "correct the file", file=file) from error
    try:
        return _parse(loader, file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        what = ", ".join(filter(None, (error.context, error.problem)))
        cure = next((cure for hint, cure in _CURES.items() if hint in what), "correct the line")
        raise RigError(f"this is not YAML: {what}", cure, file=file, line=line) from error


def _parse(loader: Any, file: Path) -> Source:
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise RigError(
                "a rig file is a mapping of keys to values", "start with `schema: 1`", file=file, line=1
            )
        reader = _Reader(loader, file)
        return Source(reader.read(node, (), ()), reader.marks)
    finally:
        loader.dispose()


def merge(below: Source, above: Source) -> Source:
    """`above` laid over `below`: mappings merge key by key, anything else is replaced."""
    data, marks = dict(below.data), dict(below.marks)
    _lay(data, marks, above, above.data, ())
    return Source(data, marks)


def _lay(
    data: dict[str, Any], marks: dict[KeyPath, Mark], above: Source, values: dict[str, Any], path: KeyPath
) -> None:
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            data[key] = dict(data[key])
            marks[here] = above.marks[here]
            _lay(data[key], marks, above, value, here)
            continue
        for old in [keys for keys in marks if keys[: len(here)] == here]:
            del marks[old]
        data[key] = value
        marks.update({keys: mark for keys, mark in above.marks.items() if keys[: len(here)] == here})


class _Reader:
    """Turns YAML nodes into plain data and notes the line of each."""

    def __init__(self, loader: Any, file: Path) -> None:
        self._loader = loader
        self._file = file
        self.marks: dict[KeyPath, Mark] = {(): Mark(file, 1)}

    def read(self, node: yaml.Node, path: KeyPath, above: tuple[yaml.Node, ...]) -> Any:
        if node in above:
            raise self._error("this value contains itself", "take the anchor out", node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, node))
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path, (*above, node))
        try:
            return self._loader.construct_object(node)
        except (ValueError, LookupError, AttributeError) as error:
            # What PyYAML's constructors let through for a tag that does not fit its text.
            raise self._error(
                f"cannot read this value: {error}", "put quotes round it", node, path
            ) from error

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error("a key must be plain text", "write a name here", key_node, path)
            key, here = key_node.value, (*path, key_node.value)
            if key in data:
                first = self.marks[here].line
                cure = f"keep one of the two (the first is on line {first})"
                raise self._error("this key is given twice", cure, key_node, here)
            if key_node.tag == _MERGE:
                raise self._error(
                    "rig files have no merge keys", "say `include`, or write it out", key_node, path
                )
            self.marks[here] = Mark(self._file, key_node.start_mark.line + 1, _text(value_node))
            data[key] = self.read(value_node, here, above)
        return data

    def _sequence(self, node: yaml.SequenceNode, path: KeyPath, above: tuple[yaml.Node, ...]) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            self.marks[(*path, index)] = Mark(self._file, item.start_mark.line + 1, _text(item))
            items.append(self.read(item, (*path, index), above))
        return items

    def _error(self, what: str, cure: str, node: yaml.Node, path: KeyPath) -> RigError:
        return RigError(what, cure, file=self._file, line=node.start_mark.line + 1, key=dotted(path))


def _text(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
