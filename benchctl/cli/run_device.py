"""`benchctl run-device`."""

from pathlib import Path
from typing import Annotated

import typer

from benchctl.cli.output import Json, emit, stderr
from benchctl.cli.rigs import Impos, Rig, Seed, opened
from benchctl.dut.deploy import LogEntry
from benchctl.errors import UserError

_UNCAUGHT = "ERROR:"  # how an uncaught Squirrel error begins in the log (e-log-shape, api/squirrel.yaml)
_STEP_S = 0.25


def command(
    rig: Rig,
    file: Annotated[Path, typer.Argument(metavar="FILE.nut", help="The device program.")],
    seconds: Annotated[float, typer.Option("--for", metavar="SECONDS", help="Bench time to run for.")] = 60.0,
    impos: Impos = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Run a device program on the rig's imp and print its log as it comes.

    Ends early when the program has nothing left to wait for, where the bench can know that. Exit code 1 after
    an uncaught Squirrel error.
    """
    source = _read(file)
    log: list[LogEntry] = []
    failed = False
    with opened(rig, seed=seed, impos=impos) as bench:
        bench.power.on()
        bench.reset.release()
        bench.deployment.deploy(source, file.name)
        end_ns = bench.clock.deadline_ns(seconds)
        while (left := end_ns - bench.clock.now_ns()) > 0:
            entry = bench.deployment.read_log(min(_STEP_S, left / 1e9))
            if entry is None:
                if bench.deployment.idle():
                    break
                continue
            log.append(entry)
            if not json:
                _print(entry)
            if entry.kind == "server.error" and entry.text.startswith(_UNCAUGHT):
                failed = True
            elif failed:
                break  # the stack has been shown; the imp restarts and would run the program again
    if json:
        emit({"log": [vars(entry) for entry in log], "failed": failed})
    raise typer.Exit(1 if failed else 0)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}", "name a Squirrel device program"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 text", "save it as UTF-8") from error


def _print(entry: LogEntry) -> None:
    if entry.kind == "server.log":
        typer.echo(entry.text)
    else:
        stderr().print(f"[{entry.kind}] {entry.text}", markup=False)
