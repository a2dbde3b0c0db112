"""Questions about the wiring of a rig: what faces what."""

from benchctl.rig.bench_lines import BenchLines
from benchctl.rig.controllers import Controllers
from benchctl.rig.uart_ways import UartFacing, UartWays

__all__ = ["UartFacing", "Wiring"]


class Wiring(UartWays, Controllers, BenchLines):
    """Everything the nets of a rig tell.

    Nothing is said twice in a rig file: which bench UART faces the imp's uart1 follows from the nets that
    join their pins. A wire that is missing is a NotEquippedError that names it.
    """
