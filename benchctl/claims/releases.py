"""impOS versions: reading, comparing, and which modules a release runs on.

Facts: releases.yaml beside this file.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from benchctl.data import load_data
from benchctl.errors import UserError
from benchctl.nearest import nearest

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, order=True)
class ImposVersion:
    """An impOS version, major and minor; ordered as released."""

    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `34.11`, or `34` for the first minor of a line.

        Raises:
            UserError: the text is not a version.
        """
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            raise UserError(f"{text!r} is not an impOS version", "write it like 34.11")
        return cls(int(match[1]), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True)
class Release:
    """One production line of impOS."""

    major: int
    latest_minor: int | None
    all_modules: frozenset[str]


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_data("benchctl.claims", "releases.yaml")
    return data


@cache
def releases() -> dict[int, Release]:
    """The known production lines by major version."""
    return {
        entry["major"]: Release(
            entry["major"], entry["latest_minor"], frozenset(entry.get("all_modules", ()))
        )
        for entry in _data()["releases"]
    }


def latest(text: str) -> ImposVersion:
    """The version a user means: `34.11` as written, `34` as the latest known minor of that line.

    Raises:
        UserError: the text is not a version.
    """
    version = ImposVersion.parse(text)
    release = releases().get(version.major)
    if "." in text or release is None or release.latest_minor is None:
        return version
    return ImposVersion(version.major, release.latest_minor)


def require_supported(module: str, version: ImposVersion) -> None:
    """Refuse an impOS release older than the module.

    A release newer than any known one is let through: qualifying it is what benchctl is for.

    Raises:
        UserError: unknown module, or the release does not run on it.
    """
    modules = _data()["modules"]
    if module not in modules:
        raise UserError(f"there is no module {module!r}", nearest(module, modules))
    first: int | None = modules[module]["first"]
    if first is not None and version.major < first:
        raise UserError(f"impOS {version} does not run on the {module}", f"its first release is {first}")
