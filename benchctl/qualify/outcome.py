"""What an exception in a test says about the imp."""

import re
from pathlib import Path

import pytest

from benchctl.errors import BenchError, DutError, NotEquippedError, SilenceError
from benchctl.measure import Verdict

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_HINT = "Use -v to get more diff"
_PTY = re.compile(r"/dev/pts/\d+")


def verdict_of(exception: BaseException, *, in_fixture: bool) -> Verdict:
    """The verdict an exception stands for.

    An assertion is a FAIL in the test itself; a fixture asserts about the bench, so there it is an ERROR.
    So is silence: in a test it is the imp that was to send. A test that skips itself says that it does not
    apply.
    """
    if isinstance(exception, pytest.skip.Exception):
        return Verdict.NOT_APPLICABLE
    if isinstance(exception, NotEquippedError):
        return Verdict.NOT_EQUIPPED
    if isinstance(exception, DutError):
        return Verdict.FAIL
    if isinstance(exception, AssertionError | SilenceError | pytest.fail.Exception) and not in_fixture:
        return Verdict.FAIL
    return Verdict.ERROR


def describe(exception: BaseException, root: Path) -> str:
    """The exception in words that are the same in every run: no addresses, no absolute paths."""
    text = str(exception).strip()
    if isinstance(exception, AssertionError):
        text = text.replace(_HINT, "").strip() or "an assertion failed"
    elif not isinstance(exception, BenchError | pytest.skip.Exception | pytest.fail.Exception):
        text = f"{type(exception).__name__}: {text}" if text else type(exception).__name__
    text = text.replace(f"{root}/", "")
    return _PTY.sub("a pty", _ADDRESS.sub("", text))
