"""On a Raspberry Pi there is no Squirrel VM: everything but the virtual bench works without it."""

import json
import subprocess
import sys
import textwrap

from benchctl.rig.loader import rig_names

_ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("squirrel", "greenlet"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


def python(program: str) -> "subprocess.CompletedProcess[str]":
    """Run a program where neither can be imported."""
    return subprocess.run(
        [sys.executable, "-c", _ABSENT + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
    )


def benchctl(*words: str) -> "subprocess.CompletedProcess[str]":
    return python(f"from benchctl.cli.main import run\nrun({list(words)!r})")


def test_every_module_above_the_seam_imports() -> None:
    done = python("""
        from importlib import import_module
        from pkgutil import walk_packages
        import benchctl
        for module in walk_packages(benchctl.__path__, "benchctl."):
            if not module.name.startswith("benchctl.twin"):
                import_module(module.name)
        try:
            import greenlet
        except ModuleNotFoundError:
            print("absent")
    """)
    assert (done.returncode, done.stdout) == (0, "absent\n"), done.stderr


def test_scan_and_claims() -> None:
    done = benchctl("scan", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "adapters" in json.loads(done.stdout)
    done = benchctl("claims", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 349


def test_real_rigs_load() -> None:
    real = [name for name in rig_names() if not name.startswith("virtual-")]
    done = python(f"""
        from benchctl.rig.loader import load_rig
        print(sum(not load_rig(name).virtual for name in {real}))
    """)
    assert (done.returncode, done.stdout) == (0, f"{len(real)}\n"), done.stderr


def test_a_virtual_rig_says_what_is_missing() -> None:
    done = benchctl("gpio", "read", "virtual-imp003", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "benchctl: the request: the virtual bench needs greenlet, which is not installed here.\n"
        "  Its Squirrel VM is built for x86-64 Linux only; use a real rig on this machine.\n"
    )
