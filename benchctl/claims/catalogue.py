"""The claims, read from catalogue.yaml, and whether one applies to a module and a release."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from benchctl.data import load_data
from benchctl.errors import UserError
from benchctl.impos.releases import releases
from benchctl.impos.version import ImposVersion
from benchctl.nearest import nearest

_INHERITED_KINDS = frozenset({"feature", "change", "bugfix"})


@dataclass(frozen=True, slots=True)
class BenchTestable:
    """Whether a bench can decide the claim: `yes`, `partly` or `no`, and why."""

    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One testable statement of a source document; the fields are those described in catalogue.yaml."""

    id: str
    seed: str
    release: str
    kind: str
    area: str
    modules: tuple[str, ...]
    claim: str
    observable: str
    needs: tuple[str, ...]
    bench_testable: BenchTestable
    source: str
    confidence: str
    release_confidence: str
    until: str | None = None
    notes: str = ""

    @property
    def since(self) -> ImposVersion | None:
        """First release that carries the claim; None where no source states it."""
        return None if self.release == "unknown" else ImposVersion.parse(self.release)

    @property
    def general(self) -> bool:
        """True for what release notes say of every module of their time.

        Such a feature, change or fix is one of impOS, so modules that came later inherit it. A limit or a
        known issue is not inherited: later hardware may be without it.
        """
        if self.since is None or self.kind not in _INHERITED_KINDS:
            return False
        release = releases().get(self.since.major)
        return release is not None and release.all_modules == frozenset(self.modules)

    def why_not(self, module: str, impos: ImposVersion | None) -> str:
        """Why the claim does not apply to this module and release; empty when it applies.

        Args:
            module: module type, as `imp005`.
            impos: version on the module; None when not known yet, which rules nothing out.
        """
        if module not in self.modules and not self.general:
            return f"{self.id} is claimed for {', '.join(self.modules)}, not for the {module}"
        if impos is None:
            return ""
        if self.since is not None and impos < self.since:
            return f"{self.id} is claimed from impOS {self.release} on, this is {impos}"
        if self.until is not None and impos.major > int(self.until):
            return f"{self.id} is claimed up to impOS {self.until}, this is {impos}"
        return ""

    def applies_to(self, module: str, impos: ImposVersion | None) -> bool:
        """True when the documents state the claim for this module and release."""
        return not self.why_not(module, impos)

    @property
    def releases(self) -> str:
        """The releases as text: `34.11 and later`, `30 to 40`, `34 only`, `unknown`."""
        if self.since is None:
            return "unknown"
        if self.until is None:
            return f"{self.release} and later"
        return f"{self.release} only" if self.release == self.until else f"{self.release} to {self.until}"


def _claim(entry: Mapping[str, Any]) -> Claim:
    fields = dict(entry)
    fields["modules"] = tuple(entry["modules"])
    fields["needs"] = tuple(entry["needs"])
    fields["bench_testable"] = BenchTestable(**entry["bench_testable"])
    return Claim(**fields)


@cache
def claims() -> Mapping[str, Claim]:
    """Every claim by id, in the order of the catalogue."""
    data = load_data("benchctl.claims", "catalogue.yaml")
    return MappingProxyType({entry["id"]: _claim(entry) for entry in data["entries"]})


def claim(claim_id: str) -> Claim:
    """The claim of that id.

    Raises:
        UserError: there is none; the message names the nearest.
    """
    try:
        return claims()[claim_id]
    except KeyError:
        raise UserError(f"there is no claim {claim_id!r}", nearest(claim_id, claims())) from None
