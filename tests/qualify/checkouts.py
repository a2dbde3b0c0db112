"""Projects with suites of their own, run by `qualify`."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

_RUN = """
import sys
from pathlib import Path
from benchctl.qualify.runner import QualifyRequest, qualify
project, benches = Path(sys.argv[1]), int(sys.argv[2])
request = QualifyRequest("virtual-imp005", out=project / "out", project=project, benches=benches)
sys.exit(qualify(request).exit_code)
"""


def add_suite(project: Path, name: str, text: str) -> None:
    """Write a file of suite tests; `name` is its path in suites/."""
    file = project / "suites" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def waiting_test(project: Path, before: str = "pass") -> str:
    """A suite test `test_waits` that does `before` and then waits to be interrupted (see `interrupted`)."""
    return f"""
def test_waits():
    import signal
    from pathlib import Path
    {before}
    Path({str(project / "waits")!r}).open("w").close()
    signal.pause()
"""


def interrupted(project: Path, *, benches: int) -> int:
    """The exit code of a run into out/ which Ctrl-C reaches, as from a terminal, when `test_waits` waits."""
    fifo = project / "waits"
    os.mkfifo(fifo)
    waits = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    command = [sys.executable, "-c", _RUN, str(project), str(benches)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    select.select([waits], [], [], 30)
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait(30)
    os.close(waits)
    return code
