"""Device code as it is handed in, to the units the VM compiles.

`#require "name:x.y.z"` lines are resolved here, as impCentral does on deployment (d-require): to Squirrel
itself they are comments. Lines for Builder are refused: Builder runs on the developer's machine, before.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchctl.errors import UserError

Unit = tuple[str, str]
"""Source name and text."""

_REQUIRE = re.compile(
    r"""\s*#require\s+(?P<quote>["'])(?P<name>[^"':]+):(?P<version>[^"':]+)(?P=quote)\s*$"""
)
_VERSION = re.compile(r"\d+\.\d+\.\d+$")
_BUILDER = re.compile(
    r"\s*@\s*((include|set|macro|if|elseif|else|end|endif|while|endwhile|repeat|endrepeat|error|warning)(\W|$)|\{)"
)
_MOST_REQUIRES = 100


@dataclass(frozen=True)
class _Library:
    name: str
    version: str

    @property
    def file_name(self) -> str:
        """Such as Promise.lib-4.0.0.nut for "Promise.lib.nut:4.0.0"."""
        return f"{self.name.removesuffix('.nut')}-{self.version}.nut"


def units(text: str, name: str, library: Path | None = None) -> list[Unit]:
    """The libraries a program requires, in its order, then the program itself.

    Args:
        text: the device code.
        name: its source name, as stack traces show it.
        library: folder of the libraries, a file `NAME-VERSION.nut` each, NAME without its own .nut.

    Raises UserError for a require line that cannot be resolved and for code that Builder has yet to process.
    """
    _refuse_builder(text, name)
    found = []
    wanted = list(_requires(text, name))
    if len(wanted) > _MOST_REQUIRES:
        raise UserError(
            f"{name} has {len(wanted)} #require lines", f"impCentral takes {_MOST_REQUIRES} at most"
        )
    for twice in (entry for entry, count in Counter(wanted).items() if count > 1):
        raise UserError(f"{name} requires {twice.name} more than once", "keep one of the #require lines")
    for entry in wanted:
        if library is None:
            raise UserError(
                f"{name} requires {entry.name}:{entry.version} and there is no folder of libraries",
                f"name a folder that has {entry.file_name}",
            )
        path = library / entry.file_name
        if not path.is_file():
            raise UserError(
                f"{name} requires {entry.name}:{entry.version}, which is not among the libraries",
                f"put it at {path}",
            )
        found.append((f"{entry.name}:{entry.version}", path.read_text()))
    return [*found, (name, text)]


def _requires(text: str, name: str) -> Iterator[_Library]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("#require"):
            continue
        match = _REQUIRE.match(line)
        if match is None or not _VERSION.match(match["version"]):
            raise UserError(
                f'{name}:{number}: {line.strip()} is not of the form #require "name:x.y.z"',
                "give the exact version, in quotes, without a semicolon",
            )
        yield _Library(match["name"], match["version"])


def _refuse_builder(text: str, name: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if _BUILDER.match(line):
            raise UserError(
                f"{name}:{number}: {line.strip()} is a line for Builder", "run Builder first (pleasebuild)"
            )
