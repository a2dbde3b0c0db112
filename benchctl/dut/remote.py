"""The imp API from Python, by its own names.

    imp.hardware.uart1.configure(9600, 8, imp.PARITY_NONE, 1, imp.NO_CTSRTS)
    "usb" in imp.hardware
    imp.hardware.pin1.configure(imp.DIGITAL_IN, imp.on_event())

A path is walked on the device; constants are resolved there by name.
"""

from collections.abc import Callable, Sequence
from typing import Any

from benchctl.dut.firmware import constant_names
from benchctl.dut.link.session import Session
from benchctl.dut.link.values import Constant, Reference, encode_request
from benchctl.errors import SquirrelError, UserError
from benchctl.nearest import nearest

_Connect = Callable[[], Session]


class Remote:
    """An object, method or value on the device, named by its path.

    Reading an attribute goes one step down the path; calling runs the method on the device and returns its
    value. Squirrel strings come back as `str` with one character per byte, blobs as `bytes`.
    """

    def __init__(self, connect: _Connect, path: str) -> None:
        self._connect, self._path = connect, path

    def __getattr__(self, name: str) -> "Remote":
        if name.startswith("__"):
            raise AttributeError(name)
        return Remote(self._connect, f"{self._path}.{name}")

    def __getitem__(self, name: str) -> "Remote":
        return Remote(self._connect, f"{self._path}.{name}")

    def __call__(self, *args: object, timeout_s: float = 3.0) -> Any:
        """Run the method on the device.

        Raises:
            SquirrelError: it threw; the text is in `thrown`.
        """
        session = self._connect()
        note_configured(session, self._path)
        return session.call_method(self._path, arguments(args), describe(self._path, args), timeout_s)

    def __contains__(self, name: str) -> bool:
        return bool(
            self._connect().call(encode_request("e", f"{self._path}.{name}"), f"{name!r} in {self._path}")[0]
        )

    def value(self) -> Any:
        """The value in the slot this path names.

        Raises:
            SquirrelError: there is no such slot, or looking at it throws.
        """
        return self._connect().call(encode_request("g", self._path), self._path)[0]

    def until(self, stop: object, limit: int = 512, timeout_s: float = 3.0) -> list[Any]:
        """Call the method again and again until it gives `stop`; at most `limit` times, in one request."""
        request = encode_request("d", self._path, stop, limit)
        result = self._connect().call(request, f"{self._path}() until {stop!r}", timeout_s)[0]
        assert isinstance(result, list)
        return result

    def throws(self, *args: object) -> str:
        """Call and return the text of what it throws.

        Raises:
            AssertionError: it did not throw.
        """
        try:
            result = self(*args)
        except SquirrelError as error:
            return error.thrown
        raise AssertionError(f"{describe(self._path, args)} returned {result!r} where it should throw")

    def __repr__(self) -> str:
        return f"<{self._path} on the imp>"


class Kept:
    """A value or object that lives on the device under a name, to be passed to calls and read later.

    For blobs that a call fills in (USB transfers, `spiflash.readintoblob`) and objects a call returns.
    """

    def __init__(self, connect: _Connect, name: str) -> None:
        self._connect, self._name = connect, name

    @property
    def path(self) -> str:
        """Its path on the device."""
        return self._name

    def value(self) -> Any:
        """What it is now."""
        return self._connect().call(encode_request("g", self._name), self._name)[0]

    def forget(self) -> None:
        """Let the device free it."""
        self._connect().call(encode_request("f", self._name), f"forget {self._name}")

    def __getattr__(self, name: str) -> Remote:
        if name.startswith("__"):
            raise AttributeError(name)
        return Remote(self._connect, f"{self._name}.{name}")


def constant(name: str) -> Constant:
    """A constant of the imp API by name. Raises UserError with the nearest name for an unknown one."""
    if name not in constant_names():
        raise UserError(f"the imp API has no constant {name}", nearest(name, constant_names()))
    return Constant((name,))


def _argument(value: object) -> object:
    if isinstance(value, Remote):
        return Reference(value._path)
    if isinstance(value, Kept):
        return Reference(value.path)
    return value


def arguments(args: Sequence[object]) -> list[object]:
    """Arguments as the link takes them."""
    return [_argument(a) for a in args]


def note_configured(session: Session, path: str) -> None:
    """Remember an object that is being configured, so that it can be put back after a test."""
    owner, _, method = path.rpartition(".")
    if method == "configure" and owner not in session.configured:
        session.configured.append(owner)


def describe(path: str, args: Sequence[object]) -> str:
    """A call as the suite wrote it, shortened, for messages."""
    shown = []
    for arg in args:
        text = "|".join(arg.names) if isinstance(arg, Constant) else repr(_argument(arg))
        shown.append(text if len(text) <= 40 else text[:37] + "...")
    return f"{path}({', '.join(shown)})"
