import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchctl.errors import AdapterBusyError
from benchctl.rig.loader import load_rig
from benchctl.rig.locks import AdapterLock, lock_folder

HOLDER = """
import sys
from pathlib import Path
from benchctl.rig.loader import load_rig
from benchctl.rig.locks import AdapterLock, lock_folder
lock = AdapterLock(load_rig("virtual-imp001").adapters["quad"], Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def adapter():
    return load_rig("virtual-imp001").adapters["quad"]


def test_one_holder_at_a_time(adapter, tmp_path: Path) -> None:
    first = AdapterLock(adapter, tmp_path / "locks")
    with pytest.raises(AdapterBusyError) as caught:
        AdapterLock(adapter, tmp_path / "locks")
    assert caught.value.holder.startswith(f"pid {os.getpid()}, user ")
    first.release()
    first.release()
    AdapterLock(adapter, tmp_path / "locks").release()


def test_adapters_are_locked_apart(adapter, tmp_path: Path) -> None:
    locks = [AdapterLock(each, tmp_path) for each in load_rig("virtual-imp001").adapters.values()]
    for lock in locks:
        lock.release()


def test_another_process_is_named_and_its_death_frees_the_adapter(adapter, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AdapterBusyError) as caught:
            AdapterLock(adapter, tmp_path)
        assert f"pid {holder.pid}, user " in str(caught.value)
        assert "ft4232h serial BCQUAD01" in str(caught.value)
        holder.send_signal(signal.SIGKILL)
    assert list(tmp_path.glob("*.holder"))
    AdapterLock(adapter, tmp_path).release()
    assert not list(tmp_path.glob("*.holder"))


def test_a_holder_that_has_not_signed_yet(adapter, tmp_path: Path) -> None:
    lock = AdapterLock(adapter, tmp_path)
    for note in tmp_path.glob("*.holder"):
        note.write_text("{")
    with pytest.raises(AdapterBusyError) as caught:
        AdapterLock(adapter, tmp_path)
    assert caught.value.holder == "another process"
    lock.release()


def test_every_user_looks_in_the_same_folder(tmp_path: Path) -> None:
    """What root alone may write is not where the others look."""
    tmp_path.chmod(0o1777)
    assert lock_folder(tmp_path) == tmp_path / "benchctl"
    tmp_path.chmod(0o755)
    assert lock_folder(tmp_path) == lock_folder(tmp_path / "absent") == Path("/tmp/benchctl")
