"""The results of a run: the contract of results.json.

    {"schema": 1, "rig", "module", "impos", "seed", "started", "tests": [{"nodeid", "claims", "verdict",
    "message", "measurements": [{"name", "value", "unit", "uncertainty", "low", "high", "source"}],
    "bench_s", "wall_s"}], "totals": {"PASS": n, ...}}

Two runs with the same seed differ in `started` and `wall_s` only.
"""

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from benchctl.errors import UserError
from benchctl.measure import Measurement, Verdict

Scalar = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One measurement, comparison or observation.

    A comparison has its expectation as both limits, and no uncertainty. `None` stands for "no limit", and
    for an uncertainty that was not stated or has no bound.
    """

    name: str
    value: Scalar
    unit: str = ""
    uncertainty: float | None = None
    low: Scalar = None
    high: Scalar = None
    source: str = ""

    @classmethod
    def of(cls, measurement: Measurement) -> "Recorded":
        """The record of a measurement, with its uncertainty as applied."""
        return cls(
            measurement.name,
            rounded(measurement.value),
            measurement.unit,
            rounded(measurement.expanded) if math.isfinite(measurement.expanded) else None,
            rounded(measurement.low) if measurement.low is not None else None,
            rounded(measurement.high) if measurement.high is not None else None,
            measurement.source,
        )


def area_of(nodeid: str) -> str:
    """The suite folder that a test lies in, empty outside of one."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "suites" else ""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One finished test. `bench_s` is time on the rig's clock, `wall_s` on the wall's."""

    __test__ = False  # not a test class, whatever pytest makes of its name

    nodeid: str
    claims: list[str]
    verdict: Verdict
    message: str = ""
    measurements: list[Recorded] = field(default_factory=list)
    bench_s: float = 0.0
    wall_s: float = 0.0

    @property
    def area(self) -> str:
        """The suite folder the test lies in, empty outside of one."""
        return area_of(self.nodeid)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What was tested: the same for every test of a run."""

    rig: str
    module: str
    impos: str
    seed: int
    started: str


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run, or what there is of one that was interrupted."""

    header: RunHeader
    tests: list[TestResult]

    @property
    def totals(self) -> dict[str, int]:
        """Number of tests by verdict, zeros left out, the most severe verdict first."""
        count = Counter(test.verdict for test in self.tests)
        return {verdict.value: count[verdict] for verdict in Verdict if count[verdict]}

    @property
    def exit_code(self) -> int:
        """0 all well, 1 the imp failed, 3 the bench failed or could not decide."""
        return exit_code({test.verdict for test in self.tests})

    def to_json(self) -> str:
        """The document of results.json, its keys sorted."""
        document = {
            "schema": 1,
            **asdict(self.header),
            "tests": [_plain(test) for test in self.tests],
            "totals": self.totals,
        }
        return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


@dataclass(frozen=True, slots=True)
class _Document:
    schema: Literal[1]
    rig: str
    module: str
    impos: str
    seed: int
    started: str
    tests: list[TestResult]
    totals: dict[str, int]


_DOCUMENT = TypeAdapter(_Document)
TEST_RESULT = TypeAdapter(TestResult)
RUN_HEADER = TypeAdapter(RunHeader)


def _plain(test: TestResult) -> dict[str, Any]:
    plain: dict[str, Any] = TEST_RESULT.dump_python(test, mode="json")
    return plain


def read_results(file: Path) -> Results:
    """Read a results.json.

    Raises:
        UserError: there is no such file, or it is not one.
    """
    try:
        document = _DOCUMENT.validate_json(file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}", "name a results.json") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"{file} is no results.json of schema 1: {place}: {first['msg']}", "name a results.json"
        ) from error
    header = RunHeader(document.rig, document.module, document.impos, document.seed, document.started)
    return Results(header, document.tests)


def exit_code(verdicts: set[Verdict]) -> int:
    """The exit code of a run with these verdicts.

    INCONCLUSIVE alone gives 3: the imp did not fail, but the bench was not good enough to say so.
    """
    if Verdict.FAIL in verdicts:
        return 1
    return 3 if verdicts & {Verdict.ERROR, Verdict.INCONCLUSIVE} else 0


def rounded(value: float) -> float:
    """A number to nine significant digits, integers as they are: what any instrument here can show."""
    return value if isinstance(value, int) else float(f"{value:.9g}")
