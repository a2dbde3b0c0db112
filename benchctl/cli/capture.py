"""`benchctl capture`."""

from pathlib import Path
from typing import Annotated

import typer

from benchctl.cli.output import Json, emit, require_writable, stderr
from benchctl.cli.rigs import Rig, Seed, opened
from benchctl.cli.rigs import seconds as bench_time
from benchctl.errors import UserError


def command(
    rig: Rig,
    nets: Annotated[list[str], typer.Argument(metavar="NET...", help="Nets on one capture port.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A .sr or .vcd file.")],
    seconds: Annotated[float, bench_time("Bench time to record.", "--for")] = 1.0,
    hz: Annotated[float, typer.Option(help="Sample rate in Hz.")] = 1e6,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Record nets together against one sample clock, for PulseView, sigrok-cli or GTKWave."""
    from benchctl.capture.files import save_capture

    if output.suffix not in (".sr", ".vcd"):
        raise UserError(f"{output.name} is neither .sr nor .vcd", "choose the format by the file's ending")
    require_writable(output, "-o")
    with opened(rig, seed=seed) as bench:
        bench.power.on()
        bench.reset.release()
        with bench.capture(nets, hz) as recording:
            bench.clock.sleep(seconds)
    waveform = recording.waveform
    save_capture(waveform, output)
    edges = {name: len(waveform.edges(name)) for name in waveform.names}
    if json:
        emit({"file": str(output), "channels": edges})
    else:
        stderr().print(f"{output}: " + ", ".join(f"{name} {n} edges" for name, n in edges.items()))
