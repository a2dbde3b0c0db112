from benchctl.adapters.supply import LinePower, LineReset
from benchctl.buses.gpio import Gpio


class Line(Gpio):
    def __init__(self) -> None:
        self.did: list[bool | None] = []

    def drive(self, level: bool) -> None:
        self.did.append(level)

    def release(self) -> None:
        self.did.append(None)

    def read(self) -> bool:
        raise AssertionError

    def pulse(self, level: bool, width_us: float, *, count: int = 1, period_us: float | None = None) -> None:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError


def test_supply_is_driven_both_ways() -> None:
    for active_high in (True, False):
        line = Line()
        supply = LinePower(line, active_high=active_high)
        supply.on()
        supply.off()
        assert line.did == [active_high, not active_high]


def test_reset_is_let_go_of_and_never_driven_inactive() -> None:
    line = Line()
    reset = LineReset(line, active_high=False)
    reset.hold()
    reset.release()
    assert line.did == [False, None]
