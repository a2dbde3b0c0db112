"""`benchctl shell` as its user meets it."""

import io
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchctl.bench import open_bench
from benchctl.buses.pty import open_pty
from benchctl.cli.shell import _Completer

if TYPE_CHECKING:
    from tests.cli.conftest import Benchctl

RIG = "virtual-imp005"
_END_S = 20


def test_errors_of_the_bench_and_the_imp_are_one_line(
    benchctl: "Benchctl", monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["imp.hardware.micros() > 0", "imp.hardware.pinZZ.read()", "bench.gpio('nox')"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    code, out, message = benchctl("shell", RIG)
    assert (code, out.replace(">>> ", "")) == (0, "True\n")
    assert message[0].startswith("virtual-imp005: imp005, impOS ")
    errors = [line for line in message if "Error" in line]
    assert errors[0] == "SquirrelError: hardware.pinZZ.read() threw: the index 'pinZZ' does not exist."
    assert errors[1].startswith("UserError: rig 'virtual-imp005' has no net 'nox'")


def test_tab_knows_what_the_imp_has() -> None:
    with open_bench(RIG) as bench:
        completer = _Completer({"bench": bench}, bench)
        assert completer.attr_matches("imp.hardware.uart") == [f"imp.hardware.uart{n}" for n in range(3)]
        assert "imp.PARITY_NONE" in completer.attr_matches("imp.PARITY_")
        assert "bench.gpio(" in completer.attr_matches("bench.gp")


def test_ctrl_c_stops_a_loop_and_the_bench_stays_in_order(tmp_path: Path) -> None:
    near, far = open_pty()
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "dumb"}
    command = [sys.executable, "-m", "benchctl", "shell", RIG]
    shell = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=environment)
    os.close(far)

    def says(text: str) -> None:
        heard = ""
        while text not in heard:
            assert select.select([near], [], [], _END_S)[0], heard
            heard += os.read(near, 1024).decode()

    def type_in(text: str) -> None:
        os.write(near, text.encode())

    says(">>> ")
    type_in("while True: print('lo' + 'op', imp.hardware.micros() > 0)\n\n")
    says("loop True")
    shell.send_signal(signal.SIGINT)
    says("KeyboardInterrupt")
    type_in("'imp' + str(imp.hardware.micros() > 0)\n")
    says("impTrue")
    type_in("exit()\n")
    assert shell.wait(_END_S) == 0
    os.close(near)
    assert "imp.hardware.micros()" in (tmp_path / ".benchctl_history").read_text()
