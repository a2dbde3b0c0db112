"""An open rig: the composition root that puts adapters, the imp and (by name) the virtual bench together."""

from benchctl.bench.bench import Bench
from benchctl.bench.opening import open_bench

__all__ = ["Bench", "open_bench"]
