"""Running `benchctl` as its user does, in this process."""

from collections.abc import Callable

import pytest

from benchctl.cli.main import run

Benchctl = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def benchctl(capfd: pytest.CaptureFixture[str]) -> Benchctl:
    """Runs a command: its exit code, what it printed, and the lines of its message."""

    def start(*words: object) -> tuple[int, str, list[str]]:
        with pytest.raises(SystemExit) as end:
            run([str(word) for word in words])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(end.value.code or 0), out, err.splitlines()

    return start
