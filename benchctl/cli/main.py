"""`benchctl`: runs the command asked for, and turns errors into one message and an exit code.

Decoding a capture takes less time than importing typer does, so `decode` reads its own options.
"""

import gc
import os
import signal
import sys
import traceback

from benchctl.errors import BenchError

_INTERRUPTED = 130  # as shells count: 128 and the number of SIGINT
_TRACEBACK = "BENCHCTL_TRACEBACK"


def run(arguments: list[str] | None = None) -> None:
    """Entry point: exit 0 all well, 1 the imp failed, 2 request or rig file wrong, 3 the bench failed."""
    own_process = arguments is None
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = _decode(words[1:], own_process) if words[:1] == ["decode"] else _command(words, own_process)
        _flush()
    except BenchError as error:
        code = _say(error)
    except KeyboardInterrupt:
        sys.stderr.write("benchctl: interrupted\n")
        code = _INTERRUPTED
    except BrokenPipeError:  # who reads has read enough, as in `benchctl claims | head`
        _forget_stdout()
        code = 0
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):  # which rich makes one with exit code 1 of
            raise
        _forget_stdout()
        code = 0
    except OSError as error:
        _forget_stdout()
        where = f"{error.filename}: " if error.filename else ""
        code = _say(BenchError(f"{where}{error.strerror or error}"))
    except Exception as error:
        if os.environ.get(_TRACEBACK):
            raise
        code = _say(_defect(error))
    sys.exit(code)


def _decode(words: list[str], own_process: bool) -> int:
    from benchctl.cli import decode

    if own_process:
        # Soon over, and makes no cycles: collecting would take a tenth of it.
        gc.disable()
    code = decode.main(words)
    if own_process:
        os._exit(code)  # everything is written; taking the modules down would only cost time
    return code


def _command(words: list[str], own_process: bool) -> int:
    if own_process:  # outputs are released as after Ctrl-C
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    from benchctl.cli.commands import invoke

    return invoke(words)


def _say(error: BenchError) -> int:
    """Whose fault, what happened, and on a line of its own what to do. The exit code for it."""
    cure = f"  {error.cure[0].upper()}{error.cure[1:]}.\n" if error.cure else ""
    sys.stderr.write(f"benchctl: {error.fault.value}: {error.what}.\n{cure}")
    return error.exit_code


def _defect(error: Exception) -> BenchError:
    """An error that benchctl did not raise on purpose: never held against the imp."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return BenchError(
        f"benchctl has a defect: {type(error).__name__} at {last.filename}:{last.lineno}: {error}",
        f"report it with the command you gave; with {_TRACEBACK}=1 in the environment it says more",
    )


def _flush() -> None:
    """What cannot be written is to be known while somebody can still say so."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _forget_stdout() -> None:
    """The interpreter flushes standard output at its end, which must not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
