from collections.abc import Callable

import pytest

from benchctl.twin.wires.timeline import Drive
from tests.twin.imp.conftest import BOOT_NS, Bench

Make = Callable[..., Bench]


def test_default_states_of_the_imp005(make: Make) -> None:
    bench = make()
    for pin in "CNAEBD":
        bench.nets[pin].pull("up", high=pin in "CNAE")
    bench.imp.set_power(True)
    bench.wait(0.5)
    assert [bench.nets[pin].level() for pin in "CNAEBD"] == [1, 1, 0, 0, 1, 1]
    assert bench.nets["XB"].level() == 1


def test_pin_n_before_the_fix(make: Make) -> None:
    for impos, level in (("34.7", 0), ("34.8", 1)):
        bench = make(impos=impos)
        bench.nets["N"].pull("up", high=True)
        bench.imp.set_power(True)
        bench.wait(0.5)
        assert bench.nets["N"].level() == level


def edges(bench: Bench, pin: str) -> list[int]:
    levels: list[int] = bench.nets[pin].edges(BOOT_NS - 1, bench.world.now).levels.tolist()
    return levels


@pytest.mark.parametrize(
    ("configure", "high", "seen"),
    [
        ("DIGITAL_OUT, 1", True, []),
        ("DIGITAL_OUT, 1", False, [1]),
        ("DIGITAL_OUT", True, [0]),
        ("DIGITAL_OUT_OD, 1", True, []),
        ("DIGITAL_OUT_OD, 0", True, [0]),
        ("DIGITAL_OUT_OD, 1", False, []),
        ("DIGITAL_IN_PULLUP", False, []),
    ],
)
def test_starting_states(make: Make, configure: str, high: bool, seen: list[int]) -> None:
    bench = make("imp003")
    bench.nets["H"].pull("board", high=high)
    bench.nets["H"].probe(True)
    bench.run(f"hardware.pinH.configure({configure});")
    assert edges(bench, "H") == seen


@pytest.mark.parametrize(
    ("fault", "configure", "seen"),
    [
        ("pin-starts-low", "DIGITAL_OUT, 1", [0, 1]),
        ("pin-default-high", "DIGITAL_OUT", []),
        ("pin-open-drain-starts-low", "DIGITAL_OUT_OD, 1", [0]),
    ],
)
def test_starting_state_faults(make: Make, fault: str, configure: str, seen: list[int]) -> None:
    bench = make("imp003", faults=(fault,))
    bench.nets["H"].pull("board", high=True)
    bench.nets["H"].probe(True)
    bench.run(f"hardware.pinH.configure({configure});")
    assert edges(bench, "H") == seen


def test_read_is_the_real_level(make: Make) -> None:
    bench = make("imp003")
    bench.nets["H"].driver("held").set(Drive.LOW)
    assert bench.run(
        "local p = hardware.pinH; p.configure(DIGITAL_OUT_OD_PULLUP, 1); server.log(p.read());"
    ) == ["0"]


def test_state_change_callbacks(make: Make) -> None:
    bench = make()
    bench.run("p <- hardware.pinH; p.configure(DIGITAL_IN, @() server.log(p.read()));")
    assert bench.log == []
    driver = bench.nets["H"].driver("bench")
    for level in (1, 0, 1):
        driver.set(Drive.HIGH if level else Drive.LOW)
        bench.wait(0.01)
    assert bench.log == ["1", "0", "1"]
    assert not bench.imp.idle


def test_pin_q_loses_edges_when_broken(make: Make) -> None:
    bench = make("imp003", faults=("pin-q-misses-edges",))
    bench.run("n <- 0; hardware.pinQ.configure(DIGITAL_IN, function() { n++; server.log(n); });")
    driver = bench.nets["Q"].driver("bench")
    for i in range(8):
        driver.set(Drive.LOW if i % 2 else Drive.HIGH)
        bench.wait(0.01)
    assert bench.log[-1] == "6"


def test_modes_a_pin_has_not(make: Make) -> None:
    log = make().run(
        """
        function attempt(f) { try { f(); server.log("no error"); } catch (e) { server.log("threw " + e); } }
        local h = hardware;
        attempt(@() h.pinA.configure(ANALOG_IN)); attempt(@() h.pinA.configure(PWM_OUT, 0.01, 0.5));
        attempt(@() h.pinH.configure(DIGITAL_IN_WAKEUP)); attempt(@() h.pinE.configure(PWM_OUT, 0.01, 0.5));
        attempt(@() h.pinA.write(1)); attempt(@() h.pinE.getdelay()); attempt(@() h.pinA.getperiod());
        server.log(("getsteps" in h.pinA) + " " + ("getsteps" in h.pinE));
        """
    )
    assert log == [
        *["threw pin does not support this mode"] * 3,
        "no error",
        "threw pin is not configured",
        "threw pin is not in PTPG mode",
        "threw pin is not in PWM or PTPG mode",
        "false true",
    ]


