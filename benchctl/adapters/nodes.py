"""What a failed call on a kernel device node means for the person at the bench."""

import errno
from pathlib import Path

from benchctl.adapters.holders import holder_of
from benchctl.errors import AdapterBusyError, AdapterError, AdapterGoneError

_ABSENT = frozenset({errno.ENOENT})
_REFUSED = frozenset({errno.EACCES, errno.EPERM})
_BUSY = frozenset({errno.EBUSY, errno.EAGAIN})
_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN})


def explain_node(error: OSError, path: str, node: Path, *, group: str, absent: str) -> AdapterError:
    """The error to raise for `error` about the device node of a rig file.

    Args:
        error: what the kernel or a library raised.
        path: the node as the rig file has it.
        node: where it is on this host.
        group: the Unix group whose members may open it.
        absent: what to do when it is not there.
    """
    if error.errno in _ABSENT:
        return AdapterError(f"there is no {path}", absent)
    if error.errno in _REFUSED:
        cure = (
            f"add yourself to the group that owns it (Debian: `sudo adduser $USER {group}`) and log in again"
        )
        return AdapterError(f"no permission to open {path}", cure)
    if error.errno in _BUSY:
        return AdapterBusyError(f"{path} is in use", "close the other program", holder=holder_of(node))
    if error.errno in _GONE:
        return AdapterGoneError(f"{path} has gone", "plug it in again, and see dmesg")
    return AdapterError(f"{path} failed: {error}", "see dmesg")
