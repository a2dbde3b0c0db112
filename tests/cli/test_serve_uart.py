"""`benchctl serve uart`: foreign programs talk to the imp through a pty, in wall time."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest

from benchctl.cli.main import run

HERE = Path(__file__).parent
KERNEL_TTYS = HERE.parent / "adapters/kernel/virtual.yaml"
BENCHCTL = [sys.executable, "-m", "benchctl"]
_END_S = 20

Serve = Callable[..., "subprocess.Popen[str]"]

_ECHO = """
uart <- hardware.@;
uart.configure(38400, 8, PARITY_NONE, 1, NO_CTSRTS, function() {
    for (local byte = uart.read(); byte != -1; byte = uart.read()) uart.write(byte ^ 0x20);
});
server.log("echoing");
"""
_TALK = """
import sys, serial
with serial.Serial(sys.argv[1], 38400, timeout=5) as port:
    port.write(b"hello")
    print(port.read(5).decode())
"""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts the server, ready when its program has logged `said`."""
    servers: list[subprocess.Popen[str]] = []

    def start(rig: object, net: str, *options: object, said: str) -> "subprocess.Popen[str]":
        command = [*BENCHCTL, "serve", "uart", str(rig), net, *map(str, options)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stderr is not None
        while said not in (line := server.stderr.readline()):
            assert line, "the server ended"
        return server

    yield start
    for server in servers:
        server.kill()
        server.communicate()


def ended(server: "subprocess.Popen[str]", number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    server.send_signal(number)
    _, err = server.communicate(timeout=_END_S)
    return server.returncode, err


@pytest.mark.parametrize(
    ("rig", "net", "number"),
    [("virtual-imp005", "uart1", signal.SIGINT), (KERNEL_TTYS, "uartUVGD", signal.SIGTERM)],
)
def test_a_foreign_program_talks_to_the_imp(
    serve: Serve, tmp_path: Path, rig: object, net: str, number: signal.Signals
) -> None:
    program, link = tmp_path / "echo.nut", tmp_path / "imp"
    program.write_text(_ECHO.replace("@", net))
    server = serve(rig, net, "--run", program, "--link", link, said="[server.log] echoing")
    assert server.stdout is not None
    assert server.stdout.readline() == f"{link}\n"
    talk = [sys.executable, "-c", _TALK, str(link)]
    done = subprocess.run(talk, capture_output=True, text=True, timeout=_END_S, check=False)
    assert (done.returncode, done.stdout) == (0, "HELLO\n"), done.stderr
    assert ended(server, number) == (0, "the program set 38400 baud, 1 stop\nstopped\n")
    assert not link.is_symlink()


@pytest.mark.debian("mbpoll")
@pytest.mark.skipif(which("mbpoll") is None, reason="mbpoll is not installed")
def test_mbpoll_reads_and_writes_registers_of_the_imp(serve: Serve) -> None:
    options = ("--run", HERE / "modbus_slave.nut", "--parity", "even", "--baud", "9600")
    server = serve("virtual-imp005", "uart1", *options, said="[server.log] ready")
    assert server.stdout is not None
    path = server.stdout.readline().strip()

    def mbpoll(*words: str) -> "subprocess.CompletedProcess[str]":
        # -P none: a pty has no parity, the wire has even parity by the server's option.
        command = ["mbpoll", "-m", "rtu", "-P", "none", "-a", "1", "-r", "1", "-1", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=_END_S, check=False)

    def registers() -> list[int]:
        read = mbpoll("-c", "4", path)
        assert read.returncode == 0, read.stdout + read.stderr
        return [int(line.split()[-1]) for line in read.stdout.splitlines() if line.startswith("[")]

    assert registers() == [11, 22, 33, 44]
    written = mbpoll(path, "1000", "2000")
    assert "Written 2 references." in written.stdout, written.stdout + written.stderr
    assert registers() == [1000, 2000, 33, 44]
    absent = mbpoll("-c", "5", path)
    assert "Illegal data address" in absent.stdout + absent.stderr
    code, err = ended(server)
    assert code == 0
    assert "the program set 19200 baud" in err


def test_wrong_requests(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    for words, code, message in (
        (("uart9",), 2, "no UART 'uart9'"),
        (("uart1", "--link", occupied), 2, f"cannot make the link {occupied}: File exists"),
        (("uart1", "--baud", "20000000"), 2, "baud"),
        (("uart1", "--run", tmp_path / "none.nut"), 2, "none.nut cannot be read"),
        (("uart1", "--parity", "evn"), 2, "there is no parity 'evn'"),
    ):
        with pytest.raises(SystemExit) as end:
            run(["serve", "uart", "virtual-imp005", *map(str, words)])
        out, err = capsys.readouterr()
        assert (end.value.code, out) == (code, "")
        assert message in err
        assert "Traceback" not in err
