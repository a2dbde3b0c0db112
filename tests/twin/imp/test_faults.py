from collections.abc import Callable

import pytest

from benchctl.errors import UserError
from benchctl.twin.faults import declared
from benchctl.twin.wires.timeline import Drive
from tests.twin.imp.conftest import BOOT_NS, Bench

Make = Callable[..., Bench]
PROGRAM = """
local u = null;
foreach (name in ["uart2", "uartFG", "uart57"]) if (name in hardware) u = hardware[name];
u.configure(115200, 8, PARITY_NONE, 1, NO_CTSRTS, @() u.readblob());
u.write("x"); u.flush();
server.log("alive");
"""


@pytest.mark.parametrize("fault", declared(), ids=lambda fault: fault.id)
def test_an_imp_with_a_fault_still_starts(make: Make, fault: object) -> None:
    modules = sorted(getattr(fault, "modules", ())) or ["imp003"]
    bench = make(modules[0], faults=(getattr(fault, "id", ""),))
    assert "alive" in bench.run(PROGRAM, 2.5)


TRY = 'function attempt(f) { try { server.log(f()); } catch (e) { server.log("threw " + e); } }\n'
DIFFERENT = [
    # fault, module, program, log of a healthy imp
    ("spi-chipselect-silent-elsewhere", "imp003", "attempt(@() hardware.spiEBCA.chipselect(1));",
     ["threw chipselect not supported"]),
    ("spiflash-missing", "imp003", 'server.log("spiflash" in hardware);', ["true"]),
    ("usb-on-every-imp", "imp003", 'server.log("usb" in hardware);', ["false"]),
    ("usb-silent-elsewhere", "imp001", "attempt(@() hardware.usb.disable());",
     ["threw the index 'usb' does not exist"]),
    ("usb-object-missing", "imp005", 'server.log("usb" in hardware);', ["true"]),
    ("usb-no-generaltransfer", "imp005", 'server.log("generaltransfer" in hardware.usb);', ["true"]),
    ("imp003-pins-numbered", "imp003", 'server.log("pinA" in hardware);', ["true"]),
    ("imp001-pins-lettered", "imp001", 'server.log("pin1" in hardware);', ["true"]),
    ("i2c-readerror-zero", "imp003", "hardware.i2cAB.read(0xA0, \"\", 1);"
     "server.log(hardware.i2cAB.readerror());", ["-13"]),
    ("i2c-write-always-ok", "imp003", 'server.log(hardware.i2cAB.write(0xA0, ""));', ["-13"]),
    ("setproxy-missing", "imp003", 'server.log("setproxy" in imp);', ["true"]),
    ("connectwith-missing", "imp003", 'server.log("connectwith" in server);', ["true"]),
    ("deepsleep-bad-parameter", "imp003", "if (!hardware.wakereason()) attempt(@() imp.deepsleepfor(0));"
     "server.log(hardware.wakereason());", ["1"]),
    ("format-floats-unpadded", "imp003", 'server.log(format("%8.2f", 1.5));', ["    1.50"]),
    ("format-nonfinite-zero", "imp003", 'server.log(format("%f", math.pow(10.0, 30) * math.pow(10.0, 30)));',
     ["inf"]),
    ("uart-configure-echoes-request", "imp005",
     "server.log(hardware.uart2.configure(921600, 8, PARITY_NONE, 1, NO_CTSRTS));", ["935000"]),
    ("uart-flush-short-when-slow", "imp005", "local u = hardware.uart1; u.configure(1200, 8, PARITY_NONE, 1,"
     'NO_CTSRTS); local t = hardware.millis(); u.write("a"); u.flush();'
     "server.log(hardware.millis() - t > 8);", ["true"]),
    ("code-takes-no-ram", "imp005", "server.log(imp.getmemoryfree() < 1280 * 1024 - 100);", ["true"]),
    ("timer-keeps-closure", "imp003", "local a = imp.getmemoryfree();"
     "local function arm() { local b = blob(9000); imp.wakeup(0, @() b.len()); } arm();"
     "imp.wakeup(0.1, function() { server.log(a - imp.getmemoryfree() < 4000); });",
     ["true"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "module", "program", "healthy"), DIFFERENT, ids=[row[0] for row in DIFFERENT]
)
def test_faults_show(make: Make, fault: str, module: str, program: str, healthy: list[str]) -> None:
    well = make(module).run(TRY + program, 1.5)
    broken = make(module, faults=(fault,)).run(TRY + program, 1.5)
    assert well == healthy
    assert broken != well


@pytest.mark.parametrize(
    ("fault", "edges"), [((), [0]), (("pin-takeover-glitch",), [0, 1, 0])], ids=["healthy", "glitch"]
)
def test_takeover_glitch(make: Make, fault: tuple[str, ...], edges: list[int]) -> None:
    bench = make("imp003", faults=fault)
    bench.nets["U"].probe(True)
    bench.run(
        "hardware.uartUVGD.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS); imp.sleep(0.001);"
        "hardware.pinU.configure(DIGITAL_OUT, 1); imp.sleep(0.001); hardware.pinU.write(0);"
    )
    seen = bench.nets["U"].edges(BOOT_NS + 5_000, bench.world.now).levels.tolist()
    assert seen == edges


def test_first_pulse_after_reconfiguration(make: Make) -> None:
    starts = []
    for faults in ((), ("ptpg-first-pulse-old",)):
        bench = make("imp003", faults=faults)
        bench.nets["C"].probe(True)
        bench.run(
            "foreach (delay in [0.001, 0.002])"
            "hardware.pinC.configure(PTPG_OUT_ACTIVE_HIGH, hardware.pinE, delay, 0.0001);"
        )
        at = bench.world.now
        bench.nets["E"].driver("bench").set(Drive.HIGH)
        bench.wait(0.01)
        starts.append(int(bench.nets["C"].edges(at, bench.world.now).times[0]) - at)
    assert starts == [2_000_000, 1_000_000]


def test_deploy_to_a_busy_program(make: Make) -> None:
    for faults, started in (((), True), (("deploy-waits-for-idle",), False)):
        bench = make("imp003", faults=faults)
        bench.run("while (true) imp.sleep(0.001);", 0.1)
        bench.imp.deploy('server.log("new");')
        assert (bench.wait(0.5) == ["new"]) is started


def test_spi_keeps_driving_after_disable(make: Make) -> None:
    for faults, level in (((), 1), (("spi-disable-keeps-driving",), 0)):
        bench = make("imp003", faults=faults)
        bench.nets["C"].pull("up", high=True)
        bench.run("hardware.spiEBCA.configure(0, 1000); hardware.spiEBCA.disable();")
        assert bench.nets["C"].level() == level


def test_base_as_a_variable(make: Make) -> None:
    source = 'local base = 3; server.log("ran");'
    with pytest.raises(UserError):
        make().run(source)
    assert make(faults=("base-as-variable-accepted",)).run(source) == ["ran"]
