"""How a program's failure reads in the device log."""

from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.vm.messages import CompileError, Crashed, Stack, Uncaught

NO_LINES = declare(
    "error-log-without-lines",
    "r30-circular-data-error-line-number",
    "the log of an uncaught error names no line",
)


def error_lines(chip: Chip, failure: Uncaught | CompileError | Crashed) -> list[str]:
    """Log lines for a failure: the cause, then one line a stack level (e-log-shape, api/squirrel.yaml)."""
    if isinstance(failure, CompileError):
        return [f"ERROR: {failure.text} in {failure.source}:{failure.line}:{failure.column}"]
    stack: Stack = () if chip.broken(NO_LINES) else failure.stack
    where = [
        f"ERROR:   {'from' if level else 'in'} {frame.function} {frame.source}:{frame.line}"
        for level, frame in enumerate(stack)
    ]
    return [f"ERROR: {failure.text}", *where]


def located(failure: Uncaught) -> str:
    """The text of an error as a handler of unhandled exceptions gets it, with where it was raised.

    The form is that of https://developer.electricimp.com/api/imp/onunhandledexception. choice: it is that of
    every error that is a string.
    """
    return f"{failure.text}: in {failure.stack[0]}" if failure.stack else failure.text
