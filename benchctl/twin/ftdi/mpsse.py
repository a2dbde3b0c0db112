"""The MPSSE: a command processor that shifts bits and moves pins (AN_108, AN_135, AN_114).

Commands come through the OUT FIFO, results go through the IN FIFO; a command that finds no data or no room
waits, and with it everything behind it. The SPI and JTAG pins are D0 clock, D1 out, D2 in, D3 TMS/CS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchctl.twin.ftdi.engine import TX_EMPTY, TX_HOLDING_EMPTY, Changed, Engine
from benchctl.twin.ftdi.models import Model
from benchctl.twin.ftdi.pins import Pin, PinBank, levels
from benchctl.twin.ftdi.shift import Shift, decode
from benchctl.twin.ftdi.timed_fifo import TimedFifo
from benchctl.twin.wires.clocked import Bits, Train, exchange
from benchctl.twin.wires.net import Driver, EdgeWatch
from benchctl.twin.wires.timeline import Drive, strong
from benchctl.twin.world import Event, World

# A GPIO command's execution time: pyftdi's Ftdi.mpsse_bit_delay, measured on an FT2232H.
GPIO_NS = 500
_BAD_COMMAND = 0xFA
_CLOCK, _OUT, _IN, _TMS, _WAIT, _RTCK = 0, 1, 2, 3, 5, 7

Job = Callable[[], int | None]
"""A step of a command: returns how long it takes, or None when it has to wait for something else."""


@dataclass
class _Port:
    """Eight pins under the GPIO commands: values, directions, and which only drive low."""

    pins: list[Pin]
    value: int = 0
    direction: int = 0
    drive_zero: int = 0

    def set(self, value: int, direction: int, drive_zero: int) -> None:
        changed = (value ^ self.value) | (direction ^ self.direction) | (drive_zero ^ self.drive_zero)
        self.value, self.direction, self.drive_zero = value, direction, drive_zero
        for bit, pin in enumerate(self.pins):
            if changed >> bit & 1:
                pin.driver.set(self.drive(bit))

    def drive(self, bit: int) -> Drive:
        """What the pin does."""
        high = self.value >> bit & 1
        if not self.direction >> bit & 1 or (high and self.drive_zero >> bit & 1):
            return Drive.Z
        return strong(high)

    def output(self, bit: int) -> Driver | None:
        """The pin's driver when it is an output."""
        return self.pins[bit].driver if self.direction >> bit & 1 else None


