"""Which claims a run decided, and which nobody decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchctl.claims.catalogue import Claim, claims
from benchctl.impos.version import ImposVersion
from benchctl.measure import Verdict, combine
from benchctl.report.results import TestResult

_DECISIVE = frozenset({Verdict.PASS, Verdict.FAIL})


@dataclass(frozen=True)
class Coverage:
    """The claims that apply to a module and release, by what a run made of them.

    Attributes:
        decided: at least one test passed or failed; the verdict is the most severe of its tests.
        undecided: tests name them, but none could decide, or none was run.
        nobody: no test names them.
    """

    decided: Mapping[str, Verdict]
    undecided: tuple[Claim, ...]
    nobody: tuple[Claim, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of those that a test found wrong."""
        return tuple(claim_id for claim_id, verdict in self.decided.items() if verdict is Verdict.FAIL)

    @property
    def applicable(self) -> int:
        """How many claims apply."""
        return len(self.decided) + len(self.undecided) + len(self.nobody)


def coverage(
    tests: Iterable[TestResult], named: Iterable[str], module: str, impos: ImposVersion | None
) -> Coverage:
    """What `tests` say about the claims that apply; `named` are the ids that any suite test names."""
    verdicts: dict[str, list[Verdict]] = {}
    for test in tests:
        for claim_id in test.claims:
            verdicts.setdefault(claim_id, []).append(test.verdict)
    applicable = [each for each in claims().values() if each.applies_to(module, impos)]
    decided = {
        each.id: combine(verdicts[each.id])
        for each in applicable
        if _DECISIVE & set(verdicts.get(each.id, ()))
    }
    known = set(named) | set(verdicts)
    rest = [each for each in applicable if each.id not in decided]
    return Coverage(
        decided,
        tuple(each for each in rest if each.id in known),
        tuple(each for each in rest if each.id not in known),
    )
