"""index.html: what pytest-html writes, with verdicts, claims, measured values and drawings.

pytest-html gives the one self-contained file, the table and its sorting; the cells, the details of each test
and everything above the table come from templates/.
"""

import platform
import re
from collections import Counter
from html import escape
from importlib import metadata
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest
from pytest_metadata.plugin import metadata_key

from benchctl.measure import Verdict
from benchctl.report.compare import compare
from benchctl.report.coverage import coverage
from benchctl.report.detail import PICTURED
from benchctl.report.page import TEMPLATES, environment
from benchctl.report.results import Recorded, Results, TestResult

if TYPE_CHECKING:
    from benchctl.qualify.record import Record

_LIBRARIES = (
    *("pytest", "pytest-html", "pyserial", "pyusb", "pyftdi", "spidev", "smbus2", "numpy"),
    *("squirrel-lang-sq305", "greenlet"),
)
_LONGEST_LOG = 20_000
_LONGEST_IN_ROW = 32


def prepare(config: pytest.Config) -> None:
    """To be called before pytest-html is configured: lays the report's style sheet over its own."""
    config.option.css = [*config.option.css, str(TEMPLATES / "report.css")]


# What needs attention comes first and what does not concern this imp last.
_READING_ORDER = (
    Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_EQUIPPED,
    Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE,
)  # fmt: skip
_CELL = re.compile("<td.*?</td>", re.DOTALL)


class HtmlReport:
    """The hooks of pytest-html, for one run."""

    def __init__(self, config: pytest.Config, record: "Record", baseline: Results | None) -> None:
        self._config = config
        self._record = record
        self._baseline = baseline
        self._results: dict[str, tuple[TestResult, int]] = {}
        self._telling: dict[str, list[int]] = {}
        self._report: Any = None

    def pytest_benchctl_result(self, result: TestResult, place: int) -> None:
        """Keep it for its row, and for what stands above the table."""
        self._results[result.nodeid] = result, place

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what its row is to show."""
        self._telling[report.nodeid] = getattr(report, "telling", [])

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Keep hold of the report: a real imp says which release it runs only later."""
        self._report = report

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Verdict, test, measured value and bench time; pytest-html needs the hidden first two."""
        cells[:] = [
            '<th class="sortable unseen" data-column-type="result"></th>',
            '<th class="sortable unseen" data-column-type="testId"></th>',
            '<th class="sortable" data-column-type="verdict">Verdict</th>',
            '<th class="sortable" data-column-type="name">Test</th>',
            "<th>Measured</th>",
            '<th class="sortable time" data-column-type="time">Bench time</th>',
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """One row for each test, for whichever phase ended it."""
        if report.nodeid not in self._results:
            return
        result, place = self._results[report.nodeid]
        said = getattr(report, "verdict", None)
        if report.when != "collect" and (said is None or (report.when == "teardown" and report.passed)):
            cells.clear()
            return
        row = environment.get_template("row.html").render(
            test=result,
            telling=[result.measurements[index] for index in self._telling.get(report.nodeid, ())],
            longest=_LONGEST_IN_ROW,
            open=result.verdict in PICTURED,
            rank=f"{_READING_ORDER.index(result.verdict)}.{place:06}",
            bench_time=Recorded("bench time", float(f"{result.bench_s:.4g}"), "s"),
        )
        cells[:] = _CELL.findall(row)  # not by lines: values may hold any character that ends one

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """Show a log only where something went wrong, and no more of it than a browser takes."""
        if report.nodeid not in self._results:
            return
        result, _ = self._results[report.nodeid]
        if result.verdict not in PICTURED or isinstance(report.longrepr, str | tuple):
            data.clear()  # the message says it all
        else:
            text = "\n".join(data)
            data[:] = [text if len(text) <= _LONGEST_LOG else f"{text[:_LONGEST_LOG]}\n… cut here"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        """Everything above the table."""
        in_order = sorted(self._results.values(), key=itemgetter(1))
        results = Results(self._record.header, [result for result, _ in in_order])
        target = self._record.target
        release = f"impOS {target.impos}" if target.impos else "impOS"
        self._report.title = f"{release} on the {target.module}"
        self._config.stash[metadata_key].clear()
        self._config.stash[metadata_key].update(self._surroundings())
        prefix.append(
            environment.get_template("summary.html").render(
                results=results,
                target=target,
                areas=_by_area(results.tests),
                lacking=_lacking(results.tests),
                missing=max(0, session.testscollected - len(results.tests)),
                coverage=coverage(results.tests, self._record.deciding, target.module, target.version),
                comparison=compare(self._baseline, results) if self._baseline else None,
                baseline=self._baseline,
                script=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
            )
        )

    def _surroundings(self) -> dict[str, Any]:
        target = self._record.target
        return {
            "Rig": escape(target.rig),
            "Module": target.module,
            "impOS": target.impos or "not read",
            "Seed": target.seed,
            "Faults": escape(", ".join(target.faults)) or "none",
            "Started": self._record.header.started,
            "benchctl": metadata.version("benchctl"),
            "Python": platform.python_version(),
            "Platform": platform.platform(),
            "Libraries": {name: _version(name) for name in _LIBRARIES},
        }


def _by_area(tests: list[TestResult]) -> dict[str, Counter[Verdict]]:
    areas: dict[str, Counter[Verdict]] = {}
    for test in tests:
        areas.setdefault(test.area, Counter())[test.verdict] += 1
    return dict(sorted(areas.items()))


def _lacking(tests: list[TestResult]) -> list[tuple[str, int]]:
    """What the rig has not, as the tests say that need it, and how many do; the most wanted first."""
    return Counter(test.message for test in tests if test.verdict is Verdict.NOT_EQUIPPED).most_common()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
