import os
import signal

import pytest

from benchctl.twin.vm.messages import Crashed, CrashKind, Done, Frame, NativeCall

_KB = 1024


def _crash(event):
    assert isinstance(event, Crashed), event
    return event


@pytest.mark.parametrize("operator", ["/", "%"])
def test_smallest_integer_by_minus_one_names_the_line(bench, operator):
    event = _crash(
        bench.run(
            f"function scale(by) {{\n  local x = 0x80000000;\n  return x {operator} by;\n}}\n\nscale(-1);"
        )
    )
    assert event.kind is CrashKind.ARITHMETIC
    assert event.stack == (Frame("scale", "device_code", 3), Frame("main", "device_code", 6))
    assert "scale device_code:3" in str(event)


@pytest.mark.parametrize(
    ("loop", "line"),
    [
        ("while (true) {\n    n++;\n  }", (3, 4)),
        ("while (true) {}", (3, 3)),
        ("for (;;) n = math.sin(n);", (3, 3)),
        ("for (;;) f(n);", (1, 3)),
        ("for (;;) [3, 2, 1].sort(@(a, b) a <=> b);", (3, 3)),
    ],
)
def test_an_endless_loop_names_the_line(bench, loop, line):
    code = f"f <- function(x) {{ return x; }}\nfunction spin() {{ local n = 0;\n  {loop}\n}}\nspin();"
    event = _crash(bench.run(code, cpu_budget_s=0.05))
    assert event.kind is CrashKind.ENDLESS
    assert line[0] <= event.stack[0].line <= line[1]
    assert event.stack[-1] == Frame("main", "device_code", 5 + loop.count("\n"))


def test_the_budget_is_per_call_of_the_api(bench):
    code = """
    for (local i = 0; i < 12; i++) {
        hardware.micros();
        for (local j = 0; j < 400000; j++) j = j;
    }"""
    assert bench.run(code, cpu_budget_s=0.15) == Done()


def test_an_endless_callback(bench):
    vm = bench.boot(
        "function tick() {\n while (true) {\n local x = 1; } }\n imp.wakeup(1, tick)", cpu_budget_s=0.05
    )
    call = vm.run_main()
    assert vm.reply() == Done()
    event = _crash(vm.run_callback(call.args[1]))
    assert event.kind is CrashKind.ENDLESS
    assert event.stack[0].function == "tick"


@pytest.mark.parametrize(
    "body",
    [
        "kept.append(blob(100));",
        "kept.append(blob(20000));",
        "kept.append({a = 1, b = [1, 2, 3]});",
        "text += text;",
        "kept.append(blob(500)); hardware.micros();",
        "kept.resize(kept.len() * 2 + 1);",
    ],
)
def test_filling_memory_ends_as_out_of_memory_at_the_line(bench, body):
    code = f'local kept = [], text = "x";\nwhile (true) {{\n  {body}\n}}'
    event = _crash(bench.run(code, memory_limit=300 * _KB))
    assert event.kind is CrashKind.OUT_OF_MEMORY
    assert event.stack == (Frame("main", "device_code", 3),)


def test_endless_recursion_runs_out_of_memory(bench):
    event = _crash(
        bench.run("function deeper(n) {\n  return 1 + deeper(n + 1);\n}\ndeeper(0);", memory_limit=400 * _KB)
    )
    assert event.kind is CrashKind.OUT_OF_MEMORY
    assert event.stack[0] == Frame("deeper", "device_code", 2)


def test_memory_use_is_counted(bench):
    vm = bench.boot(
        "hardware.micros(); local b = blob(50000); hardware.micros(); b = null; hardware.micros();"
    )
    used = []
    event = vm.run_main()
    while isinstance(event, NativeCall):
        used.append(vm.memory_used())
        event = vm.reply(0)
    assert 50_000 <= used[1] - used[0] < 51_000
    assert used[2] - used[0] < 1000


def test_the_limit_is_for_device_code_not_for_what_the_bench_sends(bench):
    vm = bench.boot("local s = hardware.echo(); server.log(s.len());", memory_limit=80 * _KB)
    vm.run_main()
    assert vm.reply("x" * 60_000).args == ("60000",)


def test_calls_take_no_memory(bench):
    """Strings that come from the bench are new each time; what Python needs for them is not counted."""
    bench.answers["hardware.echo"] = iter(map(str, range(10**9))).__next__
    ended = bench.run("for (local i = 0; i < 8000; i++) hardware.echo();", memory_limit=60 * _KB)
    assert not isinstance(ended, Crashed), ended


def test_memory_runs_out_at_the_same_point_every_time(launcher, bench):
    code = "local kept = []; while (true) { kept.append({}); hardware.micros(); }"
    bench.run(code, memory_limit=60 * _KB)
    first = len(bench.calls)
    bench.run(code, memory_limit=60 * _KB)
    assert len(bench.calls) == 2 * first


def test_a_stack_overflow_in_the_vm_itself(bench):
    code = "local list = null;\nfor (local i = 0; i < 400000; i++) list = {next = list};\nlist = null;"
    event = _crash(bench.run(code, memory_limit=256 * _KB * _KB))
    assert event.kind is CrashKind.MEMORY_FAULT
    assert event.stack == (Frame("main", "device_code", 3),)


def test_a_source_nested_too_deeply_to_compile(bench):
    event = _crash(bench.run("x <- " + "(" * 200_000 + "1" + ")" * 200_000))
    assert event.kind is CrashKind.MEMORY_FAULT


def test_a_process_killed_from_outside(bench):
    vm = bench.boot("hardware.micros()")
    vm.run_main()
    os.kill(vm._pid, signal.SIGKILL)
    event = _crash(vm.reply(0))
    assert event.kind is CrashKind.LOST
    assert "SIGKILL" in event.text
    assert vm.ended


def test_the_bench_boots_again_after_a_crash(bench):
    _crash(bench.run("local x = 0x80000000; x / -1"))
    assert bench.run("server.log(1)") == Done()
    assert bench.log == ["1"]
