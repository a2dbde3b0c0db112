"""Opening a rig, real or virtual."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from benchctl.adapters.monotonic import MonotonicClock
from benchctl.bench.bench import Bench
from benchctl.buses.host import Host
from benchctl.dut.deploy import Deployment
from benchctl.errors import NotEquippedError, UserError
from benchctl.rig.loader import load_rig
from benchctl.rig.model import Rig

_TWIN = "benchctl.twin.build"


def open_bench(rig: str | Rig, *, seed: int = 0, impos: str = "", faults: Iterable[str] = ()) -> Bench:
    """Open a rig by path, name or as loaded; its adapters are locked and in high impedance.

    Args:
        rig: rig file or name.
        seed: seed of the virtual bench.
        impos: release the virtual imp runs; "" for the one the rig names.
        faults: faults to give the virtual imp.

    Raises:
        UserError, RigError: the request or the rig file is wrong.
        AdapterError: an adapter is absent or busy.
    """
    loaded = rig if isinstance(rig, Rig) else load_rig(rig)
    faults = tuple(faults)
    if not loaded.virtual:
        if faults:
            raise UserError("a real imp cannot be given faults", "leave out --fault, or use a virtual rig")
        host = Host(MonotonicClock())
        return Bench(loaded, host, lambda: _impcentral(loaded, host), lambda: None)
    release = impos or loaded.impos
    if not release:
        raise loaded.place("bench").error("a virtual imp needs a release to run", 'add `impos: "34.11"`')
    twin = _load_twin().open_virtual(loaded, seed=seed, impos=release, faults=faults)
    try:
        return Bench(loaded, twin.host, lambda: twin.cloud, twin.close)
    except BaseException:
        twin.close()
        raise


def _load_twin() -> Any:
    """The virtual bench is an extra: it is loaded by name and may be absent, as on a Raspberry Pi."""
    try:
        return import_module(_TWIN)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("benchctl"):
            raise
        raise UserError(
            f"the virtual bench needs {error.name}, which is not installed here",
            "its Squirrel VM is built for x86-64 Linux only; use a real rig on this machine",
        ) from error


def _impcentral(rig: Rig, host: Host) -> Deployment:
    if rig.deploy is None:
        raise NotEquippedError(
            "way to deploy to the imp", f"add `deploy` with the device and group ids to {rig.file}"
        )
    impcentral: Any = import_module("benchctl.dut.impcentral")
    deployment: Deployment = impcentral.ImpCentral(impcentral.Account(**vars(rig.deploy)), host.clock)
    return deployment
