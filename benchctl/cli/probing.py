"""What the commands that probe by hand have in common: word order, and naming a bus by one of its nets."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from benchctl.errors import UserError
from benchctl.nearest import nearest

if TYPE_CHECKING:
    from benchctl.bench import Bench


def probe(help_text: str) -> typer.Typer:
    """A group of actions on a rig.

    The action may stand before the rig or after what it acts on (`uart monitor RIG NET`, `uart RIG NET
    monitor`); without one it is the group's first.
    """
    return typer.Typer(
        cls=_ProbeGroup, add_completion=False, no_args_is_help=True, help=help_text, rich_markup_mode="rich"
    )


class _ProbeGroup(TyperGroup):
    """Finds the action among the words."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The action that is going to run, and the words for it. Raises UserError with the nearest name."""
        actions = self.list_commands(ctx)
        if args[0] not in actions and not args[0].startswith("-"):
            _require_rig(args[0], actions)
            at = next((place for place in (1, 2) if args[place : place + 1] and args[place] in actions), None)
            args = [actions[0], *args] if at is None else [args[at], *args[:at], *args[at + 1 :]]
        return super().resolve_command(ctx, args)


def _require_rig(word: str, actions: Collection[str]) -> None:
    from benchctl.rig.loader import find_rig, rig_names

    try:
        find_rig(word)
    except UserError as error:
        cure = nearest(word, (*actions, *rig_names()))
        raise UserError(f"{word!r} is neither an action nor a rig", cure) from error


def bus_named(bench: "Bench", name: str, buses: Collection[str]) -> str:
    """The imp bus that is meant: one of `buses` by its name, or by a net of the rig that it is on.

    Any other name is given back as it is, to be looked up as a board role.
    """
    net = bench.rig.nets.get(name)
    if net is None or name in buses:
        return name
    pins = {*bench.wiring.imp_pins_on(net)}
    found = [bus for bus in buses if pins & {*bench.rig.module.buses[bus].pins.values()}]
    return found[0] if found else name
