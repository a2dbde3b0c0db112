"""An open bench: what suites, the shell and the command line work with."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType

from benchctl.adapters.closing import close_all
from benchctl.bench.channels import Channels
from benchctl.bench.control import ControlPort
from benchctl.bench.lines import SwitchablePull
from benchctl.bench.recording import Recording
from benchctl.bench.switches import Switches
from benchctl.buses.clock import Clock
from benchctl.buses.gpio import Gpio
from benchctl.buses.host import Host
from benchctl.buses.i2c import I2c
from benchctl.buses.power import Power, Reset
from benchctl.buses.spi import Spi
from benchctl.buses.uart import Uart
from benchctl.buses.usb import UsbPort
from benchctl.dut.deploy import Deployment
from benchctl.dut.imp import Imp
from benchctl.errors import NotEquippedError
from benchctl.rig import model
from benchctl.rig.kinds import Direction
from benchctl.rig.model import Net, Rig
from benchctl.rig.nets import UartFacing, Wiring

LINK_EVENT_CHAR = 0  # frames of the control link end with it: the adapter then sends at once


class Bench:
    """A rig with its adapters open. Use it as a context manager: everything is released at the end.

    Args:
        rig: the resolved rig.
        host: the machine, or the virtual bench's stand-in.
        deployment: opens the way programs take onto the imp.
        on_close: called last.
    """

    def __init__(
        self, rig: Rig, host: Host, deployment: Callable[[], Deployment], on_close: Callable[[], None]
    ) -> None:
        self.rig, self.host = rig, host
        self.wiring = Wiring(rig)
        self._open_deployment, self._on_close = deployment, on_close
        self._deployment: Deployment | None = None
        self._channels = Channels(rig, host)
        self._switches = Switches(rig, host, self._line)

    @property
    def clock(self) -> Clock:
        """Bench time."""
        return self.host.clock

    # -- the imp ----------------------------------------------------------------------------------------

    @cached_property
    def control(self) -> ControlPort:
        """The control link, the firmware met."""
        port = ControlPort(
            self.rig,
            self.clock,
            self._link_uart,
            self._link_pins,
            lambda name: self._channels.release(self.wiring.uart_facing(name).channel),
            lambda: self.deployment,
        )
        self.power.on()
        self.reset.release()
        port.find()
        return port

    @property
    def imp(self) -> Imp:
        """The imp, through its firmware."""
        return self.control.imp

    @property
    def deployment(self) -> Deployment:
        """Where programs go onto the imp and its log comes out."""
        if self._deployment is None:
            self._deployment = self._open_deployment()
        return self._deployment

    @property
    def power(self) -> Power:
        """The imp's supply."""
        return self._switches.power

    @property
    def reset(self) -> Reset:
        """The imp's reset line."""
        return self._switches.reset

    def use(self, *pins: str) -> None:
        """The test needs these imp pins: the control link moves out of the way if it has one of them."""
        self.control.keep_clear_of(pins)

    def hang_up(self) -> None:
        """Close the control link's channel while a program other than the firmware runs.

        Nobody then listens for hours to a firmware that is not there. `control.meet()` opens it again.
        """
        self._channels.release(self.wiring.uart_facing(self.control.uart).channel)

    def imp_quiet(self) -> AbstractContextManager[None]:
        """Keep the imp off its pins: in reset, or without power where its reset is not wired."""
        return self._switches.imp_quiet()

    # -- buses and lines --------------------------------------------------------------------------------

    def uart(self, name: str) -> Uart:
        """The bench UART facing an imp UART (object name or board role), over RS485 if no other is wired."""
        return self._uart_over(self.wiring.uart_facing(name))

    def rs485(self, name: str) -> Uart:
        """The bench UART that an imp UART (object name or board role) reaches over RS485."""
        return self._uart_over(self.wiring.rs485_facing(name))

    def part_uart(self, part: str) -> Uart:
        """The bench UART that a part is wired to, such as a USB serial adapter plugged into the imp."""
        return self._channels.uart(self.wiring.uart_of_part(part))

    @cached_property
    def uarts_facing(self) -> dict[str, UartFacing]:
        """The imp's UARTs that a bench UART faces, by name."""
        found = {}
        for name in self.rig.module.uarts:
            try:
                found[name] = self.wiring.uart_facing(name)
            except NotEquippedError:
                continue
        return found

    def i2c(self, name: str) -> I2c:
        """The bench I²C controller on an imp I²C bus."""
        return self._channels.i2c(self.wiring.i2c_facing(name).channel)

    def spi(self, part: str) -> Spi:
        """The bench SPI controller that reaches a part, supplied. See `imp_quiet` where nets are shared."""
        facing = self.wiring.spi_reaching(part)
        self.supply(part)
        cs = self.wiring.net(facing.nets["CS"])
        bit = next(a.function.bit for a in self.wiring.bench_channels_on(cs) if a.channel == facing.channel)
        return self._channels.spi(facing.channel, bit)

    def gpio(self, net: str) -> Gpio:
        """The bench line on a net, named by itself, by the imp pin on it, or by a board role."""
        return self._line(self.wiring.gpio_line(self.wiring.net(net)).pin)

    def pull(self, net: str) -> SwitchablePull:
        """The resistor on a net that the bench can switch to either level or off."""
        wired = self.wiring.net(net)
        pulls = self.wiring.switched_pulls(wired)
        if not pulls:
            raise NotEquippedError(
                f"switchable pull on net {wired.name!r}", "put a resistor to a gpio line on it"
            )
        return SwitchablePull(self._line(pulls[0].line.pin), pulls[0].ohms)

    def supply(self, part: str) -> None:
        """Switch a part on, until `release()`; one that is always on is left alone.

        Bench channels that drive what it is going to drive let go first.
        """
        line = self.wiring.supply_line(part)
        if line is None:
            return
        for pin, direction in self.rig.parts[part].spec.pins.items():
            net = self.wiring.net_of(model.PinRef(part, pin))
            if net and direction in (Direction.OUTPUT, Direction.TRISTATE):
                self._channels.clear(net)
        self._line(line.pin).drive(True)

    def capture(self, nets: Sequence[str], hz: float) -> Recording:
        """Record nets against one sample clock: `with bench.capture(["u1_tx"], 1e6) as recording:`."""
        wired: list[Net] = [self.wiring.net(name) for name in nets]
        plan = self.wiring.capture_channels(wired)
        capture = self._channels.capture(plan.channel, plan.bits)
        try:
            capture.configure(hz)
        except BaseException:
            capture.close()
            raise
        return Recording(capture)

    def usb_port(self, part: str) -> UsbPort:
        """The hub port that supplies a part: its power plugs and unplugs a USB device at the imp."""
        return self._switches.usb_port(part)

    # -- end ----------------------------------------------------------------------------------------------

    def let_go(self, part: str) -> None:
        """Put the SPI controller that reaches a part into high impedance; it opens again when asked for."""
        self._channels.release(self.wiring.spi_reaching(part).channel)

    def release(self) -> None:
        """Put every channel into high impedance but the control link's; a supply switched by a line stays."""
        keep: dict[model.Channel, int] = {}
        if "control" in vars(self):
            keep[self.wiring.uart_facing(self.control.uart).channel] = 0
        if isinstance(self.rig.power, model.Line):
            supply = self.rig.channel_of(self.rig.power.pin)
            function = supply.function(self.rig.power.pin.pin) if supply else None
            if supply and function:
                keep[supply] = 1 << function.bit
        self._channels.release_all(keep)

    def close(self) -> None:
        """Release every output and adapter; whatever fails, the rest is still released."""
        deployment, self._deployment = self._deployment, None
        closers = [deployment.close] if deployment else []
        try:
            close_all([*closers, self._switches.close, self._channels.close])
        finally:
            self._on_close()

    def __enter__(self) -> "Bench":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _uart_over(self, way: UartFacing) -> Uart:
        for transceiver in way.transceivers:
            self.supply(transceiver)
        if "control" in vars(self):
            self.use(*self._imp_pins_driven_by(way.channel))
        return self._channels.uart(way.channel)

    def _link_uart(self, name: str) -> Uart:
        return self._channels.uart(self.wiring.uart_facing(name).channel, event_char=LINK_EVENT_CHAR)

    def _link_pins(self, name: str) -> set[str]:
        bus = self.rig.module.uart(name)
        driven = self._imp_pins_driven_by(self.wiring.uart_facing(name).channel)
        return {pin for pin in (bus.tx, bus.rx) if pin} | driven

    def _imp_pins_driven_by(self, channel: model.Channel) -> set[str]:
        return {pin for net in self._channels.driven_nets(channel) for pin in self.wiring.imp_pins_on(net)}

    def _line(self, pin: model.PinRef) -> Gpio:
        channel = self.rig.channel_of(pin)
        function = channel.function(pin.pin) if channel else None
        if channel is None or function is None:
            raise NotEquippedError(f"bench line {pin}", "give its channel the role gpio")
        return self._channels.gpio(channel).line(function.bit)
