"""`benchctl run-device` on the virtual bench, as its user sees it."""

import json
from functools import partial
from pathlib import Path

import pytest

from benchctl.cli.main import run
from benchctl.twin.imp import objects
from benchctl.twin.vm.messages import Manifest


@pytest.fixture
def run_device(tmp_path: Path, capfd: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def start(program: str, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "program.nut"
        file.write_text(program)
        with pytest.raises(SystemExit) as end:
            run(["run-device", "virtual-imp005", str(file), *options])
        out, err = capfd.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, out, err

    return start


def test_prints_the_log_and_ends_when_nothing_is_left(run_device) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run_device('server.log("one"); imp.wakeup(30, function() { server.log("two"); });')
    assert (code, out) == (0, "one\ntwo\n")


def test_for_limits_bench_time(run_device) -> None:  # type: ignore[no-untyped-def]
    program = "function tick() { server.log(hardware.millis()); imp.wakeup(1, tick); } tick();"
    code, out, _ = run_device(program, "--for", "5.5")
    assert code == 0
    assert 4 <= len(out.splitlines()) <= 6


def test_an_uncaught_error_names_its_line_once(run_device) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run_device("local t = {};\nimp.wakeup(1, function() {\n  t.missing();\n});")
    assert code == 1
    assert err.count("the index 'missing' does not exist") == 1
    assert "program.nut:3" in err


def test_int_min_by_minus_one_names_its_line(run_device) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run_device("local b = -1;\nserver.log(0x80000000 / b);")
    assert code == 1
    assert "program.nut:2" in err


def test_an_endless_loop_names_its_line(  # type: ignore[no-untyped-def]
    run_device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "Manifest", partial(Manifest, cpu_budget_s=0.3))
    code, _, err = run_device("local i = 0;\nwhile (true) {\n  i++;\n}")
    assert code == 1
    assert "never returns to impOS" in err
    assert "program.nut:" in err


def test_running_out_of_memory_is_said(run_device) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run_device("local a = []; while (true) a.append(blob(10000));")
    assert code == 1
    assert err.count("out of memory") == 1


def test_a_syntax_error_is_the_request_s_fault(run_device) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run_device("server.log(1);\nlocal x = (1 + ;")
    assert (code, out) == (2, "")
    assert "program.nut:2:17 does not compile" in err


def test_json_is_one_document(run_device) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run_device('server.log("one");', "--json")
    document = json.loads(out)
    assert code == 0
    assert [entry["text"] for entry in document["log"] if entry["kind"] == "server.log"] == ["one"]


_CLASS = """
class Store{n} {{
    _name = null; _blob = null; _count = 0;
    constructor(name) {{ _name = name; _blob = blob(64); }}
    function put(v) {{ _blob.writen(v & 0xFF, 'b'); _count++; return this; }}
    function later(t) {{ imp.wakeup(t, function() {{ server.log(_name + " " + _count); }}.bindenv(this)); }}
    function sum() {{ local s = 0; foreach (b in _blob) s += b; return s; }}
}}
"""


def test_a_program_of_30000_characters(run_device) -> None:  # type: ignore[no-untyped-def]
    classes = "".join(_CLASS.format(n=n) for n in range(80))
    main = """
    local stores = [{}];
    foreach (i, s in stores) for (local k = 0; k <= i % 7; k++) s.put(k);
    hardware.spiflash.enable();
    hardware.spiflash.erasesector(0);
    local image = blob();
    foreach (s in stores) image.writen(s.sum(), 'w');
    hardware.spiflash.write(0, image, SPIFLASH_POSTVERIFY);
    local back = hardware.spiflash.read(0, image.len());
    hardware.spiflash.disable();
    local total = 0;
    while (!back.eos()) total += back.readn('w');
    server.log("total " + total);
    stores[79].later(2.5);
    """.format(", ".join(f'Store{n}("s{n}")' for n in range(80)))
    program = classes + main
    assert len(program) > 30_000
    code, out, err = run_device(program)
    expected = sum(sum(range(n % 7 + 1)) for n in range(80))
    assert (code, out) == (0, f"total {expected}\ns79 {79 % 7 + 1}\n"), err
