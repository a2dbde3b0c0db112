"""Finding and loading rig files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchctl.errors import RigError, UserError
from benchctl.nearest import nearest
from benchctl.rig.complaints import explain
from benchctl.rig.model import Rig
from benchctl.rig.resolve import resolve
from benchctl.rig.rules import broken_rules
from benchctl.rig.schema import RigSpec
from benchctl.rig.source import Source, merge, read

_SUFFIXES = (".yaml", ".yml")
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
        raise explain(error, source) from error
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
            choices = list(_yaml_in(included.parent))
            cure = (
                nearest(included.name, choices)
                if choices
                else "it is looked for from the folder of the file that includes it"
            )
            raise RigError(f"there is no file {included}", cure, **place)
        deeper = read_with_includes(included, (*within, file))
        below = deeper if below is None else merge(below, deeper)
    return source if below is None else merge(below, source)


def _yaml_in(folder: Path) -> Iterator[str]:
    return (path.name for path in sorted(folder.glob("*.yaml")))
