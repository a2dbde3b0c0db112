"""`benchctl`: runs the command asked for, and turns errors into one message and an exit code.

Decoding a capture takes less time than importing typer does, so `decode` reads its own options.
"""

import gc
import os
import sys

from benchctl.errors import BenchError


def run(arguments: list[str] | None = None) -> None:
    """Entry point: exit 0 all well, 1 the imp failed, 2 request or rig file wrong, 3 the bench failed."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        if words[:1] == ["decode"]:
            from benchctl.cli import decode

            if arguments is None:
                # A process of its own, soon over, that makes no cycles: collecting would take a tenth of it.
                gc.disable()
            code = decode.main(words[1:])
            if arguments is None:
                os._exit(code)  # everything is written; taking the modules down would only cost time
        else:
            if arguments is None:  # a process of its own: outputs are released as after Ctrl-C
                import signal

                signal.signal(signal.SIGTERM, signal.default_int_handler)
            from benchctl.cli.commands import app

            code = app(words, standalone_mode=True)
    except BenchError as error:
        sys.stderr.write(_message(error))
        code = error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("benchctl: interrupted\n")
        code = 130
    except BrokenPipeError:
        code = 0
    sys.exit(code)


def _message(error: BenchError) -> str:
    """Whose fault, what happened, and on a line of its own what to do."""
    cure = f"  {error.cure[0].upper()}{error.cure[1:]}.\n" if error.cure else ""
    return f"benchctl: {error.fault.value}: {error.what}.\n{cure}"
