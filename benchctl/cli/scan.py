"""`benchctl scan`."""

from benchctl.cli.output import Json, emit, show_table


def command(json: Json = False) -> None:
    """List the adapters attached to this machine, and which rig each belongs to."""
    from benchctl.adapters.monotonic import MonotonicClock
    from benchctl.adapters.usbhost import scan
    from benchctl.bench.inventory import rigs_by_identity
    from benchctl.buses.host import Host

    known = rigs_by_identity()
    rows = []
    for found in scan(Host(MonotonicClock())):
        keys = {(found.kind, found.serial), (found.kind, found.location)}
        rigs = sorted({rig for key in keys for rig in known.get(key, ())})
        rows.append({**vars(found), "rigs": rigs})
    if json:
        emit({"adapters": rows})
    else:
        show_table(
            ("kind", "serial", "location", "description", "rigs"),
            [(r["kind"], r["serial"], r["location"], r["description"], ", ".join(r["rigs"])) for r in rows],
        )
