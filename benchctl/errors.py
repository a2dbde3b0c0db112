"""One tree of errors, split by whose fault it is.

Every error says what happened and what to do next, and carries its facts as fields so that a report can
show them. The command line turns the class into the exit code of the contract: 1 the imp failed, 2 the
request or the rig file is wrong, 3 the bench failed.
"""

from enum import Enum
from pathlib import Path
from typing import ClassVar


class Fault(Enum):
    """Whose fault an error is."""

    USER = "the request"
    RIG = "the rig file"
    WIRING = "the wiring"
    ADAPTER = "an adapter"
    BENCH = "the bench"
    DUT = "the imp"


class BenchError(Exception):
    """Base of every error benchctl raises on purpose.

    Args:
        what: what happened, one sentence without a full stop.
        cure: what to do about it, one sentence without a full stop.
    """

    fault: ClassVar[Fault] = Fault.BENCH
    exit_code: ClassVar[int] = 3

    def __init__(self, what: str, cure: str = "") -> None:
        self.what = what
        self.cure = cure
        super().__init__(f"{what}. {cure}." if cure else f"{what}.")


class UserError(BenchError):
    """The request is wrong: an unknown net, a bad option, a file that is not there."""

    fault = Fault.USER
    exit_code = 2


class RigError(BenchError):
    """The rig file is wrong. Carries the file, the line (1-based) and the key at fault."""

    fault = Fault.RIG
    exit_code = 2

    def __init__(
        self, what: str, cure: str = "", *, file: Path | None = None, line: int | None = None, key: str = ""
    ) -> None:
        self.file, self.line, self.key = file, line, key
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        at = f"{key}: " if key else ""
        super().__init__(f"{place}{at}{what}", cure)


class WiringError(BenchError):
    """What the bench measured does not agree with the rig file: a wire is missing, crossed or shorted."""

    fault = Fault.WIRING


class AdapterError(BenchError):
    """An adapter is absent, busy, misbehaving or gone."""

    fault = Fault.ADAPTER


class AdapterBusyError(AdapterError):
    """Somebody else holds the adapter. `holder` names them where it is known."""

    def __init__(self, what: str, cure: str = "", *, holder: str = "") -> None:
        self.holder = holder
        super().__init__(f"{what} (held by {holder})" if holder else what, cure)


class AdapterGoneError(AdapterError):
    """The adapter vanished while in use: it was unplugged or lost power."""


class AdapterOverrunError(AdapterError):
    """Data was lost because a buffer overflowed. What was read before the loss stays valid."""


class BusTimeoutError(BenchError):
    """A bus did not answer in time. `received` holds what did arrive."""

    def __init__(self, what: str, cure: str = "", *, received: bytes = b"") -> None:
        self.received = received
        super().__init__(what, cure)


class SilenceError(BusTimeoutError):
    """Fewer bytes or events came than were waited for: who was to send them did not."""


class NotEquippedError(BenchError):
    """This rig lacks a resource that was asked for. `resource` names it."""

    def __init__(self, resource: str, cure: str = "") -> None:
        self.resource = resource
        super().__init__(f"this rig has no {resource}", cure)


class DutError(BenchError):
    """The imp failed: it threw, restarted, or did not answer."""

    fault = Fault.DUT
    exit_code = 1


class SquirrelError(DutError):
    """Squirrel code on the imp threw.

    Args:
        thrown: the text of what was thrown.
        call: the call that threw, as the suite wrote it.
    """

    def __init__(self, thrown: str, call: str = "") -> None:
        self.thrown, self.call = thrown, call
        super().__init__(f"{call or 'the device code'} threw: {thrown}")


class UnexpectedRestartError(DutError):
    """The imp restarted when nobody asked it to."""


class LinkError(BenchError):
    """The control link lost or damaged a frame and could not recover it."""
