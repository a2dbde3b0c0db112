"""Bad input and failing benches, as the user of the command line meets them.

Each gives one message (whose fault, what happened; then what to do), the contract's exit code and no
traceback, and leaves every output of the bench released.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

import pytest

from benchctl.bench import opening
from benchctl.buses.pty import open_pty
from benchctl.rig.model import Rig
from benchctl.twin.bench import VirtualBench
from benchctl.twin.build import open_virtual
from benchctl.twin.wires.timeline import Drive

if TYPE_CHECKING:
    from tests.cli.conftest import Benchctl

RIG = "virtual-imp005"
RIGS = Path(__file__).parents[2] / "rigs"


class Bench:
    """Watches the virtual benches that commands open.

    Attributes:
        unplug: adapter to the bench time in s at which it is pulled out.
        driven: nets that the bench's adapters still drove when the last bench was taken down; None before.
    """

    def __init__(self) -> None:
        self.unplug: dict[str, float] = {}
        self.driven: list[str] | None = None

    def open_virtual(self, rig: Rig, **options: Any) -> VirtualBench:
        twin = open_virtual(rig, **options)
        for name, seconds in self.unplug.items():
            port = next(port for port in twin.usb.root if port.device is twin.adapters[name])
            twin.world.at(round(seconds * 1e9), port.unplug)
        twin._closing.callback(lambda: self._look(rig, twin))
        return twin

    def _look(self, rig: Rig, twin: VirtualBench) -> None:
        serials = {adapter.serial for adapter in rig.adapters.values()}
        self.driven = [
            f"{net.name} by {driver.name}"
            for net in twin.nets.values()
            for driver in net.drivers
            if driver.name.partition(".")[0] in serials and driver.drive in (Drive.LOW, Drive.HIGH)
        ]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(opening, "_load_twin", lambda: made)
    return made


def test_a_broken_rig_file(benchctl: "Benchctl", tmp_path: Path) -> None:
    rig = tmp_path / "rig.yaml"
    text = (RIGS / f"{RIG}.yaml").read_text().replace("boards/", f"{RIGS}/boards/")
    rig.write_text(text.replace("scl: {pins: [imp.J, ", "scl: {pins: [imp.JJ, "))
    line = 1 + rig.read_text()[: rig.read_text().index("imp.JJ")].count("\n")
    code, out, message = benchctl("gpio", "read", rig, "m")
    assert (code, out) == (2, "")
    assert message[0].startswith(
        f"benchctl: the rig file: {rig}:{line}: nets.scl.pins[0]: the imp005 has no pin 'JJ'"
    )
    assert message[1].startswith("  Perhaps you meant 'J'")
    rig.write_text("nets: [")
    code, out, message = benchctl("qualify", rig)
    assert (code, out) == (2, "")
    assert f"benchctl: the rig file: {rig}:1: " in message[0]


@pytest.mark.parametrize(
    "words",
    [
        ("gpio", "read", RIG, "u1_tz"),
        ("gpio", "set", RIG, "u1_tz", "1"),
        ("capture", RIG, "u1_tz", "-o", "f.sr"),
        ("uart", "monitor", RIG, "uart7"),
        ("i2c", "scan", RIG, "i2cZZ"),
        ("spi", "transfer", RIG, "nox", "9f"),
        ("flash", "id", RIG, "--part", "nox"),
        ("serve", "uart", RIG, "uart7"),
        ("usb", "power", RIG, "nox", "on"),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_an_unknown_name(benchctl: "Benchctl", bench: Bench, words: tuple[str, ...]) -> None:
    code, out, message = benchctl(*words)
    assert (code, out) == (2, "")
    assert message[0].startswith("benchctl: the request: ")
    assert len(message) == 2
    assert bench.driven == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("capture", RIG, "u1_tx", "-o", "/nowhere/f.sr"), "there is no folder /nowhere"),
        (("capture", RIG, "u1_tx", "-o", "f.txt"), "neither .sr nor .vcd"),
        (("capture", RIG, "u1_tx", "-o", "f.sr", "--for", "-1"), "--for"),
        (("capture", RIG, "u1_tx", "-o", "f.sr", "--hz", "nan"), "nan Hz"),
        (("flash", "id", RIG, "--part", "eeprom"), "has no flash 'eeprom'"),
        (("flash", "id", RIG, "--hz", "0"), "cannot clock at 0 Hz"),
        (("flash", "id", RIG, "--hz", "nan"), "cannot clock at nan Hz"),
        (("flash", "dump", RIG, "-o", "/"), "it is a folder"),
        (("flash", "dump", RIG, "-o", "/nowhere/f.bin"), "there is no folder"),
        (("flash", "diff", RIG, __file__, "--svg", "/nowhere/f.svg"), "there is no folder"),
        (("flash", "verify", RIG, "/nowhere/f.bin"), "cannot read"),
        (("flash", "erase", RIG, "--part", "nor", "--at", "1"), "sector boundary"),
        (("flash", "write", RIG, __file__), "impOS"),
    ],
)
def test_wrong_options(benchctl: "Benchctl", bench: Bench, words: tuple[str, ...], message: str) -> None:
    code, out, said = benchctl(*words)
    assert (code, out) == (2, "")
    assert said[0].startswith("benchctl: the request: ")
    assert message in said[0]
    assert len(said) == 2
    assert not bench.driven


@pytest.mark.parametrize(
    ("words", "adapter"),
    [
        (("capture", RIG, "u1_tx", "-o", "FILE.sr", "--for", "5"), "la"),
        (("flash", "dump", RIG, "-o", "FILE.bin"), "quad"),
        (("flash", "write", RIG, "IMAGE", "--part", "nor"), "aux"),
        (("uart", "monitor", RIG, "uart1", "--for", "5"), "quad"),
        (("gpio", "set", RIG, "m", "1", "--for", "5"), "io"),
        (("serve", "uart", RIG, "uart1"), "quad"),
        (("i2c", "scan", RIG, "i2cJK"), "quad"),
    ],
    ids=lambda words: "-".join(words[:2]) if isinstance(words, tuple) else words,
)
def test_an_adapter_that_vanishes(
    benchctl: "Benchctl", bench: Bench, tmp_path: Path, words: tuple[str, ...], adapter: str
) -> None:
    (tmp_path / "IMAGE").write_bytes(bytes(512 << 10))
    bench.unplug[adapter] = 0.6
    files = {"FILE.sr", "FILE.bin", "IMAGE"}
    code, _, message = benchctl(*(tmp_path / word if word in files else word for word in words))
    assert code == 3, message
    assert message[0].startswith(f"benchctl: an adapter: {adapter}"), message
    assert "has gone" in message[0]
    assert len(message) == 2, message
    assert bench.driven == []
    assert not (tmp_path / "FILE.sr").exists()
    assert not (tmp_path / "FILE.bin").exists()


@pytest.mark.parametrize(("adapter", "seconds"), [("hub", 1.0), ("hub", 4.0), ("quad", 3.0)])
def test_a_qualification_whose_adapter_vanishes(
    benchctl: "Benchctl", bench: Bench, tmp_path: Path, adapter: str, seconds: float
) -> None:
    bench.unplug[adapter] = seconds
    code = benchctl("qualify", RIG, "--area", "power", "--out", tmp_path)[0]
    results = json.loads((tmp_path / "results.json").read_text())
    verdicts = {test["verdict"] for test in results["tests"]}
    assert code == 3
    assert "ERROR" in verdicts
    assert "FAIL" not in verdicts, "a failing bench is never held against the imp"
    assert bench.driven == []
    failures = Xml.parse(tmp_path / "junit.xml").getroot()
    assert failures is not None
    assert failures.get("failures") == "0"


def test_a_squirrel_syntax_error(benchctl: "Benchctl", bench: Bench, tmp_path: Path) -> None:
    program = tmp_path / "broken.nut"
    program.write_text("function blink() {\n  led.write(1;\n}\n")
    for words in (("run-device", RIG, program), ("serve", "uart", RIG, "uart1", "--run", program)):
        bench.driven = None
        code, out, message = benchctl(*words)
        assert (code, out) == (2, "")
        assert message[0].startswith("benchctl: the request: broken.nut:2:")
        assert len(message) == 2
        assert bench.driven == []


_HOLD = """
import sys
from benchctl.rig.loader import load_rig
from benchctl.rig.locks import AdapterLock
lock = AdapterLock(load_rig(sys.argv[1]).adapters["cable"])
print("held", flush=True)
sys.stdin.read()
"""
_OPEN = "import sys; port = open(sys.argv[1], 'rb'); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def real_rig(tmp_path: Path) -> Iterator[Path]:
    """A real rig whose only adapter is a pty."""
    near, far = open_pty()
    rig = tmp_path / "desk.yaml"
    rig.write_text(f"""
        schema: 1
        name: desk
        bench: real
        module: imp005
        adapters: {{cable: {{kind: tty, path: {os.ttyname(far)}}}}}
        nets: {{tx: [imp.UART0_TX, cable.RXD], rx: [imp.UART0_RX, cable.TXD]}}
        control: {{primary: {{uart: uart0}}}}
        """)
    os.close(far)
    yield rig
    os.close(near)


def _hold(program: str, *words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program, *map(str, words)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_an_adapter_in_use_by_another_benchctl(benchctl: "Benchctl", real_rig: Path) -> None:
    with _hold(_HOLD, real_rig) as holder:
        code, out, message = benchctl("uart", "monitor", real_rig, "uart0", "--for", "0.01")
        assert (code, out) == (3, "")
        assert message[0].startswith("benchctl: an adapter: adapter 'cable' (tty path /dev/pts/")
        assert f"is in use (held by pid {holder.pid}, user " in message[0]
        assert message[1:] == ["  Wait for it to finish, or end it."]
        holder.communicate()
    assert benchctl("uart", "monitor", real_rig, "uart0", "--for", "0.01")[0] == 0


def test_a_port_in_use_by_another_program(benchctl: "Benchctl", real_rig: Path) -> None:
    port = real_rig.read_text().partition("path: ")[2].partition("}")[0]
    with _hold(_OPEN, port) as holder:
        code, out, message = benchctl("uart", "monitor", real_rig, "uart0", "--for", "0.01")
        assert (code, out) == (3, "")
        assert message[0].startswith(f"benchctl: an adapter: {port} is in use (held by ")
        assert f"(pid {holder.pid})" in message[0]
        assert message[1:] == ["  Close the other program."]
        holder.communicate()


def test_a_port_that_vanishes(benchctl: "Benchctl", tmp_path: Path, real_rig: Path) -> None:
    port = Path(real_rig.read_text().partition("path: ")[2].partition("}")[0])
    absent = tmp_path / "absent.yaml"
    absent.write_text(real_rig.read_text().replace(str(port), "/dev/serial/by-id/absent"))
    code, out, message = benchctl("uart", "monitor", absent, "uart0")
    assert (code, out) == (3, "")
    assert message == [
        "benchctl: an adapter: there is no /dev/serial/by-id/absent.",
        "  Run `benchctl scan` to see what is.",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_lets_go(real_rig: Path, number: signal.Signals) -> None:
    words = ["uart", "write", str(real_rig), "uart0", "00", "--answer", "60"]
    program = f"""
from benchctl.bench import Bench
from benchctl.adapters.monotonic import MonotonicClock
import sys
wait, close = MonotonicClock.wait_readable, Bench.close
MonotonicClock.wait_readable = lambda *given: print("waiting", flush=True) or wait(*given)
Bench.close = lambda bench: print("released", flush=True) or close(bench)
sys.argv[1:] = {words!r}
from benchctl.cli.main import run
run()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "waiting\n"
        command.send_signal(number)
        out, err = command.communicate()
    out = out.replace("waiting\n", "")  # more than one wait may have begun before the signal arrived
    assert (command.returncode, out, err) == (130, "released\n", "benchctl: interrupted\n")
