from collections.abc import Callable

import pytest

from benchctl.errors import UserError
from benchctl.impos.version import ImposVersion
from benchctl.twin.imp.impos import defects
from benchctl.twin.wires.timeline import Drive
from tests.twin.imp.conftest import BOOT_NS, Bench

Make = Callable[..., Bench]
WHY = "server.log(hardware.wakereason());"


def test_program_logs(make: Make) -> None:
    bench = make()
    assert bench.run('server.log("hello " + hardware.wakereason()); server.error(3);') == ["hello 0", "3"]
    assert [entry.kind for entry in bench.entries[-2:]] == ["server.log", "server.error"]
    assert bench.imp.idle


def test_sleep_takes_exactly_that_long(make: Make) -> None:
    log = make().run(
        "local a = hardware.micros(); imp.sleep(0.25); local b = hardware.micros(); server.log(b - a);"
    )
    assert log == [str(250_000 + 5)]


def test_a_busy_wait_gets_there(make: Make) -> None:
    log = make().run(
        "local t = hardware.millis(); while (hardware.millis() - t < 20); server.log(hardware.millis() - t);"
    )
    assert log == ["20"]


def test_timers(make: Make) -> None:
    bench = make()
    log = bench.run(
        """
        t <- hardware.millis();
        imp.wakeup(0.013, @() server.log("b " + hardware.millis() % 10));
        imp.wakeup(0, @() server.log("a"));
        imp.cancelwakeup(imp.wakeup(0.02, @() server.log("never")));
        server.log(imp.wakeup(-1, @() 0) == null);
        imp.onidle(@() server.log("idle"));
        """
    )
    assert log == ["true", "a", "idle", "b 0"]
    assert bench.imp.idle


@pytest.mark.parametrize(("impos", "fires"), [("42.9", False), ("42.0", True)])
def test_long_timers(make: Make, impos: str, fires: bool) -> None:
    bench = make("imp003", impos=impos)
    log = bench.run('imp.wakeup(4300, @() server.log("fired"));', 10)
    assert bool(log) is fires
    bench.wait(4289.9)
    assert bench.log == ["fired"] * fires
    bench.wait(0.2)
    assert bench.log == ["fired"]


def test_clocks_wrap(make: Make) -> None:
    bench = make("imp003")
    bench.run("imp.wakeup(2200, @() server.log(hardware.micros() < 0 && hardware.millis() > 0));")
    assert bench.wait(2201) == ["true"]


def test_new_program_and_errors(make: Make) -> None:
    bench = make()
    bench.run(WHY)
    bench.imp.deploy(WHY + "\nfunction broken() { return nothing; }\nbroken();")
    log = bench.wait(0.5)
    assert log == [
        "0",
        "4",
        "ERROR: the index 'nothing' does not exist",
        "ERROR:   in broken device_code:2",
        "ERROR:   from main device_code:3",
    ]
    assert bench.wait(1)[5] == "5"


def test_unhandled_exception_handler(make: Make) -> None:
    bench = make()
    log = bench.run(
        'imp.onunhandledexception(@(e) server.log("handler: " + e));'
        'if (hardware.wakereason() == 0) throw "oh"; server.log("again");',
        2,
    )
    assert log[0] == "ERROR: oh"
    assert log[-2:] == ["handler: oh: in main device_code:1", "again"]


def test_a_program_that_does_not_compile_never_reaches_the_imp(make: Make) -> None:
    bench = make()
    with pytest.raises(UserError, match=r":1:\d+ does not compile"):
        bench.run("local base = 3;", 5)


@pytest.mark.parametrize(
    ("module", "statement", "reason", "within"),
    [
        ("imp003", "imp.reset()", "2", 2),
        ("imp003", "server.restart()", "10", 0.2),
        ("imp003", "imp.deepsleepfor(5)", "1", 5.3),
        ("imp003", "server.sleepfor(5)", "1", 5.3),
    ],
)
def test_wake_reasons(make: Make, module: str, statement: str, reason: str, within: float) -> None:
    bench = make(module)
    bench.run(f"{WHY} if (hardware.wakereason() == 0) {statement};", 0.01)
    bench.wait(within)
    assert [line for line in bench.log if len(line) < 3] == ["0", reason]


def test_imp005_has_no_deep_sleep(make: Make) -> None:
    log = make().run('server.log(("deepsleepfor" in imp) + " " + ("sleepfor" in server));')
    assert log == ["false false"]


def test_wake_pin(make: Make) -> None:
    bench = make("imp003")
    wake = bench.nets["W"].driver("bench")
    bench.run(WHY + "hardware.pinW.configure(DIGITAL_IN_WAKEUP); imp.deepsleepfor(1000);")
    bench.wait(10)
    assert bench.log == ["0"]
    wake.set(Drive.HIGH)
    bench.wait(0.16)
    assert bench.log == ["0", "3"]


@pytest.mark.parametrize(("module", "reason"), [("imp005", "8"), ("imp003", "8"), ("imp001", "0")])
def test_reset_pin(make: Make, module: str, reason: str) -> None:
    bench = make(module)
    bench.run(WHY)
    pin = bench.nets["RESET"].driver("bench")
    pin.set(Drive.LOW)
    bench.wait(0.1)
    pin.set(Drive.Z)
    assert bench.wait(2) == ["0", reason]


