"""The process that VMs are forked from: it has everything loaded, so a boot of the imp takes a millisecond.

Every boot runs in a fork of its own. So a restart starts from the same memory each time, device code can be
ended at any point by ending its process, and whatever it breaks is gone with it.

Run as `python -m benchctl.twin.vm.child FD`. FD is a SOCK_SEQPACKET socket to the bench:

    b"boot", socket, memory     fork; the answer is the process id; the VM serves the socket (see wire.py)
    b"end <pid>"                end that VM; the answer is its wait status
"""

import ctypes
import gc
import os
import signal
import socket
import sys

from benchctl.twin.vm.session import Session
from benchctl.twin.vm.wire import Channel

_ADDR_NO_RANDOMIZE = 0x0040000
_ASK = 0xFFFFFFFF


def main(control_fd: int) -> None:
    """Serve the bench until it closes its end."""
    _fix_addresses()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)  # it may go to the whole group, and is for the bench to act on
    control = socket.socket(fileno=control_fd)
    session = Session()
    # A collection would free memory for device code at one moment or another; nothing here needs any.
    gc.collect()
    gc.disable()
    while True:
        command, fds, _, _ = socket.recv_fds(control, 64, 2)
        if not command:
            return
        if fds:
            pid = os.fork()
            if pid == 0:
                control.close()
                session.serve(Channel(socket.socket(fileno=fds[0]), fds[1], 1))
            for fd in fds:
                os.close(fd)
            control.send(str(pid).encode())
        else:
            control.send(str(_end(int(command.split()[1]))).encode())


def _end(pid: int) -> int:
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _fix_addresses() -> None:
    """Start again without address randomisation, where the system allows it.

    Squirrel orders the slots of a table by the addresses of keys such as instances, and prints addresses.
    """
    libc = ctypes.CDLL(None)
    persona = libc.personality(_ASK)
    if persona & _ADDR_NO_RANDOMIZE or libc.personality(persona | _ADDR_NO_RANDOMIZE) < 0:
        return
    if libc.personality(_ASK) & _ADDR_NO_RANDOMIZE:
        os.execv(sys.executable, sys.orig_argv)


if __name__ == "__main__":
    main(int(sys.argv[1]))
