"""`benchctl scan`."""

from collections.abc import Mapping

from benchctl.cli.output import Json, emit, show_table, stderr


def _rigs() -> Mapping[tuple[str, str], list[str]]:
    from benchctl.bench.inventory import rigs_by_identity

    return rigs_by_identity()


def command(json: Json = False) -> None:
    """List the adapters attached to this machine, and which rig each belongs to."""
    from benchctl.adapters.monotonic import MonotonicClock
    from benchctl.adapters.usbhost import cannot_see, scan
    from benchctl.buses.host import Host

    host = Host(MonotonicClock())
    attached = scan(host)
    known = _rigs() if attached else {}
    rows = []
    for found in attached:
        keys = {(found.kind, found.serial), (found.kind, found.location)}
        rigs = sorted({rig for key in keys for rig in known.get(key, ())})
        rows.append({**vars(found), "rigs": rigs})
    if problem := cannot_see(host):
        stderr().print(f"no USB adapter is seen: {problem}", markup=False)
    if json:
        emit({"adapters": rows})
    elif rows:
        show_table(
            ("kind", "serial", "location", "description", "rigs"),
            [(r["kind"], r["serial"], r["location"], r["description"], ", ".join(r["rigs"])) for r in rows],
        )
    elif not problem:
        stderr().print("no adapter is attached")