def test_out_of_memory(make: Make) -> None:
    bench = make("imp003")
    bench.run(
        WHY + "if (hardware.wakereason() == 0) { local all = []; while (true) all.push(blob(4096)); }", 3
    )
    assert [(entry.kind, entry.text) for entry in bench.entries[1:]] == [
        ("server.log", "0"),
        ("lastexitcode", "out of memory"),
        ("server.log", "2"),
    ]


def test_memory_falls_with_use_and_with_code_on_the_imp005(make: Make) -> None:
    source = (
        'local a = imp.getmemoryfree(); keep <- blob(20000); server.log(a + " " + (a - imp.getmemoryfree()));'
    )
    free, used = map(int, make("imp003").run(source)[0].split())
    assert 100_000 < free <= 128 * 1024
    assert used >= 10_000
    small = int(make().run(source)[0].split()[0])
    large = int(make().run(source + "//" + "x" * 100_000)[0].split()[0])
    assert 99_000 < small - large < 105_000


def test_code_space(make: Make) -> None:
    huge = "//" + "x" * 200_000
    for module, impos, fits in (
        ("imp001", "42.9", False),
        ("imp003", "42.9", True),
        ("imp005", "34.11", True),
    ):
        bench = make(module, impos=impos)
        bench.run(WHY + huge)
        assert bool(bench.log) is fits


def test_nv_survives_a_restart_where_there_is_nv(make: Make) -> None:
    source = 'if ("nv" in getroottable()) server.log(nv.n); else { nv <- { n = "kept" }; server.restart(); }'
    assert make("imp003").run(source) == ["kept"]
    bench = make("imp003")
    bench.run(source)
    bench.imp.set_power(False)
    bench.imp.set_power(True)
    bench.wait(3)
    assert bench.log == ["kept", "kept"]


def test_offline_cold_boot_takes_ten_seconds(make: Make) -> None:
    bench = make(online=False)
    bench.nets["H"].probe(True)
    bench.run("hardware.pinH.configure(DIGITAL_OUT, 1);", 12)
    assert bench.nets["H"].edges(0, bench.world.now).times.tolist() == [10_000_000_000]


def test_snooze(make: Make) -> None:
    bench = make("imp003")
    bench.run(WHY + "imp.wakeup(1, @() server.log(1));", 0.5)
    bench.imp.set_online(False)
    bench.wait(100)
    bench.imp.set_online(True)
    assert bench.wait(550)[:2] == ["0", "7"]


def test_return_on_error(make: Make) -> None:
    bench = make("imp003")
    bench.run(
        """
        server.setsendtimeoutpolicy(RETURN_ON_ERROR, WAIT_TIL_SENT, 30);
        function later() {
            local code = server.log("lost");
            server.connect(function(r) { server.log(code + " " + r + " " + server.isconnected()); }, 100);
        }
        imp.wakeup(1, later);
        """,
        0.5,
    )
    bench.imp.set_online(False)
    bench.wait(3)
    bench.imp.set_online(True)
    assert bench.wait(100) == ["1 5 true"]


def test_versions(make: Make) -> None:
    log = make("imp003", impos="34.11").run(
        'server.log(split(imp.getsoftwareversion(), "-")[2]); server.log("info" in imp);'
        'server.log("net" in imp); server.log("TIMING_ENABLED" in getroottable());'
    )
    assert [line.strip() for line in log] == ["34.11", "false", "true", "true"]
    log = make("imp003", impos="30").run(
        'server.log(("settxactive" in hardware.uartDM) + " " + ("TIMING_ENABLED" in getroottable()));'
    )
    assert log == ["false false"]
    assert make().run("server.log(imp.info().type);") == ["imp005"]


def test_defects_of_releases() -> None:
    assert defects(ImposVersion(34, 7)) >= {"pin-n-driven-at-start", "spiflash-unpaired-disable"}
    assert not defects(ImposVersion(42, 9))


def test_outputs_are_released_when_a_program_ends_badly(make: Make) -> None:
    bench = make()
    bench.nets["H"].pull("up", high=True)
    log = bench.run("hardware.pinH.configure(DIGITAL_OUT, 0); local m = -2147483648; server.log(m / -1);")
    assert bench.nets["H"].level() == 1
    assert len(log) >= 1
    bench.imp.deploy(WHY)
    assert bench.wait(1)[-1] == "4"


def test_buses_let_go_with_the_program(make: Make) -> None:
    source = "hardware.spiEBCA.configure(0, 1000); throw 1;"
    for faults, level in (((), 1), (("buses-stay-configured",), 0)):
        bench = make("imp003", faults=faults)
        bench.nets["C"].pull("up", high=True)
        bench.run(source, 0.5)
        assert bench.nets["C"].level() == level


def test_a_long_program_runs(make: Make) -> None:
    lines = "".join(f"function f{i}(x) {{ return x + {i}; }}\n" for i in range(1000))
    source = (
        lines + 'local n = 0; for (local i = 0; i < 1000; i++) n = getroottable()["f" + i](n); server.log(n);'
    )
    assert len(source) > 30_000
    assert make().run(source) == [str(sum(range(1000)))]


def test_power_off_is_final(make: Make) -> None:
    bench = make()
    bench.run('function tick() { server.log("tick"); imp.wakeup(0.1, tick); } tick();', 0.35)
    ticks = len(bench.log)
    bench.imp.set_power(False)
    assert len(bench.wait(1)) == ticks
    assert bench.world.now > BOOT_NS
