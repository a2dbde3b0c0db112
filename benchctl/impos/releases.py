"""The release lines of impOS: their latest minors and the modules they run on.

Facts: releases.yaml beside this file.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from benchctl.data import load_data
from benchctl.errors import UserError
from benchctl.impos.version import ImposVersion
from benchctl.nearest import nearest


@dataclass(frozen=True)
class Release:
    """One production line of impOS."""

    major: int
    latest_minor: int | None
    all_modules: frozenset[str]


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_data("benchctl.impos", "releases.yaml")
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


def wanted(text: str) -> ImposVersion:
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
