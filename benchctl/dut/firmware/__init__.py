"""The device firmware (Squirrel) and how a program for one rig is made of it."""

from functools import cache
from importlib.resources import files

from benchctl.data import load_data

VERSION = "3"
"""Version of the firmware; a board that says hello with another one is deployed to again."""


@cache
def constant_names() -> frozenset[str]:
    """Names of the imp constants the firmware can resolve."""
    groups = load_data(__name__, "constants.yaml")
    return frozenset(name for names in groups.values() for name in names)


def program(uart: str, baud: int) -> str:
    """The Squirrel source for an imp whose control link runs over `uart` (such as "uart57") at `baud`."""
    constants = ",\n".join(
        f"    {name} = function() {{ return {name} }}" for name in sorted(constant_names())
    )
    places = {"version": VERSION, "constants": constants, "uart": uart, "baud": str(baud)}
    source = files(__name__).joinpath("link.nut").read_text()
    for name, text in places.items():
        source = source.replace(f"@{{{name}}}", text)
    return source
