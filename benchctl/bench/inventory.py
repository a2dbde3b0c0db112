"""Which rig each adapter belongs to."""

from collections.abc import Mapping

from benchctl.errors import BenchError
from benchctl.rig.loader import load_rig, rig_names


def rigs_by_identity() -> Mapping[tuple[str, str], list[str]]:
    """Real rigs of rigs/ by (adapter kind, serial, port or path); broken ones are passed over."""
    known: dict[tuple[str, str], list[str]] = {}
    for name in rig_names():
        try:
            rig = load_rig(name)
        except BenchError:
            continue
        if rig.virtual:
            continue
        for adapter in rig.adapters.values():
            if not adapter.placeholder:
                identity = adapter.serial or adapter.port or adapter.path or adapter.driver
                known.setdefault((adapter.kind.name, identity), []).append(rig.name)
    return known
