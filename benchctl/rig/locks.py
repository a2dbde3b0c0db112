"""One user per adapter, across processes and users of this machine.

The operating system holds each lock, so one whose holder died is free at once; the note beside it that
says who holds it is only ever believed while the lock is held.
"""

import getpass
import json
import os
import re
import stat
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from benchctl.errors import AdapterBusyError
from benchctl.rig.model import Adapter

_FOR_EVERYBODY = 0o666
# Not sticky: there Linux refuses to open another user's file for writing (fs.protected_regular), and a note
# left by a process that died could not be replaced by anybody else.
_FOLDER_FOR_EVERYBODY = 0o777


def lock_folder(shared: Path = Path("/run/lock")) -> Path:
    """Where the locks of this machine are: the same for every user, also for root, who may write anywhere."""
    for_everybody = shared.is_dir() and shared.stat().st_mode & stat.S_IWOTH
    return (shared if for_everybody else Path("/tmp")) / "benchctl"


class AdapterLock:
    """Exclusive use of one adapter, from construction to `release` (or the end of the process).

    Raises:
        AdapterBusyError: another process has the adapter; `holder` names pid, user and command.
    """

    def __init__(self, adapter: Adapter, folder: Path | None = None) -> None:
        folder = folder or lock_folder()
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(_FOLDER_FOR_EVERYBODY)
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", adapter.identity)
        self._note = folder / f"{name}.holder"
        self._lock = FileLock(folder / f"{name}.lock", mode=_FOR_EVERYBODY, is_singleton=False)
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise AdapterBusyError(
                f"adapter {adapter.name!r} ({adapter.identity}) is in use",
                "wait for it to finish, or end it",
                holder=self._holder(),
            ) from error
        self._note.unlink(missing_ok=True)
        self._note.write_text(json.dumps(_whoami()), encoding="utf-8")

    def release(self) -> None:
        """Let others have the adapter; harmless when already released."""
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()

    def _holder(self) -> str:
        try:
            who = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # Taken a moment ago: the holder has the lock but has not signed yet.
            return "another process"
        return f"pid {who['pid']}, user {who['user']}: {who['command']}"


def _whoami() -> dict[str, str | int]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        user = str(os.getuid())
    return {"pid": os.getpid(), "user": user, "command": " ".join(sys.argv)}
