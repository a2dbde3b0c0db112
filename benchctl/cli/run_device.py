"""`benchctl run-device`."""

from pathlib import Path
from typing import Annotated

import typer

from benchctl.cli.output import Json, emit, stderr
from benchctl.cli.programs import put_program
from benchctl.cli.rigs import Impos, Rig, Seed, opened, seconds
from benchctl.dut.deploy import LogEntry

_STEP_S = 0.25


class _Watch:
    """Follows the log to the end of the program's first run: an uncaught error or running out of memory.

    The imp then restarts and would run the program again (e-uncaught, e-oom in api/squirrel.yaml). What the
    log looks like: e-log-shape there, and log_entry in impcentral.yaml.
    """

    def __init__(self) -> None:
        self.failed = False

    def belongs(self, entry: LogEntry) -> bool:
        """Note an entry; False when it is the first that is no longer the first run's."""
        stack = entry.kind == "server.error" and entry.text.startswith("ERROR:  ")
        if self.failed:
            return stack
        uncaught = entry.kind == "server.error" and entry.text.startswith("ERROR:")
        exhausted = entry.kind == "lastexitcode" and "out of memory" in entry.text
        self.failed = uncaught or exhausted
        return True


def command(
    rig: Rig,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.nut", help="The device program; - for standard input.")
    ],
    limit: Annotated[float, seconds("Bench time to run for.", "--for")] = 60.0,
    impos: Impos = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Run a device program on the rig's imp and print its log as it comes.

    Ends early when the program has nothing left to wait for, where the bench can know that, or when it fails:
    exit code 1 after an uncaught Squirrel error or when memory runs out.
    """
    log: list[LogEntry] = []
    watch = _Watch()
    with opened(rig, seed=seed, impos=impos) as bench:
        bench.power.on()
        bench.reset.release()
        put_program(bench, file)
        end_ns = bench.clock.deadline_ns(limit)
        while (left := end_ns - bench.clock.now_ns()) > 0:
            entry = bench.deployment.read_log(min(_STEP_S, left / 1e9))
            if entry is None:
                if watch.failed or bench.deployment.idle():
                    break
                continue
            if not watch.belongs(entry):
                break
            log.append(entry)
            if not json:
                _print(entry)
    if json:
        emit({"log": [vars(entry) for entry in log], "failed": watch.failed})
    raise typer.Exit(1 if watch.failed else 0)


def _print(entry: LogEntry) -> None:
    if entry.kind == "server.log":
        typer.echo(entry.text)
    else:
        stderr().print(f"[{entry.kind}] {entry.text}", markup=False)
