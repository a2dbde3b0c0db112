"""Starts VMs: one long-lived process with everything loaded, and a fork of it for each boot."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec

from benchctl.errors import BenchError, NotEquippedError
from benchctl.twin.vm.mailbox import new_memory
from benchctl.twin.vm.messages import Manifest
from benchctl.twin.vm.patience import TICK_S
from benchctl.twin.vm.process import VmProcess
from benchctl.twin.vm.sources import Unit
from benchctl.twin.vm.translation import Translator
from benchctl.twin.vm.wire import Channel

_PACKAGE = "squirrel-lang-sq305"


_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    # malloc counts what its thread cache holds as in use, whoever freed it, which would blur whose memory is
    # whose.
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
}


class VmLauncher:
    """Keep one per bench and close it. The first boot waits until the process has started.

    Raises NotEquippedError where the Squirrel VM is not installed.
    """

    def __init__(self) -> None:
        if find_spec("_squirrel") is None:
            raise NotEquippedError("Squirrel VM", f"install {_PACKAGE}, which exists for x86-64 Linux")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "benchctl.twin.vm.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
            )

    def boot(self, manifest: Manifest, units: Sequence[Unit]) -> VmProcess:
        """A fresh VM with the manifest's API and the device code, not yet running.

        Args:
            manifest: the imp.
            units: source name and text of each part, run in turn (see sources.py).
        """
        translator = Translator(manifest)
        ours, theirs = socket.socketpair()
        memory = new_memory()
        channel = Channel(ours, memory, 0)
        with theirs:
            try:
                socket.send_fds(self._control, [b"boot"], [theirs.fileno(), memory])
                answer = self._control.recv(64)
            except OSError:
                answer = b""
        os.close(memory)
        if not answer:
            channel.close()
            raise BenchError(
                "the process that starts Squirrel VMs has died", "close the bench and open it again"
            )
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", TICK_S, 0))
        channel.send(
            (
                "boot",
                {
                    "classes": translator.classes,
                    "constants": translator.to_wire(manifest.constants),
                    "seed": manifest.seed,
                    "quirks": asdict(manifest.quirks),
                    "units": list(units),
                    "memory_limit": manifest.memory_limit,
                    "cpu_budget_s": manifest.cpu_budget_s,
                },
            )
        )
        return VmProcess(channel, int(answer), translator, manifest.cpu_budget_s, self._end)

    def close(self) -> None:
        """Stop the process. VMs that still run end when their own handle is closed."""
        self._control.close()
        self._process.kill()  # it may still be starting, and has nothing to put in order
        self._process.wait()

    def __enter__(self) -> "VmLauncher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end(self, pid: int) -> int:
        try:
            self._control.send(f"end {pid}".encode())
            return int(self._control.recv(64) or 0)
        except OSError:
            # Closed first: VMs end by themselves once their channel is closed.
            return 0
