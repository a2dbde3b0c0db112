"""`benchctl check`."""

import typer

from benchctl.cli.output import Json, emit, stdout
from benchctl.cli.rigs import Rig, Seed, opened

_MARK = {True: "[green]ok[/]", False: "[red]FAIL[/]", None: "[dim]--[/]"}


def command(rig: Rig, seed: Seed = 0, json: Json = False) -> None:
    """Check a rig: file, adapters, wiring proof, latency audit. Exit code 3 when a wire is wrong."""
    from benchctl.bench.latency import audit
    from benchctl.bench.proof import prove_wiring

    console = stdout()
    findings = []
    with opened(rig, seed=seed) as bench:
        if not json:
            console.print(
                f"{_MARK[True]:<5} rig file and adapters: {bench.rig.name}, {len(bench.rig.nets)} nets"
            )
        for finding in prove_wiring(bench):
            findings.append(finding)
            if not json:
                detail = f"  [dim]{finding.detail}[/]" if finding.detail else ""
                console.print(f"{_MARK[finding.proven]}  {finding.what}{detail}")
        found = audit(bench)
    if json:
        emit(
            {
                "rig": bench.rig.name,
                "wiring": [vars(f) for f in findings],
                "latency": [vars(x) for x in found.latencies],
                "limitations": dict(found.limitations),
            }
        )
    else:
        for latency in found.latencies:
            console.print(
                f"    {latency.what}: {latency.typical_us:.0f} µs, at most {latency.worst_us:.0f} µs"
            )
        for uart, limits in found.limitations.items():
            console.print(f"    {uart}: {', '.join(limits)}")
    raise typer.Exit(3 if any(f.proven is False for f in findings) else 0)