def test_pwm_came_to_the_imp005_with_36(make: Make) -> None:
    source = 'try { hardware.pinE.configure(PWM_OUT, 0.01, 0.5); } catch (e) { server.log("threw " + e); }'
    assert make(impos="34.11").run(source) == ["threw pin does not support this mode"]
    assert make(impos="36.0").run(source) == []


def test_pwm_wave_and_its_survival(make: Make) -> None:
    bench = make("imp003")
    bench.nets["C"].probe(True)
    source = """
    if (hardware.wakereason() == WAKEREASON_SW_RESTART) server.log(hardware.pinC.getperiod());
    else {
        hardware.pinC.configure(PWM_OUT, 0.001, 0.25);
        imp.wakeup(0.1, @() server.restart());
    }
    """
    log = bench.run(source, 0.5)
    assert [float(line) for line in log] == [pytest.approx(0.001)]
    wave = bench.nets["C"].edges(BOOT_NS + 1_000_000, bench.world.now)
    high = wave.times[1::2] - wave.times[0::2][: len(wave.times[1::2])]
    assert len(wave.times) == pytest.approx(2 * 499, abs=3)
    assert set(high[:100].tolist()) <= {249_999, 250_000, 250_001}


def test_triggered_pulses(make: Make) -> None:
    bench = make("imp003")
    bench.nets["C"].probe(True)
    bench.run(
        """
        hardware.pinE.configure(DIGITAL_IN);
        hardware.pinC.configure(PTPG_OUT_ACTIVE_HIGH, hardware.pinE, 0.0005, 0.0002);
        server.log(hardware.pinC.getdelay());
        try { hardware.pinH.configure(PTPG_OUT_ACTIVE_HIGH, hardware.pinE, 0.1, 0.1); }
        catch (e) { server.log("threw " + e); }
        """
    )
    assert float(bench.log[0]) == pytest.approx(0.0005)
    assert bench.log[1] == "threw pin cannot be triggered by that pin"
    trigger = bench.nets["E"].driver("bench")
    at = bench.world.now
    trigger.set(Drive.HIGH)
    bench.wait(0.002)
    trigger.set(Drive.LOW)
    bench.wait(0.002)
    wave = bench.nets["C"].edges(at, bench.world.now)
    assert (wave.times - at).tolist() == [500_000, 700_000, 2_500_000, 2_700_000]


def test_adc_and_its_eight_channels(make: Make) -> None:
    source = """
    local n = 0;
    try {
        foreach (p in [hardware.pinA, hardware.pinB, hardware.pinC, hardware.pinE, hardware.pinF,
                       hardware.pinH, hardware.pinJ, hardware.pinK, hardware.pinN, hardware.pinW]) {
            p.configure(ANALOG_IN); n++;
        }
    } catch (e) { server.log("threw " + e); }
    server.log(n + " " + hardware.pinA.read() + " " + hardware.voltage());
    """
    bench = make("imp003")
    bench.nets["A"].analog_volts = lambda _t: 1.65
    assert bench.run(source) == ["threw no free ADC channel", f"8 {2048 << 4 | 2048 >> 8} 3.3"]
    assert make("imp003", faults=("adc-nine-at-once",)).run(source)[0].startswith("10 ")


def test_dac(make: Make) -> None:
    bench = make("imp003")
    bench.run("hardware.pinA.configure(ANALOG_OUT); hardware.pinA.write(0.5);")
    volts = bench.nets["A"].analog_volts
    assert volts is not None
    assert volts(0) == pytest.approx(1.65, abs=0.001)


def test_pulse_counter_blocks_for_its_window(make: Make) -> None:
    bench = make("imp001")
    bench.imp.deploy(
        """
        local p = hardware.pin1;
        p.configure(PULSE_COUNTER, 0.5);
        local t = hardware.micros(), n = p.read();
        server.log(n + " " + (hardware.micros() - t));
        p.configure(PULSE_COUNTER, 0.25);
        server.log(p.read());
        """
    )
    driver = bench.nets["1"].driver("bench")

    def toggle(level: int) -> None:
        driver.set(Drive.HIGH if level else Drive.LOW)
        bench.world.after(500_000, lambda: toggle(1 - level))

    toggle(1)
    bench.imp.set_power(True)
    bench.wait(3.5)
    count, micros = bench.log[0].split()
    assert int(count) in (499, 500, 501)
    assert micros == "500005"
    assert int(bench.log[1]) == pytest.approx(500, abs=3)  # the known miscount: twice the real 250


def test_disable_restores_and_spares_buses(make: Make) -> None:
    bench = make()
    bench.nets["H"].pull("up", high=True)
    bench.run(
        """
        hardware.pinH.configure(DIGITAL_OUT, 0); hardware.pinH.disable();
        hardware.spiBCAD.configure(USE_CS_L, 400); hardware.pinD.disable();
        hardware.spiBCAD.chipselect(1);
        """
    )
    assert bench.nets["H"].level() == 1
    assert bench.nets["D"].level() == 0
