"""What a rig file's schema complains of, in the words of those who write such files."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from benchctl.errors import RigError
from benchctl.nearest import nearest
from benchctl.rig.schema import field_description
from benchctl.rig.source import KeyPath, Source, dotted

_WORDS = {
    "model_type": "this should be `key: value` pairs",
    "dict_type": "this should be `key: value` pairs",
    "list_type": "this should be a list",
    "model_attributes_type": "this should be `key: value` pairs",
    "string_type": "this should be text",
    "too_short": "this list is empty",
}


def explain(error: ValidationError, source: Source) -> RigError:
    """The first of pydantic's complaints, by line, in a rig author's words."""
    complaints = [_complaint(detail, source) for detail in error.errors(include_url=False)]
    return min(complaints, key=lambda complaint: complaint.line or 0)


def _complaint(detail: ErrorDetails, source: Source) -> RigError:
    keys = _written(detail["loc"], source.data)
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind in ("unknown_key", "two_roles"):
        keys, what, cure = (*keys, context["key"]), detail["msg"], context["cure"]
    elif kind == "missing":
        name = str(detail["loc"][-1])
        what, cure = f"{name!r} is missing", f"add `{name}: ...`: {_meaning((*keys, name))}"
    elif kind == "union_tag_not_found":
        what, cure = "'kind' is missing", "add `kind: ...`: the kind of part"
    elif kind == "union_tag_invalid":
        known = context["expected_tags"].replace("'", "").split(", ")
        keys = (*keys, "kind")
        what, cure = f"there is no kind {context['tag']!r}", nearest(context["tag"], known)
    elif detail["input"] is None:
        what, cure = "nothing is written here", _meaning(keys)
    elif kind in ("literal_error", "enum"):
        known = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        what, cure = f"{detail['input']!r} is not possible here", nearest(str(detail["input"]), known)
        if detail["input"] in known and kind == "literal_error":
            cure = "take the quotes off"
    elif kind == "string_type" and isinstance(detail["input"], bool | int | float):
        text = source.mark(keys).text
        read_as = "true or false" if isinstance(detail["input"], bool) else "a number"
        what, cure = f"{text} is read as {read_as}", f'put quotes round it: "{text}"'
    elif kind.endswith("_parsing"):
        what, cure = f"{detail['input']!r} is not a number", _meaning(keys)
    else:
        what = _WORDS.get(kind, detail["msg"].replace("Input", "this", 1))
        cure = _meaning(keys)
    mark = source.mark(keys)
    return RigError(what, cure, file=mark.file, line=mark.line, key=dotted(keys))


def _meaning(keys: KeyPath) -> str:
    """What the schema says about a key, or about the nearest one above it that it describes."""
    while keys:
        described = field_description(keys)
        if described:
            return described.rstrip(".")
        keys = keys[:-1]
    return "see docs/new-rig.md"


def _written(loc: tuple[str | int, ...], data: Any) -> KeyPath:
    """The part of pydantic's location that the file really has: it also names union members."""
    keys: list[str | int] = []
    for key in loc:
        if (isinstance(data, dict) and key in data) or (
            isinstance(data, list) and isinstance(key, int) and key < len(data)
        ):
            data = data[key]  # type: ignore[index]  # a str key meets a dict, an int key a list
            keys.append(key)
    return tuple(keys)