class Mpsse(Engine):
    """A channel in MPSSE mode (0x02). All pins are inputs until a GPIO command says otherwise."""

    def __init__(self, world: World, model: Model, pins: PinBank, changed: Changed) -> None:
        super().__init__(world, model, pins, changed)
        self._queue = bytearray()
        self._host_room = 0
        self._results = TimedFifo()
        self._low, self._high = _Port(pins.low), _Port(pins.high)
        self._divisor = 0
        self._divide_by_5 = True
        self._three_phase = False
        self._period_fs = 0
        self._clock_changed()
        self._adaptive = False
        self._loopback = False
        self._flush_ns: int | None = None
        self._job: Job | None = None
        self._next: Event | None = None
        self._watch: EdgeWatch | None = None
        self._commands: dict[int, tuple[int, Callable[[bytes], int]]] = {
            0x80: (2, self._set_low),
            0x81: (0, lambda _: self._get(self._low)),
            0x82: (2, self._set_high),
            0x83: (0, lambda _: self._get(self._high)),
            0x84: (0, lambda _: self._switch("_loopback", True)),
            0x85: (0, lambda _: self._switch("_loopback", False)),
            0x86: (2, self._set_divisor),
            0x87: (0, self._send_immediate),
            0x88: (0, lambda _: self._begin(lambda: self._wait_for(1))),
            0x89: (0, lambda _: self._begin(lambda: self._wait_for(0))),
            0x8A: (0, lambda _: self._switch("_divide_by_5", False)),
            0x8B: (0, lambda _: self._switch("_divide_by_5", True)),
            0x8C: (0, lambda _: self._switch("_three_phase", True)),
            0x8D: (0, lambda _: self._switch("_three_phase", False)),
            0x8E: (1, lambda args: self._pulse((args[0] & 7) + 1)),
            0x8F: (2, lambda args: self._pulse(8 * (int.from_bytes(args, "little") + 1))),
            0x94: (0, lambda _: self._clock_until(1, None)),
            0x95: (0, lambda _: self._clock_until(0, None)),
            0x96: (0, lambda _: self._switch("_adaptive", True)),
            0x97: (0, lambda _: self._switch("_adaptive", False)),
            0x9C: (2, lambda args: self._clock_until(1, int.from_bytes(args, "little") + 1)),
            0x9D: (2, lambda args: self._clock_until(0, int.from_bytes(args, "little") + 1)),
        }
        if model.drive_zero:
            self._commands[0x9E] = (2, self._set_drive_zero)

    def write(self, data: bytes) -> int:
        """Queue commands."""
        taken = self.fitting(data, self.model.out_fifo - len(self._queue))
        if taken:
            self._queue += data[:taken]
            self._resume()
        return taken

    def space_ns(self, count: int) -> int | None:
        """Unknown while the FIFO is full: it depends on what the commands wait for."""
        return self.world.now if len(self._queue) + count <= self.model.out_fifo else None

    def available(self) -> int:
        """Result bytes ready."""
        return self._results.available(self.world.now)

    def full_ns(self, count: int) -> int | None:
        """From the shift in progress."""
        return self._results.ready_ns(count)

    def extend(self, count: int) -> bool:
        """A read waiting for room goes on."""
        self._host_room = count
        if count:
            self._resume()
        return True

    def flush_ns(self) -> int | None:
        """Set by 0x87."""
        return self._flush_ns

    def take(self, count: int) -> bytes:
        """Remove results; a command waiting for room goes on."""
        data = self._results.take(count)
        if not len(self._results):
            self._flush_ns = None
        self._resume()
        return data

    def purge_out(self) -> None:
        """Drop queued commands and the one in progress."""
        self._queue.clear()
        self._job = None
        self._unwatch()

    def purge_in(self) -> None:
        """Drop results."""
        self._results.clear()
        self._flush_ns = None
        self._resume()

    def line_status(self) -> int:
        """Idle or not."""
        return 0 if self._queue else TX_HOLDING_EMPTY | TX_EMPTY

    def close(self) -> None:
        """Let go of the pins."""
        self.purge_out()
        if self._next is not None:
            self._next.cancel()
        self.pins.release()

    def _resume(self) -> None:
        if self._next is None:
            self._next = self.world.at(self.world.now, self._run)

    def _run(self) -> None:
        self._next = None
        delay: int | None = 0
        while delay == 0:
            delay = self._job() if self._job is not None else self._command()
        if delay is not None:
            self._next = self.world.after(delay, self._run)
        self.changed()

    def _command(self) -> int | None:
        """Execute the next command; None when it has not all arrived."""
        queue = self._queue
        if not queue:
            return None
        opcode = queue[0]
        shift = decode(opcode)
        if shift is not None:
            return self._start_shift(shift)
        if opcode not in self._commands:
            del queue[0]
            self._results.push(bytes((_BAD_COMMAND, opcode)), self.world.now)
            return 0
        arguments, execute = self._commands[opcode]
        if len(queue) <= arguments:
            return None
        given = bytes(queue[1 : 1 + arguments])
        del queue[: 1 + arguments]
        return execute(given)

    def _start_shift(self, shift: Shift) -> int | None:
        queue, header = self._queue, 1 + shift.length_bytes
        if len(queue) < header:
            return None
        length = int.from_bytes(queue[1:header], "little")
        if not shift.bit_mode:
            del queue[:header]
            return self._begin(partial(self._shift_bytes, shift, [length + 1]))
        if (shift.write or shift.tms) and len(queue) <= header:
            return None
        if (shift.read and not self._room()) or not self._clock_runs():
            return None
        data = bytes(queue[header : header + (shift.write or shift.tms)])
        del queue[: header + len(data)]
        count = (length & 7) + 1
        bits = shift.unpack(data, count) if data else None
        if shift.tms:
            self._set_out(data[0] >> 7)
        got, end_ns = self._exchange(shift, bits, count)
        if shift.read:
            self._results.push(shift.pack(got), self.world.now, (end_ns - self.world.now) * 1_000_000)
        return end_ns - self.world.now

    def _shift_bytes(self, shift: Shift, left: list[int]) -> int | None:
        """As many of the bytes left as there is data and room for."""
        count = left[0]
        if shift.write:
            count = min(count, len(self._queue))
        if shift.read:
            count = min(count, self._room())
        if not count or not self._clock_runs():
            return None
        bits = None
        if shift.write:
            bits = shift.unpack(bytes(self._queue[:count]), 8 * count)
            del self._queue[:count]
        got, end_ns = self._exchange(shift, bits, 8 * count)
        if shift.read:
            self._results.push(shift.pack(got), self.world.now, 8 * self._period_fs)
        left[0] -= count
        if not left[0]:
            self._job = None
        return end_ns - self.world.now

    def _room(self) -> int:
        return max(self.model.in_fifo + self._host_room - len(self._results), 0)

    def _exchange(self, shift: Shift | None, bits: Bits | None, count: int) -> tuple[Bits, int]:
        """Clock `count` pulses with or without data; returns what came in and when it is over."""
        train = self._train()
        out_bit = _TMS if shift is not None and shift.tms else _OUT
        out = self._low.output(out_bit) if bits is not None else None
        # In three-phase clocking data is set up before the pulse and held after it, whatever the opcode.
        launch_rising = train.idle_high if shift is None or self._three_phase else shift.launch_rising
        got = exchange(
            self._low.output(_CLOCK),
            train,
            count,
            out=out,
            bits=bits if out is not None else None,
            read=self._low.pins[_IN].net if shift is not None and shift.read else None,
            launch_rising=launch_rising,
            sample_rising=shift is not None and shift.sample_rising,
            open_drain=bool(self._low.drive_zero >> out_bit & 1),
        )
        if bits is not None:
            self._low.value = self._low.value & ~(1 << out_bit) | int(bits[-1]) << out_bit
            got = bits if self._loopback else got
        return got, train.end_ns(count)

    def _clock_changed(self) -> int:
        """One bit: two half periods of the divided clock, three when clocking in three phases."""
        reference_hz = 12_000_000 if self._divide_by_5 else 60_000_000
        phases = 3 if self._three_phase else 2
        self._period_fs = int(phases * (self._divisor + 1) * 10**15 / (reference_hz * self.model.crystal))
        return 0

    def _train(self) -> Train:
        idle_high = bool(self._low.value >> _CLOCK & 1)
        return Train(self.world.now, self._period_fs, idle_high, three_phase=self._three_phase)

    def _clock_runs(self) -> bool:
        """Adaptive clocking waits for each edge to come back on D7; only a wire from D0 brings it."""
        return not self._adaptive or self._low.pins[_RTCK].net is self._low.pins[_CLOCK].net

    def _begin(self, job: Job) -> int:
        self._job = job
        return 0

    def _wait_for(self, level: int) -> int | None:
        pin = self._low.pins[_WAIT]
        self._unwatch()
        if pin.level() == level:
            self._job = None
            return 0
        self._watch = EdgeWatch(pin.net, lambda _: self._resume())
        return None

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _pulse(self, count: int) -> int:
        _, end_ns = self._exchange(None, None, count)
        return end_ns - self.world.now

    def _clock_until(self, level: int, most_bytes: int | None) -> int:
        left = [most_bytes]

        def step() -> int:
            if left[0] == 0 or self._low.pins[_WAIT].level() == level:
                self._job = None
                return 0
            if left[0] is not None:
                left[0] -= 1
            return self._pulse(8)

        return self._begin(step)

    def _set_low(self, args: bytes) -> int:
        self._low.set(args[0], args[1], self._low.drive_zero)
        return GPIO_NS

    def _set_high(self, args: bytes) -> int:
        self._high.set(args[0], args[1], self._high.drive_zero)
        return GPIO_NS

    def _set_out(self, level: int) -> None:
        low = self._low
        low.set(low.value & ~(1 << _OUT) | level << _OUT, low.direction, low.drive_zero)

    def _set_drive_zero(self, args: bytes) -> int:
        self._low.set(self._low.value, self._low.direction, args[0])
        self._high.set(self._high.value, self._high.direction, args[1])
        return 0

    def _get(self, port: _Port) -> int:
        """Levels on the wires; a chip without the upper pins reads ones there (they are not bonded out)."""
        level = levels(port.pins) if port.pins else 0xFF
        self._results.push(bytes((level,)), self.world.now)
        return GPIO_NS

    def _set_divisor(self, args: bytes) -> int:
        self._divisor = int.from_bytes(args, "little")
        return self._clock_changed()

    def _send_immediate(self, _args: bytes) -> int:
        if len(self._results):
            self._flush_ns = self.world.now
        return 0

    def _switch(self, name: str, on: bool) -> int:
        setattr(self, name, on)
        return self._clock_changed()
