"""Device nodes that other programs open, by umockdev (Debian: umockdev gir1.2-umockdev-1.0 python3-gi).

umockdev catches the ioctl calls of programs it is loaded into, so the program is another process: started
with `command` around its own. Its calls wait in a queue until `serve` answers them in simulated time.
"""

import importlib
import queue
import subprocess
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

from benchctl.errors import UserError
from benchctl.twin.kernel.calls import CallError, Memory

_DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"
_LOOK_S = 0.05  # how often to see whether the program has ended


class Calls(Protocol):
    """Whatever answers the calls of a node."""

    def call(self, request: int, argument: Memory) -> int:
        """Answer one ioctl."""


class KernelNodes:
    """A test bed of device nodes.

    Raises:
        UserError: umockdev is not installed.
    """

    def __init__(self) -> None:
        self._umockdev = _umockdev()
        self._testbed = self._umockdev.Testbed.new()
        self._handlers: list[Any] = []
        self._waiting: queue.Queue[tuple[Calls, Any]] = queue.Queue()

    def add(self, path: str, subsystem: str, calls: Calls) -> None:
        """Make a node such as /dev/spidev0.0, answered by `calls`."""
        waiting = self._waiting

        class Handler(self._umockdev.IoctlBase):  # type: ignore[misc, name-defined]
            def do_handle_ioctl(self, client: Any) -> bool:
                waiting.put((calls, client))  # called in umockdev's thread
                return True

        name = path.removeprefix("/dev/")
        self._testbed.add_from_string(
            f"P: /devices/{name}\nN: {name}\nE: DEVNAME={path}\nE: SUBSYSTEM={subsystem}\n"
        )
        handler = Handler()
        self._testbed.attach_ioctl(path, handler)
        self._handlers.append(handler)

    def run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a program that uses the nodes until it ends; its calls are answered meanwhile."""
        with subprocess.Popen(
            ["umockdev-wrapper", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            while program.poll() is None:
                self._serve_one()
            output, errors = program.communicate()
        return subprocess.CompletedProcess(command, program.returncode, output, errors)

    def _serve_one(self) -> None:
        try:
            calls, client = self._waiting.get(timeout=_LOOK_S)
        except queue.Empty:
            return
        try:
            client.complete(calls.call(client.get_request(), _ClientMemory(client.get_arg())), 0)
        except CallError as error:
            client.complete(-1, error.number)


class _ClientMemory:
    """`Memory` over umockdev's access to the program's memory."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def read(self) -> bytes:
        return bytes(self._data.retrieve())

    def write(self, data: bytes) -> None:
        self._data.update(0, list(data))

    def follow(self, offset: int, size: int) -> "_ClientMemory":
        return _ClientMemory(self._data.resolve(offset, size))


def _umockdev() -> Any:
    """umockdev's Python binding: Debian's, whatever Python this is of the same version."""
    sys.path.append(_DEBIAN_PACKAGES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # Debian's binding loads modules the old way
            gi = importlib.import_module("gi")
            gi.require_version("UMockdev", "1.0")
            return importlib.import_module("gi.repository.UMockdev")
    except (ImportError, ValueError) as error:
        raise UserError(
            f"umockdev is not usable here: {error}",
            "on Debian, install umockdev, gir1.2-umockdev-1.0 and python3-gi",
        ) from error
    finally:
        sys.path.remove(_DEBIAN_PACKAGES)
