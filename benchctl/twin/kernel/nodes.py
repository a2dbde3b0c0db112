"""Device nodes that other programs open, by umockdev (Debian: umockdev gir1.2-umockdev-1.0 python3-gi).

umockdev catches the ioctl calls of programs it is loaded into, so the program is another process: started
by `run`, which answers its calls in simulated time.
"""

import importlib
import os
import queue
import select
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from benchctl.errors import UserError
from benchctl.twin.kernel.calls import CallError, Memory

_DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"
_LOOK_S = 0.05  # how often to see whether the program has ended


class Calls(Protocol):
    """Whatever answers the calls of a node."""

    def call(self, request: int, argument: Memory) -> int:
        """Answer one ioctl."""


def _standstill(fd: int, timeout_s: float) -> bool:
    return bool(select.select([fd], [], [], timeout_s)[0])


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
        self._bell, self._rope = os.pipe()

    def add(self, path: str, subsystem: str, calls: Calls) -> None:
        """Make a node such as /dev/spidev0.0, answered by `calls`."""
        waiting, rope = self._waiting, self._rope

        class Handler(self._umockdev.IoctlBase):  # type: ignore[misc, name-defined]
            def do_handle_ioctl(self, client: Any) -> bool:
                waiting.put((calls, client))  # called in umockdev's thread
                os.write(rope, b".")
                return True

        name = path.removeprefix("/dev/")
        self._testbed.add_from_string(
            f"P: /devices/{name}\nN: {name}\nE: DEVNAME={path}\nE: SUBSYSTEM={subsystem}\n"
        )
        handler = Handler()
        self._testbed.attach_ioctl(path, handler)
        self._handlers.append(handler)

    def run(
        self, command: Sequence[str], wait_readable: Callable[[int, float], bool] = _standstill
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program that uses the nodes until it ends; its calls are answered meanwhile.

        Between its calls time stands still, unless `wait_readable` (of a `Clock`) lets it pass.
        """
        with subprocess.Popen(
            ["umockdev-wrapper", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            while program.poll() is None:
                if wait_readable(self._bell, _LOOK_S):
                    os.read(self._bell, 1)
                    self._serve(*self._waiting.get())
            output, errors = program.communicate()
        return subprocess.CompletedProcess(command, program.returncode, output, errors)

    def close(self) -> None:
        """Answer no more."""
        os.close(self._bell)
        os.close(self._rope)

    def _serve(self, calls: Calls, client: Any) -> None:
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
