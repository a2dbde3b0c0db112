from pathlib import Path

import pytest

from benchctl.errors import (
    AdapterGoneError,
    BusTimeoutError,
    NotEquippedError,
    SilenceError,
    SquirrelError,
    UnexpectedRestartError,
    UserError,
)
from benchctl.measure import Verdict
from benchctl.qualify.outcome import describe, verdict_of


@pytest.mark.parametrize(
    ("exception", "in_test", "in_fixture"),
    [
        (AssertionError(), Verdict.FAIL, Verdict.ERROR),
        (SquirrelError("no such index"), Verdict.FAIL, Verdict.FAIL),
        (UnexpectedRestartError("it restarted"), Verdict.FAIL, Verdict.FAIL),
        (SilenceError("0 of 5 bytes came"), Verdict.FAIL, Verdict.ERROR),
        (BusTimeoutError("the flash stays busy"), Verdict.ERROR, Verdict.ERROR),
        (NotEquippedError("USB hub"), Verdict.NOT_EQUIPPED, Verdict.NOT_EQUIPPED),
        (AdapterGoneError("unplugged"), Verdict.ERROR, Verdict.ERROR),
        (UserError("no such net"), Verdict.ERROR, Verdict.ERROR),
        (ValueError("a bug of the suite"), Verdict.ERROR, Verdict.ERROR),
        (pytest.fail.Exception("wrong"), Verdict.FAIL, Verdict.ERROR),
        (pytest.skip.Exception("not here"), Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE),
    ],
)
def test_an_exception_says_whose_fault_it_is(
    exception: BaseException, in_test: Verdict, in_fixture: Verdict
) -> None:
    assert verdict_of(exception, in_fixture=False) is in_test
    assert verdict_of(exception, in_fixture=True) is in_fixture


def test_the_words_are_the_same_in_every_run() -> None:
    root = Path("/home/somebody/benchctl")
    assert describe(ValueError(f"<Port at 0x7f12ab> on /dev/pts/7 in {root}/rigs/x.yaml"), root) == (
        "ValueError: <Port > on a pty in rigs/x.yaml"
    )
    assert describe(AssertionError(), root) == "an assertion failed"
    assert describe(KeyError(), root) == "KeyError"
