"""What a finished test leaves on pytest's report of its teardown, for whoever records the run.

The report may come out of another process, where only plain values get through.
"""

from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter

from benchctl.report.results import TestResult

_ATTRIBUTE = "benchctl"


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished test.

    Attributes:
        result: all that results.json says of it.
        place: its number among the tests of the run, from 0: areas that run side by side end in any order.
        impos: the release under test as far as it was known then; empty before a real imp has said it.
    """

    result: TestResult
    place: int
    impos: str

    def attach(self, report: pytest.TestReport) -> None:
        """Leave it on the report."""
        setattr(report, _ATTRIBUTE, _FINISHED.dump_python(self, mode="json"))

    @classmethod
    def of(cls, report: pytest.TestReport) -> "Finished | None":
        """What was left on a report; None where nothing was."""
        plain = getattr(report, _ATTRIBUTE, None)
        return None if plain is None else _FINISHED.validate_python(plain)


_FINISHED = TypeAdapter(Finished)
