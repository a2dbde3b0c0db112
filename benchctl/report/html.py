"""index.html: what pytest-html writes, with verdicts, claims, measured values and drawings.

pytest-html gives the one self-contained file, the table and its sorting; the cells, the details of each test
and everything above the table come from templates/.
"""

import platform
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined
from pytest_html import extras
from pytest_metadata.plugin import metadata_key

from benchctl.claims.catalogue import claim
from benchctl.measure import Verdict
from benchctl.report import svg
from benchctl.report.compare import compare
from benchctl.report.coverage import coverage
from benchctl.report.quantity import in_print
from benchctl.report.results import Recorded, Results, TestResult
from benchctl.report.sectors import sector_map

if TYPE_CHECKING:
    from benchctl.qualify.judge import Entry, Judge
    from benchctl.qualify.qualification import Qualification

_TEMPLATES = Path(__file__).with_name("templates")
_LIBRARIES = (
    *("pytest", "pytest-html", "pyserial", "pyusb", "pyftdi", "spidev", "smbus2", "numpy"),
    *("squirrel-lang-sq305", "greenlet"),
)
_PICTURED = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
_MOST_PICTURES = 4
_MOST_MEASUREMENTS = 100
_LONGEST_LOG = 20_000
_SHOWN_IN_ROW, _VALUES_IN_ROW, _LONGEST_IN_ROW = 160, 2, 32

_environment = Environment(
    loader=PackageLoader("benchctl.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    around=svg.around,
    claim=claim,
    histogram=svg.histogram,
    in_print=in_print,
    limit_bar=svg.limit_bar,
    sector_map=sector_map,
    shown=_SHOWN_IN_ROW,
    verdicts=list(Verdict),
    waveform=svg.waveform,
)


def prepare(config: pytest.Config) -> None:
    """To be called before pytest-html is configured: lays the report's style sheet over its own."""
    config.option.css = [*config.option.css, str(_TEMPLATES / "report.css")]


# What needs attention comes first and what does not concern this imp last.
_READING_ORDER = (
    Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_EQUIPPED,
    Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE,
)  # fmt: skip
_CELL = re.compile("<td.*?</td>", re.DOTALL)


class HtmlReport:
    """The hooks of pytest-html, for one run."""

    def __init__(self, config: pytest.Config, run: "Qualification", baseline: Results | None) -> None:
        self._config = config
        self._run = run
        self._baseline = baseline
        self._results: dict[str, TestResult] = {}
        self._telling: dict[str, list[Recorded]] = {}
        self._details: dict[str, str] = {}
        self._report: Any = None

    def pytest_benchctl_result(self, result: TestResult, judge: "Judge") -> None:
        """Render a test's details while its captures are at hand; they are not kept."""
        self._results[result.nodeid] = result
        self._telling[result.nodeid] = _telling(judge.entries, result.verdict)
        self._details[result.nodeid] = _environment.get_template("detail.html").render(
            test=result,
            entries=judge.entries[:_MOST_MEASUREMENTS],
            left_out=max(0, len(judge.entries) - _MOST_MEASUREMENTS),
            histograms=judge.histograms[:_MOST_PICTURES],
            flash_changes=judge.flash_changes[:_MOST_PICTURES],
            pictures=judge.waveforms[:_MOST_PICTURES] if result.verdict in _PICTURED else [],
        )

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Hand the details of a finished test to pytest-html."""
        if report.when == "teardown" and report.nodeid in self._details:
            report.extras = [extras.html(self._details.pop(report.nodeid))]

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
        result = self._results.get(report.nodeid)
        if result is None:
            return
        said = getattr(report, "verdict", None)
        if report.when != "collect" and (said is None or (report.when == "teardown" and report.passed)):
            cells.clear()
            return
        row = _environment.get_template("row.html").render(
            test=result,
            telling=self._telling[report.nodeid],
            longest=_LONGEST_IN_ROW,
            open=result.verdict in _PICTURED,
            rank=_READING_ORDER.index,
            bench_time=Recorded("bench time", float(f"{result.bench_s:.4g}"), "s"),
        )
        cells[:] = _CELL.findall(row)  # not by lines: values may hold any character that ends one

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """Show a log only where something went wrong, and no more of it than a browser takes."""
        result = self._results.get(report.nodeid)
        if result is None:
            return
        if result.verdict not in _PICTURED or isinstance(report.longrepr, str | tuple):
            data.clear()  # the message says it all
        else:
            text = "\n".join(data)
            data[:] = [text if len(text) <= _LONGEST_LOG else f"{text[:_LONGEST_LOG]}\n… cut here"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        """Everything above the table."""
        results = Results(self._run.header, list(self._results.values()))
        target = self._run.target
        release = f"impOS {target.impos}" if target.impos else "impOS"
        self._report.title = f"{release} on the {target.module}"
        self._config.stash[metadata_key].clear()
        self._config.stash[metadata_key].update(self._surroundings())
        prefix.append(
            _environment.get_template("summary.html").render(
                results=results,
                target=target,
                areas=_by_area(results.tests),
                lacking=_lacking(results.tests),
                missing=max(0, session.testscollected - len(results.tests)),
                coverage=coverage(results.tests, self._run.deciding, target.module, target.version),
                comparison=compare(self._baseline, results) if self._baseline else None,
                baseline=self._baseline,
                script=(_TEMPLATES / "report.js").read_text(encoding="utf-8"),
            )
        )

    def _surroundings(self) -> dict[str, Any]:
        target = self._run.target
        return {
            "Rig": escape(target.rig),
            "Module": target.module,
            "impOS": target.impos or "not read",
            "Seed": target.seed,
            "Faults": escape(", ".join(target.faults)) or "none",
            "Started": self._run.header.started,
            "benchctl": metadata.version("benchctl"),
            "Python": platform.python_version(),
            "Platform": platform.platform(),
            "Libraries": {name: _version(name) for name in _LIBRARIES},
        }


def _telling(entries: "Sequence[Entry]", verdict: Verdict) -> list[Recorded]:
    """What a row has room for: what led to the verdict, and measurements before comparisons."""
    order = sorted(entries, key=lambda each: (each.verdict is not verdict, each.recorded.uncertainty is None))
    return [entry.recorded for entry in order[:_VALUES_IN_ROW]]


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
