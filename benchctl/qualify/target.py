"""What a run is about: the rig, the imp on it, and how the bench is to be opened."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from benchctl.claims.catalogue import claim
from benchctl.errors import UserError
from benchctl.impos.releases import require_supported, wanted
from benchctl.impos.version import ImposVersion
from benchctl.qualify.faults import require_faults
from benchctl.rig.loader import load_rig
from benchctl.rig.nets import Wiring


@dataclass(frozen=True, slots=True)
class Target:
    """The subject of a run.

    Attributes:
        rig: the rig's name.
        module: module type, as `imp005`.
        impos: release under test as text; empty on a real bench until the imp has said hello.
        seed: seed of the virtual bench.
        faults: ids of the faults given to the virtual imp.
        virtual: whether the bench is made for the run, as often as it is wanted.
    """

    rig: str
    module: str
    impos: str = ""
    seed: int = 0
    faults: tuple[str, ...] = ()
    virtual: bool = False

    @property
    def version(self) -> ImposVersion | None:
        """The release as a version; None while it is unknown."""
        return ImposVersion.parse(self.impos) if self.impos else None

    def running(self, impos: str) -> "Target":
        """The same target, now that its release is known."""
        return replace(self, impos=impos)

    def why_not(self, claim_ids: Iterable[str], modules: Iterable[str], since: str | None) -> str:
        """Why a test does not apply to this target; empty when it does.

        Args:
            claim_ids: claims the test decides; it applies when one of them does.
            modules: the only modules it is for; empty for all.
            since: first impOS release it is for; None for all.

        Raises:
            UserError: a claim does not exist, or `since` is no version.
        """
        modules = list(modules)
        if modules and self.module not in modules:
            return f"the test is for {', '.join(modules)}, not for the {self.module}"
        if since is not None and self.version is not None and self.version < ImposVersion.parse(since):
            return f"the test is for impOS {since} and later, this is {self.impos}"
        reasons = [claim(claim_id).why_not(self.module, self.version) for claim_id in claim_ids]
        return "; ".join(reasons) if reasons and all(reasons) else ""


def target_of(rig: str, impos: str | None, seed: int, faults: Iterable[str]) -> Target:
    """The target that the options of a run name. The rig file is read, no port is opened.

    Raises:
        UserError: no such rig or fault, or the release does not run on its module.
        RigError: the rig file is wrong, or has a placeholder for the control link's adapter.
    """
    loaded = load_rig(rig)
    Wiring(loaded).control_adapter.require_identity()
    faults = tuple(faults)
    if faults and not loaded.virtual:
        raise UserError("a real imp cannot be given faults", "leave out --fault, or use a virtual rig")
    require_faults(faults)
    stated = impos or (loaded.impos if loaded.virtual else "")
    version = wanted(stated) if stated else None
    if version is not None:
        require_supported(loaded.module.name, version)
    return Target(loaded.name, loaded.module.name, str(version or ""), seed, faults, loaded.virtual)
