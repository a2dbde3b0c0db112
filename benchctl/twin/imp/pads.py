"""The module's pads: which function of the imp drives each pin, and what it does when none does."""

from collections.abc import Callable, Iterator, Mapping

from benchctl.dut.module import Module
from benchctl.dut.modules.pins import RESET, Pin
from benchctl.twin.faults import declare
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World

PIN_N_DRIVEN = declare(
    "pin-n-driven-at-start",
    "r34-imp005-pinn-tristate-at-start",
    "pin N drives low from power-on until the program configures it",
    ["imp005"],
)

_DEFAULTS = {
    "tristate": Drive.Z,
    "driven_high": Drive.HIGH,
    "driven_low": Drive.LOW,
    "pulled_up": Drive.WEAK_HIGH,
}
# imp005 hardware guide (UART-MOD-01): these drive low from reset until impOS has booted.
_LOW_IN_RESET = frozenset({"UART1_RX", "UART2_RX"})


class Pad:
    """One pin of the module on its net.

    Attributes:
        owner: the API object that uses the pad now, or None.
        default: what the pad does when nothing uses it.
    """

    def __init__(self, pin: Pin, net: Net) -> None:
        self.pin, self.net = pin, net
        self.driver: Driver = net.driver(f"imp.{pin.name}")
        self.owner: object | None = None
        self._lost: Callable[[], None] | None = None
        # choice: a pin whose default state is not documented is tri-stated
        self.default = Drive.Z if pin.default_state is None else _DEFAULTS[pin.default_state]
        if pin.name == RESET:
            self.default = Drive.WEAK_HIGH  # choice: so an imp whose reset pin is not wired runs

    def claim(self, owner: object, lost: Callable[[], None] | None = None) -> None:
        """Take the pad; whoever had it is told. The level on the wire stays until the new owner drives."""
        previous, self._lost = self._lost, lost
        if self.owner is not None and self.owner is not owner and previous is not None:
            previous()
        self.owner = owner

    def release(self, owner: object) -> None:
        """Give the pad up, back to its default; ignored from anyone but the owner."""
        if self.owner is owner:
            self.reset()

    def reset(self) -> None:
        """Back to the default state, used by nobody."""
        self.owner = self._lost = None
        self.driver.set(self.default)

    def off(self, drive: Drive = Drive.Z) -> None:
        """No power or in reset: used by nobody."""
        self.owner = self._lost = None
        self.driver.set(drive)

    def level(self) -> int:
        """The real level at the pin."""
        return self.net.level()


class Pads:
    """Every pad of a module; pins that are wired to nothing get a net of their own.

    Args:
        world: simulated time.
        module: the module's facts.
        nets: net of each wired pin, by pin label.
    """

    def __init__(self, world: World, module: Module, nets: Mapping[str, Net]) -> None:
        clocks = {
            bus.pins[role] for bus in module.buses.values() for role in ("sclk", "scl") if role in bus.pins
        }
        clocks.add("FLASH_SCLK")
        self._pads: dict[str, Pad] = {}
        for name, pin in module.pins.items():
            net = nets.get(name) or (ClockNet if name in clocks else Net)(world, name)
            self._pads[name] = Pad(pin, net)

    def __getitem__(self, label: str) -> Pad:
        return self._pads[label]

    def __iter__(self) -> Iterator[Pad]:
        return iter(self._pads.values())

    def power_off(self) -> None:
        """Nothing is driven."""
        for pad in self:
            pad.off()

    def hold_in_reset(self) -> None:
        """Default states, and what only the reset state drives."""
        for pad in self:
            pad.off(Drive.LOW if pad.pin.name in _LOW_IN_RESET else pad.default)

    def start(self) -> None:
        """impOS has booted: default states."""
        for pad in self:
            pad.reset()
