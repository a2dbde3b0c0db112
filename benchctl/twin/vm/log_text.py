"""What server.log() and server.error() make of a value."""

from typing import Any

from benchctl.twin.vm.machine import Machine


class LogText:
    """Text of the values on the stack of one VM, as the log of the imp shows them.

    Args:
        machine: the VM.
        quirks: what differs between releases (messages.Quirks, as a dict).
    """

    def __init__(self, machine: Machine, quirks: dict[str, Any]) -> None:
        self._machine = machine
        self._caught_lines, self._pads_floats = quirks["log_caught_lines"], quirks["log_pads_floats"]

    def __call__(self, index: int) -> str:
        """Squirrel's own conversion, but for floats of some releases and for errors that were caught.

        The log entry of an error that was caught names the line where it was raised (e-caught-line in
        api/squirrel.yaml), in the form that the vendor shows for a handler of unhandled exceptions
        (https://developer.electricimp.com/api/imp/onunhandledexception).
        """
        machine = self._machine
        if self._pads_floats and (number := machine.values.real(index)) is not None:
            return f"{number:f}"
        text = machine.values.text(index)
        where = machine.raised_at(index) if self._caught_lines else None
        return f"{text}: in {where[0]} {where[1]}:{where[2]}" if where else text
