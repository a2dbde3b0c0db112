"""How a run is going: a live display in a terminal, a line for each test elsewhere."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from benchctl.measure import Verdict
from benchctl.qualify.suites import FOLDER
from benchctl.report.results import TestResult

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.OBSERVED: "cyan",
    Verdict.NOT_APPLICABLE: "bright_black",
    Verdict.NOT_EQUIPPED: "magenta",
    Verdict.ERROR: "bold magenta",
}
_NOTEWORTHY = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
_WIDEST = max(len(verdict.value) for verdict in Verdict)


class ProgressDisplay:
    """A pytest plugin that shows results as they come.

    The display is redrawn between tests only: while one runs, pytest holds standard output.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._counts: Counter[Verdict] = Counter()
        self._bar = Progress(
            TextColumn("{task.completed:.0f}/{task.total:.0f}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=20, complete_style="cyan"),  # rich's own red is that of a FAIL
            TextColumn("{task.fields[counts]}", table_column=Column(no_wrap=True)),
            TextColumn("[bright_black]{task.description}", table_column=Column(ratio=1, no_wrap=True)),
            console=console,
            auto_refresh=False,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("", total=0, counts="")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Now it is known how many there are."""
        self._begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The same, when tests run in other processes."""
        self._begin(len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show what is running."""
        if self._live:
            self._bar.update(self._task, description=escape(nodeid.removeprefix(f"{FOLDER}/")), refresh=True)

    def pytest_benchctl_result(self, result: TestResult) -> None:
        """Show what came of it; in a live display only what needs attention stays on the screen."""
        self._counts[result.verdict] += 1
        counts = "  ".join(
            f"[{STYLES[verdict]}]{self._counts[verdict]} {verdict}[/]"
            for verdict in _NOTEWORTHY
            if self._counts[verdict]
        )
        self._bar.update(self._task, advance=1, counts=counts)
        if not self._live or result.verdict in _NOTEWORTHY:
            self._print(result)

    def pytest_sessionfinish(self) -> None:
        """Leave the screen to others."""
        if self._live:
            self._bar.stop()

    def pytest_internalerror(self, excrepr: Any) -> None:
        """Nobody else would say it."""
        self._console.print(escape(str(excrepr)))

    def _begin(self, total: int) -> None:
        self._bar.update(self._task, total=total)
        if self._live:
            self._bar.start()

    def _print(self, result: TestResult) -> None:
        verdict = f"[{STYLES[result.verdict]}]{result.verdict.value:<{_WIDEST}}[/]"
        self._console.print(f"{verdict} {escape(result.nodeid)}", highlight=False, soft_wrap=True)
        if result.verdict in _NOTEWORTHY and result.message:
            first = result.message.splitlines()[0]
            self._console.print(f"{'':{_WIDEST}} {escape(first)}", highlight=False, soft_wrap=True)
