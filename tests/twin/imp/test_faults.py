from collections.abc import Callable

import pytest

from benchctl.twin.faults import declared
from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]
PROGRAM = """
local u = null;
foreach (name in ["uart2", "uartFG", "uart57"]) if (name in hardware) u = hardware[name];
u.configure(115200, 8, PARITY_NONE, 1, NO_CTSRTS, @() u.readblob());
u.write("x"); u.flush();
server.log("alive");
"""


@pytest.mark.parametrize("fault", declared(), ids=lambda fault: fault.id)
def test_an_imp_with_a_fault_still_starts(make: Make, fault: object) -> None:
    modules = sorted(getattr(fault, "modules", ())) or ["imp003"]
    bench = make(modules[0], faults=(getattr(fault, "id", ""),))
    assert "alive" in bench.run(PROGRAM, 2.5)
