"""What the imp does with its buses and its program when Squirrel stops."""

import pytest


@pytest.mark.claim("r30-buses-disabled-when-squirrel-stops")
def test_spi_lets_go_when_squirrel_stops(bench, imp, judge, each_spi):
    """e-restart-effects, api/squirrel.yaml: a configured SPI holds SCLK low; after server.restart() the wire
    goes where the pin's default state or, tri-stated, the pull-ups in the bench's own inputs take it."""
    clock = bench.wiring.imp_pins_on(bench.wiring.net(each_spi.sclk_net))[0]
    state = bench.rig.module.pin(clock).default_state
    if state == "driven_low":
        pytest.skip(f"pin {clock} is low when nothing uses it as well")
    each_spi.imp.configure(imp.CLOCK_IDLE_LOW, 1000)
    each_spi.imp.write("\x00")
    with bench.capture([each_spi.sclk_net], 100_000) as recording:
        imp.restart_by_call(imp.server.restart)
    waveform = recording.waveform
    judge.attach_waveform(waveform, "SCLK over server.restart()")
    judge.equal("SCLK while configured", int(waveform.initial_level(each_spi.sclk_net)), 0)
    judge.equal("SCLK after the restart", int(waveform.level_at(each_spi.sclk_net, waveform.end)), 1)


_BUSY = """
function again() { imp.wakeup(0, again); }
again();
server.log("busy");
"""


@pytest.mark.claim("r30-code-reload-priority-fix")
def test_new_program_starts_although_the_old_one_is_busy(judge, device_program):
    """A program that always has another timer due does not keep a new one out."""
    judge.equal("log of the busy program", device_program.lines(_BUSY, 1), ["busy"])
    judge.equal("log of the new program", device_program.lines('server.log("new");', 1), ["new"])


def test_new_program_has_its_wake_reason(judge, device_program):
    """const-wakereasons: WAKEREASON_NEW_SQUIRREL."""
    log = device_program.lines("server.log(hardware.wakereason() == WAKEREASON_NEW_SQUIRREL);", 1)
    judge.equal("wake reason is NEW_SQUIRREL", log, ["true"])
