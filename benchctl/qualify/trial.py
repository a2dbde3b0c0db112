"""One suite test while it runs: what it claims, records and raises, and the result in the end."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchctl.errors import BenchError
from benchctl.measure import Verdict, combine
from benchctl.qualify.judge import Judge
from benchctl.qualify.outcome import describe, verdict_of
from benchctl.report.results import TestResult

_SKIPPED = (Verdict.INCONCLUSIVE, Verdict.NOT_EQUIPPED, Verdict.NOT_APPLICABLE)


def marked(item: pytest.Item, name: str) -> list[str]:
    """The arguments of every mark `name` on a test, its class and its module, the outermost first."""
    marks = reversed(list(item.iter_markers(name)))
    return list(dict.fromkeys(argument for mark in marks for argument in mark.args))


@dataclass
class Trial:
    """A test in progress."""

    nodeid: str
    claims: list[str]
    root: Path
    judge: Judge = field(default_factory=Judge)
    raised: list[tuple[Verdict, str]] = field(default_factory=list)
    _started_s: float = field(default_factory=time.perf_counter)

    def phase(self, call: pytest.CallInfo[None], report: pytest.TestReport) -> Verdict | None:
        """Take in what setup, call or teardown came to, and make pytest's report of it say the same.

        Returns the verdict so far, None for a phase that has nothing to say.
        """
        if call.excinfo is not None:
            exception = call.excinfo.value
            verdict, text = (
                verdict_of(exception, in_fixture=call.when != "call"),
                describe(exception, self.root),
            )
            if call.when == "call" and self._stumbled(exception):
                verdict, text = Verdict.FAIL, f"the test could not go on: {text}"
            self.raised.append((verdict, text))
        elif call.when != "call":
            return None
        self._shape(report)
        return self.verdict

    @property
    def verdict(self) -> Verdict:
        """The most severe of what was raised and recorded; PASS when there was nothing of either."""
        verdicts = [verdict for verdict, _ in self.raised] + [entry.verdict for entry in self.judge.entries]
        return combine(verdicts) if verdicts else Verdict.PASS

    def result(self, bench_s: float) -> TestResult:
        """The finished test."""
        return TestResult(
            self.nodeid,
            self.claims,
            self.verdict,
            self._message(),
            [entry.recorded for entry in self.judge.entries],
            round(bench_s, 9),
            round(time.perf_counter() - self._started_s, 3),
        )

    def _stumbled(self, exception: BaseException) -> bool:
        """True when a test fell over what it had found: after a FAIL there may be nothing left to measure."""
        own = isinstance(exception, Exception) and not isinstance(exception, BenchError)
        return own and self.judge.verdict is Verdict.FAIL

    def _message(self) -> str:
        """What led to the verdict; with an ERROR also the failures, since both need somebody's attention."""
        if self.verdict in (Verdict.PASS, Verdict.OBSERVED):
            return ""
        raised = [text for _, text in sorted(self.raised, key=lambda each: each[0] is not self.verdict)]
        judged = [self.judge.message] if self.judge.verdict in (self.verdict, Verdict.FAIL) else []
        texts = judged + raised if self.verdict is Verdict.FAIL else raised + judged
        return "\n".join(filter(None, texts))

    def _shape(self, report: pytest.TestReport) -> None:
        """Suites know no expected failures: a known fault of the imp is a FAIL like any other."""
        if hasattr(report, "wasxfail"):
            del report.wasxfail
        if self.verdict in _SKIPPED:
            report.outcome = "skipped"
            path, line, _ = report.location
            report.longrepr = (path, (line or 0) + 1, f"{self.verdict}: {self._message()}")
        elif self.verdict in (Verdict.FAIL, Verdict.ERROR):
            report.outcome = "failed"
            report.longrepr = report.longrepr or self._message()
        else:
            report.outcome = "passed"
            report.longrepr = None
