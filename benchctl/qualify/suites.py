"""Where the acceptance suites are, and which areas they have."""

from pathlib import Path

import benchctl
from benchctl.errors import UserError
from benchctl.nearest import nearest

FOLDER = "suites"


def project_folder() -> Path:
    """The folder that holds `suites/`: this project's own, or the working directory.

    Raises:
        UserError: neither has them.
    """
    own = Path(benchctl.__file__).parents[1]
    for folder in (own, Path.cwd()):
        if (folder / FOLDER).is_dir():
            return folder
    raise UserError("there are no suites here", "run benchctl in a checkout of the project")


def areas(project: Path) -> list[str]:
    """The areas of the suites, a folder each, by name."""
    return sorted(
        folder.name
        for folder in (project / FOLDER).iterdir()
        if folder.is_dir() and not folder.name.startswith(("_", "."))
    )


def require_area(project: Path, area: str) -> Path:
    """The folder of an area.

    Raises:
        UserError: there is no such area; the nearest is named.
    """
    known = areas(project)
    if area not in known:
        raise UserError(f"there is no suite area {area!r}", nearest(area, known))
    return project / FOLDER / area
