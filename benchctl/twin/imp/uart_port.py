"""A serial port below its API: the pins it takes, its two halves, and the pin that tells when it transmits.

Facts: api/uart.yaml; the ids in comments are its.
"""

from collections.abc import Generator
from functools import partial

from benchctl.dut.modules.buses import Uart
from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.constants import CONTROL
from benchctl.twin.imp.pads import Pad
from benchctl.twin.imp.runtime import Trigger
from benchctl.twin.imp.txactive import TransmitActive
from benchctl.twin.imp.uart_events import UartEvents
from benchctl.twin.imp.uart_receive import DEAF_AFTER_SENDING, Flags, Receiver
from benchctl.twin.imp.uart_transmit import Sender
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.wires.uart_line import LineFormat

DEFAULT_FIFO = 80
_DEAF_NS = 5_000_000

ACTIVE_REBOOTS = declare(
    "uart-txactive-reboots",
    "r34-imp005-settxactive-crash-fix",
    "about one transmission in thirty with settxactive() reboots the imp",
    ["imp005"],
)


class SerialPort:
    """One UART, closed or open.

    Args:
        chip: the imp.
        path: its path in the API, under which its FIFO sizes are kept.
        uart: the module's facts about it.

    Attributes:
        is_open: whether it was configured and not disabled since.
        receiver: its receiving half while open; None also where the UART has no RX or it is not used.
        sender: its sending half, likewise.
        events: its flags and its callback.
    """

    def __init__(self, chip: Chip, path: str, uart: Uart) -> None:
        self._chip, self._path, self._uart = chip, path, uart
        self.is_open = False
        self.receiver: Receiver | None = None
        self.sender: Sender | None = None
        self.events = UartEvents(chip, self._watch, self._catch_up)
        self._active: TransmitActive | None = None
        self._chance = chip.random(f"{path} active")

    def open(self, fmt: LineFormat, control: int) -> None:
        """Enable it in a format, with the control flags given.

        choice: what the FIFOs held before is lost, received or not yet sent.
        """
        self._stop()
        self.is_open = True
        self._format = fmt
        used = self._take_pins(control)
        if "tx" in used:
            self.sender = self._new_sender(used["tx"].net, used["tx"], used.get("cts"))
        if "rx" in used:
            size, events = self.fifo("rx"), self.events
            self.receiver = Receiver(self._chip, used["rx"].net, fmt, size, used.get("rts"), events.received)
            self._watch()

    def close(self) -> None:
        """Stop, and give the pins back."""
        self._stop()
        self.is_open = False
        for label in self._uart.pins.values():
            self._chip.pads[label].release(self)

    def announce(self, active: TransmitActive | None) -> None:
        """Have a pin tell when the port transmits, from now on; None for no pin."""
        if self._active is not None:
            self._active.release()
        self._active = active
        if active is not None and self.sender is not None and self.sender.busy:
            active.begin()

    def transmit(self, sender: Sender, data: bytes) -> Generator[int | Trigger, None, None]:
        """Send; blocks until all of it is in the FIFO (UART-WRITE-01)."""
        if not data:
            return
        if self._active is not None and not sender.busy:
            if self._chip.broken(ACTIVE_REBOOTS) and self._chance.randrange(30) == 0:
                self._chip.crash()
            self._active.begin()
            yield self._chip.world.now + self._active.pre_ns
        sender.send(data)
        if self._active is not None:
            self._active.planned(sender.idle_ns, self._format.bit_fs // 1_000_000)
        size = self.fifo("tx")
        while sender.waiting > size:
            yield sender.room_at(size)

    def fifo(self, which: str) -> int:
        """Size of the FIFO `rx` or `tx`, bytes."""
        size = self._chip.kept.get(f"{self._path} {which}", DEFAULT_FIFO)
        assert isinstance(size, int)
        return size

    def set_fifo(self, which: str, size: int) -> None:
        """Give a FIFO another size, from the next `open` on."""
        self._chip.kept[f"{self._path} {which}"] = size

    def take_flags(self) -> int:
        """Events since last asked."""
        return self.events.take(self.receiver.take_flags() if self.receiver is not None else 0)

    def _take_pins(self, control: int) -> dict[str, Pad]:
        """The pads by role; those that the control flags leave out are let go."""
        unused: set[str] = {"tx", "cts"} if control & CONTROL["NO_TX"] else set()
        unused |= {"rx", "rts"} if control & CONTROL["NO_RX"] else set()
        unused |= {"rts", "cts"} if control & CONTROL["NO_CTSRTS"] else set()
        used: dict[str, Pad] = {}
        for role, label in self._uart.pins.items():
            pad = self._chip.pads[label]
            if role in unused:
                pad.release(self)
                continue
            pad.claim(self, partial(self._lost, role))
            used[role] = pad
            if role in ("rx", "cts"):
                pad.driver.set(Drive.Z)
        return used

    def _new_sender(self, net: Net, pad: Pad | None, cts: Pad | None) -> Sender:
        driver = pad.driver if pad is not None else net.driver("unconnected")
        return Sender(
            self._chip.world, driver, self._format, self.fifo("tx"), cts, self._half_sent, self._sent
        )

    def _stop(self) -> None:
        if self.receiver is not None:
            self.receiver.close()
        if self.sender is not None:
            cut_short = self.sender.busy
            self.sender.close()
            if cut_short and self._active is not None:
                self._active.end()
        self.receiver = self.sender = None

    def _lost(self, role: str) -> None:
        """Another function took a pin. choice: without RTS or CTS there is no flow control that way."""
        if role == "tx" and self.sender is not None:
            # What is left goes out where nobody sees it.
            unsent = self.sender.close()
            self.sender = self._new_sender(Net(self._chip.world, "nowhere"), None, None)
            self.sender.send(unsent)
        elif role == "cts" and self.sender is not None:
            self.sender.ignore_cts()
        elif role == "rx" and self.receiver is not None:
            self.receiver.close()
        elif role == "rts" and self.receiver is not None:
            self.receiver.release_rts()

    def _watch(self) -> None:
        if self.receiver is not None:
            self.receiver.watch(self.events.wants_reception)

    def _catch_up(self) -> int:
        return self.receiver.catch_up() if self.receiver is not None else 0

    def _half_sent(self) -> None:
        if self._chip.release.since(32):
            self.events.sent(Flags.WRITE_HALF_DONE)

    def _sent(self) -> None:
        if self._active is not None:
            self._active.end()
            if self.receiver is not None and self._chip.broken(DEAF_AFTER_SENDING):
                self.receiver.deaf_until = self._chip.world.now + _DEAF_NS
        self.events.sent(Flags.WRITE_DONE)
