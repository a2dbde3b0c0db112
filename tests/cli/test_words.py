"""The words of a command line: what each command takes, and what it says of words that are wrong."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchctl.cli import claims, commands, output

if TYPE_CHECKING:
    from tests.cli.conftest import Benchctl

RIG = "virtual-imp005"
BENCHCTL = [sys.executable, "-m", "benchctl"]


@pytest.mark.parametrize(
    ("words", "what", "cure"),
    [
        (("qualfy", RIG), "there is no command 'qualfy'", "'qualify'"),
        (("claims", "--jsn"), "no such option: --jsn", "See `benchctl claims --help`"),
        (("claims", "--area", "urat"), "no claim is about the area 'urat'", "'uart'"),
        (("claims", "--module", "imp05"), "no claim is about the module 'imp05'", "'imp005'"),
        (("uart", "monitr", RIG, "uart1"), "'monitr' is neither an action nor a rig", "'monitor'"),
        (("uart", "virtual-imp05", "uart1"), "'virtual-imp05' is neither an", "'virtual-imp005'"),
        (("uart", "monitor", RIG, "uart1", "--parity", "evn"), "there is no parity 'evn'", "'even'"),
        (("uart", "monitor", RIG, "uart1", "--for", "-1"), "invalid value for '--for'", "See"),
        (("uart", "monitor", RIG, "uart1", "--for", "nan"), "invalid value for '--for'", "See"),
        (("uart", "monitor", RIG, "uart1", "--for", "inf"), "invalid value for '--for'", "See"),
        (("uart", "write", RIG, "uart1", "01", "--baud", "0"), "invalid value for '--baud'", "See"),
        (("uart", "write", RIG, "uart1", "01", "--gap-us", "1e9"), "invalid value for '--gap-us'", "See"),
        (("uart", "write", RIG, "uart1", "0"), "'0' is not hex", "Write bytes as 01030f"),
        (("uart", "write", RIG, "uart1", r"text:\xzz"), "has an escape that is none", "Write"),
        (("spi", "transfer", RIG, "flash", "9f", "--hz", "0"), "invalid value for '--hz'", "See"),
        (("spi", "transfer", RIG, "flash", "9f", "--read", "-1"), "invalid value for '--read'", "See"),
        (("spi", "transfer", RIG, "eeprom", "9f"), "has no SPI part 'eeprom'", "Choose one of: nor, flash"),
        (("i2c", "scan", RIG, "i2cJK", "--hz", "0"), "invalid value for '--hz'", "See"),
        (("i2c", "read", RIG, "i2cJK", "0x50", "1", "--register", "zz"), "'zz' is not hex", "Write bytes"),
        (("i2c", "read", RIG, "i2cJK", "0x50", "many"), "'many' is not a number", "Write it in decimal"),
        (("gpio", "set", RIG, "m", "2"), "invalid value for '0|1'", "See"),
        (("gpio", "set", RIG, "m", "1", "--for", "1e12"), "invalid value for '--for'", "See"),
        (("usb", "power", RIG, "usbdev", "maybe"), "'maybe' is no state of a port", "Say on or off"),
        (("run-device", RIG, "/"), "/ cannot be read: Is a directory", "Name a Squirrel device program"),
        (("qualify", RIG, "--fault", "uart-flag-stay"), "no fault 'uart-flag-stay'", "'uart-flags-stay'"),
        (("qualify", RIG, "--out", "/dev/null/x"), "no report can be written into /dev/null/x", "Choose"),
        (("qualify", RIG, "--baseline", "/"), "cannot read /: Is a directory", "Name a results.json"),
        (("sensitivity", "imp005-breakout"), "a real imp cannot be given faults", "Name a virtual rig"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_wrong_word_is_named_with_a_cure(
    benchctl: "Benchctl", words: tuple[str, ...], what: str, cure: str
) -> None:
    code, out, message = benchctl(*words)
    assert (code, out, len(message)) == (2, "", 2)
    assert message[0].startswith("benchctl: the request: ")
    assert what in message[0]
    assert message[1].removeprefix("  Perhaps you meant ").strip().startswith(cure)


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_has_help(benchctl: "Benchctl", name: str) -> None:
    code, out, message = benchctl(name, "--help")
    assert (code, message) == (0, [])
    assert f"benchctl {name}" in out
    assert "completion" not in out


def test_no_words_ask_for_help(benchctl: "Benchctl") -> None:
    for words in ((), ("uart",)):
        code, out, message = benchctl(*words)
        assert (code, message) == (2, [])
        assert " ".join(("Usage: benchctl", *words)) in out


def test_a_file_that_is_not_text(benchctl: "Benchctl", tmp_path: Path) -> None:
    program = tmp_path / "latin.nut"
    program.write_bytes('server.log("Zürich");'.encode("latin-1"))
    assert benchctl("run-device", RIG, program) == (
        2,
        "",
        [f"benchctl: the request: {program} is not UTF-8 text.", "  Save it as UTF-8."],
    )


def test_a_program_comes_from_standard_input(benchctl: "Benchctl", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('server.log("piped");'))
    assert benchctl("run-device", RIG, "-")[:2] == (0, "piped\n")


def test_a_defect_is_never_the_imp_s_failure(benchctl: "Benchctl", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_deciding", lambda: 1 // 0)
    code, out, message = benchctl("claims")
    assert (code, out) == (3, "")
    assert message[0].startswith("benchctl: the bench: benchctl has a defect: ZeroDivisionError at ")
    monkeypatch.setenv("BENCHCTL_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        benchctl("claims")


def test_claims_are_picked_by_words_area_and_module(benchctl: "Benchctl") -> None:
    _, out, _ = benchctl("claims", "interval", "byte", "--area", "uart", "--module", "imp005")
    assert "r34-uart-rx-byte-timing" in out
    assert "suites/uart/test_timing.py::test_interval_is_the_gap_on_the_wire" in out
    assert "spi" not in out
    assert benchctl("claims", "no such thing")[1] == "\n0 claims, 0 of them decided by a test\n"
    _, out, _ = benchctl("claims", "--undecided")
    assert "suites/" not in out
    assert out.endswith(", 0 of them decided by a test\n")


def test_a_shell_completes_commands_actions_and_rigs() -> None:
    def completed(line: str) -> list[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
        environment = {**os.environ, "_BENCHCTL_COMPLETE": "complete_bash", **words}
        done = subprocess.run(BENCHCTL, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.split()

    assert completed("benchctl qual") == ["qualify"]
    assert completed("benchctl i2c ") == ["scan", "read", "write"]
    assert completed("benchctl gpio read virtual-imp004") == ["virtual-imp004m"]


@pytest.mark.parametrize("words", [["claims"], ["claims", "--json"], ["--help"]], ids=" ".join)
def test_a_reader_that_has_read_enough_is_no_error(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = subprocess.run([*BENCHCTL, *words], stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*BENCHCTL, "claims", "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (3, "benchctl: the bench: No space left on device.\n")


def test_a_run_goes_on_when_nobody_reads_its_progress() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        console = output.Unheard(file=pipe)
        console.print("first")
        console.print("second")
        assert console.quiet
        print("what else goes there", file=pipe)
