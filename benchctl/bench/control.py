"""The control link of a bench: met, deployed to when need be, and moved out of a test's way."""

from collections.abc import Callable, Iterable

from benchctl.buses.clock import Clock
from benchctl.buses.uart import Uart, UartFormat
from benchctl.dut import firmware
from benchctl.dut.deploy import Deployment
from benchctl.dut.imp import Imp
from benchctl.dut.link.session import Session
from benchctl.dut.link.values import Reference, encode_request
from benchctl.errors import DutError, NotEquippedError
from benchctl.rig.model import ControlLink, Rig

_BOOT_S = 30.0


class ControlPort:
    """The imp through its control link.

    Args:
        rig: says which UARTs can carry the link.
        clock: bench time.
        uart: gives the bench UART facing an imp UART, in the link's role.
        pins: gives the imp pins that a link over an imp UART needs or that its bench UART drives.
        let_go: puts the bench UART facing an imp UART into high impedance.
        deployment: gives what can put a program onto the imp, when the firmware is not there.
    """

    def __init__(
        self,
        rig: Rig,
        clock: Clock,
        uart: Callable[[str], Uart],
        pins: Callable[[str], set[str]],
        let_go: Callable[[str], None],
        deployment: Callable[[], Deployment],
    ) -> None:
        self._rig, self._uart, self._pins, self._deployment = rig, uart, pins, deployment
        self._let_go = let_go
        self._link = rig.control.primary
        self._session = Session(self._bench_uart(self._link), clock, self._go_home)
        self.imp = Imp(self._session, clock)

    @property
    def uart(self) -> str:
        """The imp UART the link uses now."""
        return self._link.uart

    def find(self) -> None:
        """Meet the firmware on whichever UART an earlier user of the bench left it, and bring it home.

        Raises:
            DutError: it does not start.
        """
        home = self._rig.control.primary
        for link in (home, *self._rig.control.alternates):
            self._switch(link)
            if self._answers():
                if link != home:
                    self._move(home)
                return
        self._deploy()

    def meet(self) -> None:
        """Find the firmware on the imp; deploy it where it is missing or of another version.

        Raises:
            DutError: it does not start.
        """
        self._session.use(self._bench_uart(self._link))
        if not self._answers():
            self._deploy()

    def keep_clear_of(self, pins: Iterable[str]) -> None:
        """Move the link to a UART that uses none of these imp pins.

        Raises:
            NotEquippedError: every UART that can carry it does.
        """
        wanted = set(pins)
        if not wanted & self._pins(self._link.uart):
            return
        for link in (self._rig.control.primary, *self._rig.control.alternates):
            if not wanted & self._pins(link.uart):
                self._move(link)
                return
        raise NotEquippedError(
            f"control link clear of pins {', '.join(sorted(wanted))}",
            "wire another UART of the imp and list it under control.alternates",
        )

    def _answers(self) -> bool:
        try:
            return self._session.open(timeout_s=0.5).firmware == firmware.VERSION
        except DutError:
            return False

    def _go_home(self) -> None:
        """After a restart the firmware comes up on the primary link."""
        self._switch(self._rig.control.primary)

    def _deploy(self) -> None:
        primary = self._rig.control.primary
        self._go_home()
        self._deployment().deploy(firmware.program(primary.uart, primary.baud), "benchctl firmware")
        self._session.wait_hello(_BOOT_S)

    def _move(self, link: ControlLink) -> None:
        request = encode_request("m", Reference(f"hardware.{link.uart}"), link.baud)
        self._session.call(request, f"move the link to {link.uart}")
        self._switch(link)
        self._session.open(timeout_s=2.0)

    def _switch(self, link: ControlLink) -> None:
        if link != self._link:
            left, self._link = self._link, link
            self._session.use(self._bench_uart(link))
            self._let_go(left.uart)  # its outputs may be on pins of the test

    def _bench_uart(self, link: ControlLink) -> Uart:
        uart = self._uart(link.uart)
        uart.configure(UartFormat(link.baud))
        return uart
