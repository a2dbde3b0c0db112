"""Finding and loading rig files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from benchctl.errors import RigError, UserError
from benchctl.nearest import nearest
from benchctl.rig.model import Rig
from benchctl.rig.resolve import resolve
from benchctl.rig.rules import broken_rules
from benchctl.rig.schema import RigSpec, field_description
from benchctl.rig.source import KeyPath, Source, dotted, merge, read

_SUFFIXES = (".yaml", ".yml")
_WORDS = {
    "model_type": "this should be `key: value` pairs",
    "dict_type": "this should be `key: value` pairs",
    "list_type": "this should be a list",
    "model_attributes_type": "this should be `key: value` pairs",
    "too_short": "this list is empty",
}
_SHIPPED = Path(__file__).parents[2] / "rigs"


def rig_names() -> dict[str, Path]:
    """The rig files that a name finds: those in `rigs/` of the working directory, then the shipped ones."""
    found: dict[str, Path] = {}
    for folder in (Path.cwd() / "rigs", _SHIPPED):
        for file in sorted(folder.glob("*.yaml")):
            found.setdefault(file.stem, file)
    return found


def find_rig(rig: str | Path) -> Path:
    """The file of a rig given by path or by name.

    Raises:
        UserError: there is no such rig.
    """
    path = Path(rig)
    if path.is_file():
        return path
    if path.suffix in _SUFFIXES or len(path.parts) > 1:
        raise UserError(f"there is no rig file {path}", "check the path, or give the name of a rig in rigs/")
    names = rig_names()
    if str(rig) not in names:
        raise UserError(f"there is no rig named {str(rig)!r}", nearest(str(rig), names))
    return names[str(rig)]


def load_rig(rig: str | Path) -> Rig:
    """Load a rig by path or name; every check that needs no hardware has passed when it returns.

    Raises:
        UserError: there is no such rig.
        RigError: the file is wrong; names file, line, key and cure.
    """
    loaded = _load(find_rig(rig))
    for problem in broken_rules(loaded):
        raise problem
    return loaded


def problems(rig: str | Path) -> list[RigError]:
    """Everything wrong with a rig file, as far as it can be read; empty when it loads."""
    try:
        loaded = _load(find_rig(rig))
    except RigError as error:
        return [error]
    return list(broken_rules(loaded))


def _load(file: Path) -> Rig:
    source = read_with_includes(file)
    try:
        spec = RigSpec.model_validate(source.data)
    except ValidationError as error:
        raise _explain(error, source) from error
    return resolve(spec, source, file)


def read_with_includes(file: Path, within: tuple[Path, ...] = ()) -> Source:
    """A rig file laid over the files it includes. Raises as `source.read`, and for a loop of includes."""
    source = read(file)
    includes = source.data.get("include", [])
    below: Source | None = None
    for index, name in enumerate(includes if isinstance(includes, list) else ()):
        included = file.parent / str(name)
        mark = source.mark(("include", index))
        place: dict[str, Any] = {"file": mark.file, "line": mark.line, "key": f"include[{index}]"}
        if included.resolve() in {path.resolve() for path in (*within, file)}:
            raise RigError(f"{name} includes itself", "take this include out", **place)
        if not included.is_file():
            raise RigError(
                f"there is no file {included}", nearest(included.name, _yaml_in(included.parent)), **place
            )
        deeper = read_with_includes(included, (*within, file))
        below = deeper if below is None else merge(below, deeper)
    return source if below is None else merge(below, source)


def _yaml_in(folder: Path) -> Iterator[str]:
    return (path.name for path in sorted(folder.glob("*.yaml")))


def _explain(error: ValidationError, source: Source) -> RigError:
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
    elif kind in ("literal_error", "enum"):
        known = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        what, cure = f"{detail['input']!r} is not possible here", nearest(str(detail["input"]), known)
    elif kind == "string_type" and isinstance(detail["input"], int | float):
        what, cure = f"{detail['input']} is read as a number", f'put quotes round it: "{detail["input"]}"'
    else:
        what = _WORDS.get(kind, detail["msg"][0].lower() + detail["msg"][1:])
        cure = _meaning(keys)
    mark = source.mark(keys)
    return RigError(what, cure.rstrip("."), file=mark.file, line=mark.line, key=dotted(keys))


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
