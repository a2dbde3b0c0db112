"""What the bench switches: the imp's supply and reset, and the hub ports of USB parts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchctl.adapters.closing import close_all
from benchctl.adapters.supply import HubPower, LinePower, LineReset
from benchctl.adapters.usbhub import UsbHub
from benchctl.bench.lines import ByHand, NoReset
from benchctl.buses.gpio import Gpio
from benchctl.buses.host import Host
from benchctl.buses.power import Power, Reset
from benchctl.buses.usb import UsbPort
from benchctl.errors import NotEquippedError
from benchctl.rig.model import HubPort, Line, PinRef, Rig
from benchctl.rig.parts import HubPowered

_QUIET_S = 0.01


class Switches:
    """Switches of a rig; hubs are opened when first asked for.

    Args:
        rig: the resolved rig.
        host: the machine the hubs are plugged into.
        line: gives the bench line on a pin.
    """

    def __init__(self, rig: Rig, host: Host, line: Callable[[PinRef], Gpio]) -> None:
        self._rig, self._host, self._line = rig, host, line
        self._hubs: dict[str, UsbHub] = {}

    @property
    def power(self) -> Power:
        """The imp's supply."""
        switch = self._rig.power
        if isinstance(switch, HubPort) and self._rig.has(switch.hub):
            return HubPower(self._port(switch))
        if isinstance(switch, Line) and self._rig.has(switch.pin.device):
            return LinePower(self._line(switch.pin), active_high=switch.active_high)
        return ByHand()

    @property
    def reset(self) -> Reset:
        """The imp's reset line."""
        line = self._rig.reset
        if line is None or not self._rig.has(line.pin.device):
            return NoReset()
        return LineReset(self._line(line.pin), active_high=line.active_high)

    @contextmanager
    def imp_quiet(self) -> Iterator[None]:
        """Keep the imp off its pins: in reset, or without power where its reset is not wired."""
        reset, power = self.reset, self.power
        quiet, wake = (power.off, power.on) if isinstance(reset, NoReset) else (reset.hold, reset.release)
        quiet()
        try:
            self._host.clock.sleep(_QUIET_S)
            yield
        finally:
            wake()

    def usb_port(self, part: str) -> UsbPort:
        """The hub port whose power plugs and unplugs a USB part at the imp."""
        spec = self._rig.parts[part].spec if part in self._rig.parts else None
        if not isinstance(spec, HubPowered):
            raise NotEquippedError(f"USB part {part!r}", "add it under `parts` with its `vbus` hub port")
        hub, _, port = spec.vbus.rpartition(".")
        return self._port(HubPort(hub, int(port)))

    def close(self) -> None:
        """Let go of the hubs; their ports stay as they are."""
        hubs, self._hubs = list(self._hubs.values()), {}
        close_all(hub.close for hub in hubs)

    def _port(self, where: HubPort) -> UsbPort:
        if where.hub not in self._hubs:
            adapter = self._rig.adapters[where.hub]
            adapter.require_presence()
            self._hubs[where.hub] = UsbHub(self._host, adapter)
        return self._hubs[where.hub].port(where.port)
