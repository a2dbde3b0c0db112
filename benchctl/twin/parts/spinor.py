"""A serial NOR flash on an SPI bus: commands, status registers and busy times of a real chip."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchctl.twin.parts.nor.chip import PAGE, Chip, Span
from benchctl.twin.parts.nor.memory import NorMemory
from benchctl.twin.parts.nor.protection import protected_span
from benchctl.twin.parts.nor.self_timed import SelfTimed
from benchctl.twin.parts.nor.sfdp import sfdp
from benchctl.twin.parts.spi_target import Bytes, SpiTarget
from benchctl.twin.wires.clocked import ClockNet
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Times

Source = Callable[[int, Times], Bytes]
_WIP, _WEL, _SRP = 0x01, 0x02, 0x80
_MODE = 0  # the address length of the current address mode
# choice: a healthy unit at room temperature is this far at most between typical and maximum times
_SLOWEST = 0.25


@dataclass(frozen=True)
class _Form:
    """What follows an opcode: bytes of address, then dummy bytes."""

    address: int | None = None
    dummy: int = 0


_FORMS = {
    "read": _Form(_MODE),
    "fast-read": _Form(_MODE, 1),
    "read-4byte": _Form(4),
    "fast-read-4byte": _Form(4, 1),
    "read-sfdp": _Form(3, 1),
    "read-manufacturer": _Form(3),
    "read-unique-id": _Form(None, 4),
    "release-power-down": _Form(None, 3),
    "page-program": _Form(_MODE),
    "page-program-4byte": _Form(4),
    "erase-4k": _Form(_MODE),
    "erase-32k": _Form(_MODE),
    "erase-64k": _Form(_MODE),
    "erase-4k-4byte": _Form(4),
    "erase-64k-4byte": _Form(4),
}
_PLAIN = _Form()
_WHILE_BUSY = frozenset({"read-status-1", "read-status-2", "read-status-3", "reset-enable", "reset"})
_REGISTERS = ("1", "2", "3")


class SpiNor(SpiTarget):
    """A chip by its part number. The unit's own speed and unique id derive from the world's seed."""

    def __init__(
        self,
        name: str,
        chip: Chip,
        sclk: ClockNet,
        copi: Net,
        cipo: Net,
        cs: Net,
        wp: Net | None = None,
        hold: Net | None = None,
        vcc: Net | None = None,
    ) -> None:
        self.chip = chip
        self._wp, self._hold = wp, hold
        self._memory = NorMemory(chip.size)
        random = sclk.world.random(f"{name}/unit")
        self._unique_id = random.randbytes(8)
        self._timer = SelfTimed(sclk.world, random.uniform(0, _SLOWEST))
        self._names = {opcode: command for command, opcode in chip.opcodes.items()}
        self._sfdp = sfdp(chip) if "read-sfdp" in chip.opcodes else b""
        self._stored = [register.factory for register in chip.status]
        self._asleep = self._reset_armed = False
        self._status: list[int] = []
        self._forget()
        self.selected()
        super().__init__(name, sclk, copi, cipo, cs, vcc)

    @property
    def memory(self) -> NorMemory:
        """The cells, with everything that is over by now done."""
        self._timer.settle()
        return self._memory

    @property
    def busy(self) -> bool:
        """True while it programs, erases or writes its status."""
        return self._timer.busy

    def power_off(self) -> None:
        """Lose power: an operation under way is cut off, volatile state is gone."""
        self._timer.cut_off()
        self._asleep = False
        self._forget()
        self.selected()
        super().power_off()

    # What SpiTarget asks for

    @property
    def sending(self) -> bool:
        """True once a read command has its address."""
        return self._source is not None

    def send(self, count: int, times: Times) -> Bytes:
        """Whatever the command reads."""
        assert self._source is not None
        return self._source(count, times)

    def take(self, data: Bytes) -> int:
        """Opcode, then address and dummy bytes, then data."""
        if self._command is None:
            self._begin(int(data[0]))
            return 1
        missing = self._header_length - len(self._header)
        if missing:
            self._header += data[:missing].tobytes()
            if len(self._header) == self._header_length:
                self._open()
            return min(missing, len(data))
        self._received += data.tobytes()
        return len(data)

    def selected(self) -> None:
        """Expect an opcode."""
        self._command: str | None = None
        self._header = bytearray()
        self._header_length = 0
        self._received = bytearray()
        self._source: Source | None = None

    def deselected(self, whole_bytes: bool) -> None:
        """Carry out the command; commands that change something need CS to rise on a byte boundary."""
        command, self._source = self._command, None
        if not command or not whole_bytes:
            return
        armed, self._reset_armed = self._reset_armed, command == "reset-enable"
        if command == "reset" and armed:
            self._reset()
        elif command == "release-power-down":
            self._wake()
        elif len(self._header) == self._header_length:
            self._execute(command)

    def paused(self) -> bool:
        """HOLD low stops the clock."""
        return self._hold is not None and not self._hold.level()

    # Commands

    def _begin(self, opcode: int) -> None:
        self._timer.settle()
        command = self._names.get(opcode, "")
        if (self._timer.busy and command not in _WHILE_BUSY) or (
            self._asleep and command != "release-power-down"
        ):
            command = ""
        self._command = command
        form = _FORMS.get(command, _PLAIN)
        address = (4 if self._four_byte else 3) if form.address == _MODE else form.address or 0
        self._address_length, self._header_length = address, address + form.dummy
        if not self._header_length:
            self._open()

    @property
    def _address(self) -> int:
        return int.from_bytes(self._header[: self._address_length])

    def _open(self) -> None:
        """The header is complete: find what a read command sends."""
        command = self._command or ""
        if command in ("read", "fast-read", "read-4byte", "fast-read-4byte"):
            self._source = self._cells(self._address)
        elif command.startswith("read-status-"):
            self._source = self._status_reader(_REGISTERS.index(command[-1]))
        elif command == "read-jedec-id":
            self._source = _ring(self.chip.jedec_id)
        elif command == "read-manufacturer":
            identity = bytes([self.chip.jedec_id[0], self.chip.device_id])
            self._source = _ring(identity, self._address & 1)
        elif command == "release-power-down":
            self._source = _ring(bytes([self.chip.device_id]))
        elif command == "read-sfdp":
            self._source = _ring(self._sfdp, self._address)
        elif command == "read-unique-id":
            self._source = _ring(self._unique_id)

    def _execute(self, command: str) -> None:
        if command in ("write-enable", "write-disable"):
            self._write_enabled = command == "write-enable"
        elif command == "volatile-write-enable":
            self._volatile_write = True
        elif command == "power-down":
            self._asleep = True
        elif command in ("enter-4byte", "exit-4byte"):
            self._four_byte = command == "enter-4byte"
        elif command.startswith("write-status-"):
            self._write_status(_REGISTERS.index(command[-1]))
        elif command.startswith("page-program"):
            self._program()
        elif command.startswith("erase-chip"):
            self._erase(0, self.chip.size, self.chip.times.erase_chip)
        elif command.startswith("erase-4k"):
            self._erase(self._address, 0x1000, self.chip.times.erase_4k)
        elif command.startswith("erase-32k"):
            self._erase(self._address, 0x8000, self.chip.times.erase_32k)
        elif command.startswith("erase-64k"):
            self._erase(self._address, 0x10000, self.chip.times.erase_64k)

    def _cells(self, address: int) -> Source:
        def read(count: int, _times: Times) -> Bytes:
            nonlocal address
            found = self._memory.read(address, count)
            address += count
            return found

        return read

    def _status_reader(self, index: int) -> Source:
        def read(_count: int, times: Times) -> Bytes:
            value = self._status[index]
            if index:
                return np.full(len(times), value, np.uint8)
            busy = times < self._timer.end_ns
            enabled = self._write_enabled & (busy | (not self._timer.busy))
            return (value | np.where(busy, _WIP, 0) | np.where(enabled, _WEL, 0)).astype(np.uint8)

        return read

    def _program(self) -> None:
        address, data = self._address % self.chip.size, np.frombuffer(bytes(self._received), np.uint8)
        page = address // PAGE * PAGE
        if not len(data) or not self._may_change(page, PAGE):
            return
        times = self.chip.times
        duration = self._timer.duration_ns
        each = duration(times.first_byte) + (min(len(data), PAGE) - 1) * duration(times.next_byte)

        def program(done: float) -> None:
            self._memory.program(address, data[: round(done * len(data))])

        self._start(min(each, duration(times.page)), program)

    def _erase(self, address: int, count: int, span: Span) -> None:
        start = address % self.chip.size // count * count
        if self._may_change(start, count):
            self._start(
                self._timer.duration_ns(span), lambda done: self._memory.erase(start, round(done * count))
            )

    def _may_change(self, start: int, count: int) -> bool:
        first, last = protected_span(self.chip, self._status)
        return self._write_enabled and (start >= last or start + count <= first or first == last)

    def _write_status(self, index: int) -> None:
        locked = self._status[0] & _SRP and self._wp is not None and not self._wp.level()
        if locked or not self._received or not (self._write_enabled or self._volatile_write):
            return
        values = list(self._status)
        for register, value in enumerate(self._received[:2] if index == 0 else self._received[:1], index):
            writable = self.chip.status[register].writable
            values[register] = values[register] & ~writable | value & writable
        if self._volatile_write:
            self._status, self._volatile_write = values, False
            return

        def write(done: float) -> None:
            if done == 1.0:
                self._status = self._stored = values

        self._start(self._timer.duration_ns(self.chip.times.write_status), write)

    def _start(self, duration_ns: int, effect: Callable[[float], None]) -> None:
        def finish(done: float) -> None:
            effect(done)
            self._write_enabled = False

        self._timer.start(duration_ns, finish)

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            self._timer.start(self.chip.times.release[0], lambda _done: None)

    def _reset(self) -> None:
        self._timer.cut_off()
        self._forget()
        self._timer.start(self.chip.times.reset[0], lambda _done: None)

    def _forget(self) -> None:
        self._status = list(self._stored)
        self._write_enabled = self._volatile_write = False
        self._four_byte = self._reset_armed = False


def _ring(table: bytes, start: int = 0) -> Source:
    """A table sent over and over."""
    content = np.frombuffer(table, np.uint8)
    position = start

    def read(count: int, _times: Times) -> Bytes:
        nonlocal position
        index = (position + np.arange(count)) % len(content)
        position += count
        return content[index]

    return read
