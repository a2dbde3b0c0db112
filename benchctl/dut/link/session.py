"""A session with the device firmware: numbered calls, their results, and events in between.

Every request carries a sequence number and the firmware remembers its last answer, so a request that is
repeated after a damaged or lost frame is answered again but never executed twice. A firmware that restarted
has no session and says hello instead of answering: the call that was under way fails with
`UnexpectedRestartError` rather than being mistaken for a result.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchctl.buses.clock import Clock
from benchctl.buses.uart import Uart
from benchctl.dut.link import values
from benchctl.dut.link.frames import Frame, FrameReader, FrameType
from benchctl.dut.link.values import Numbered, encode_request
from benchctl.errors import DutError, LinkError, SquirrelError, UnexpectedRestartError

_RETRY_S = 0.25
_TRIES = 4
_NUMBERS = 256


@dataclass(frozen=True)
class Hello:
    """What the firmware says of itself after a restart.

    Attributes:
        module: module type where the release can tell (`imp.info()` exists from impOS 36), else "".
        device_id: device id; its first digit is the module's number.
        version: `imp.getsoftwareversion()`.
        wake_reason: `hardware.wakereason()`.
        boots: boots counted in the nv table, 1 where nv does not survive.
        rx_fifo: size of the firmware's receive FIFO in bytes.
        firmware: version of the firmware itself.
    """

    module: str
    device_id: str
    version: str
    wake_reason: int
    boots: int
    rx_fifo: int
    firmware: str


@dataclass(frozen=True)
class Event:
    """A callback on the device ran: with `args`, when `hardware.micros()` was `micros`."""

    callback: int
    micros: int
    args: list[object]
    then: list[object]


class Session:
    """Request and reply over one bench UART.

    Args:
        uart: the bench UART facing the imp's control UART; already in the link's format.
        clock: bench time.
        go_home: called when the imp is about to restart: gives `use` the UART the firmware comes up on.
    """

    def __init__(self, uart: Uart, clock: Clock, go_home: Callable[[], None] = lambda: None) -> None:
        self._uart, self._clock, self.go_home = uart, clock, go_home
        self._reader = FrameReader()
        self._inbox: deque[Frame] = deque()
        self._sequence = 0
        self._number = 0
        self._part_bytes = 48  # fits the smallest receive FIFO (80 bytes) with COBS overhead
        self._numbers: dict[str, int] = {}  # of paths that the device has been told
        self.hello: Hello | None = None
        self.events: deque[Event] = deque()
        self.configured: list[str] = []  # paths of objects configured since the last restart, oldest first
        self.retries = 0

    def open(self, timeout_s: float = 1.0) -> Hello:
        """Begin a new session with the firmware that is there.

        Raises:
            DutError: nothing answered; the firmware is not running or the wire is not connected.
        """
        self._number = self._number % 255 + 1
        deadline = self._clock.deadline_ns(timeout_s)
        while self._clock.now_ns() < deadline:
            self._send(Frame(FrameType.OPEN, 0, bytes([self._number])))
            frame = self._receive(min(_RETRY_S, timeout_s))
            while frame is not None:
                if frame.type == FrameType.HELLO and frame.sequence == self._number:
                    return self._greet(frame)
                frame = self._receive(0.05)
        raise DutError(
            "the device firmware does not answer on the control link", "`benchctl check` finds out why"
        )

    def wait_hello(self, timeout_s: float) -> Hello:
        """Wait for the hello of a restart, then begin a session; drops events of the life before."""
        self.events.clear()
        deadline = self._clock.deadline_ns(timeout_s)
        while (left := deadline - self._clock.now_ns()) > 0:
            frame = self._receive(left / 1e9)
            if frame is not None and frame.type == FrameType.HELLO and frame.sequence == 0:
                return self.open()
        raise DutError(f"the imp did not start its firmware within {timeout_s:g} s")

    def call(self, request: bytes, name: str, timeout_s: float = 3.0) -> list[object]:
        """Send a request and return the values of its result.

        Raises:
            SquirrelError: the device code threw.
            UnexpectedRestartError: the imp restarted instead of answering.
            LinkError: nothing understandable came back after several tries.
        """
        self._sequence = self._sequence % 255 + 1
        pieces = [request[i : i + self._part_bytes] for i in range(0, len(request), self._part_bytes)] or [
            b""
        ]
        for piece in pieces[:-1]:
            self._transact(Frame(FrameType.PART, self._sequence, self._mark(piece)), name, _RETRY_S)
            self._sequence = self._sequence % 255 + 1
        answer = self._transact(
            Frame(FrameType.CALL, self._sequence, self._mark(pieces[-1])), name, timeout_s
        )
        result = values.decode(answer.payload)
        if answer.type == FrameType.THROWN:
            raise SquirrelError(str(result[0]), name)
        return result

    def call_method(self, path: str, args: Sequence[object], name: str, timeout_s: float = 3.0) -> object:
        """Call the method at a path on the device and return its value; raises as `call` does."""
        known = self._numbers.get(path)
        if known is None and (path[0] == "@" or len(self._numbers) == _NUMBERS):
            # A name of the moment, or one too many: not worth a number.
            return self.call(encode_request("c", path, args), name, timeout_s)[0]
        number = Numbered(len(self._numbers), path) if known is None else Numbered(known)
        request = encode_request("c", number, args)
        self._numbers[path] = number.number
        try:
            return self.call(request, name, timeout_s)[0]
        except SquirrelError:
            raise
        except BaseException:
            self._numbers.clear()  # nobody knows what the device was told
            raise

    def post(self, request: bytes) -> None:
        """Send a request that will not be answered, because it restarts the imp or takes the link away."""
        self._sequence = self._sequence % 255 + 1
        self._send(Frame(FrameType.CALL, self._sequence, self._mark(request)))
        self._uart.drain()

    def poll_events(self, timeout_s: float = 0.0) -> None:
        """Collect events that came in; waits up to `timeout_s` s of bench time for one."""
        frame = self._receive(timeout_s)
        if frame is not None:
            self._unexpected(frame, "waiting for events")

    def use(self, uart: Uart) -> None:
        """Go on over another bench UART (the firmware has moved the link)."""
        self._uart = uart
        self._reader = FrameReader()

    def _mark(self, piece: bytes) -> bytes:
        return bytes([self._number]) + piece

    def _send(self, frame: Frame, *, afresh: bool = True) -> None:
        self._uart.write(frame.encode(afresh=afresh))

    def _transact(self, frame: Frame, name: str, timeout_s: float) -> Frame:
        """Send until answered.

        A frame that was lost without a trace is sent once more when its time is over, and not before: the
        imp may be at work on it, and is not to be disturbed.
        """
        deadline = self._clock.deadline_ns(max(2 * timeout_s, _RETRY_S * _TRIES))
        for attempt in range(_TRIES):
            self._send(frame, afresh=attempt > 0)
            answer = self._await_answer(frame, name, timeout_s)
            if answer is not None:
                return answer
            self.retries += 1
            if self._clock.now_ns() >= deadline:
                break
        raise LinkError(f"{name} was not answered within {timeout_s:g} s", "see whether the imp still runs")

    def _await_answer(self, frame: Frame, name: str, timeout_s: float) -> Frame | None:
        deadline = self._clock.deadline_ns(timeout_s)
        damaged = self._reader.damaged
        while (left := deadline - self._clock.now_ns()) > 0:
            got = self._receive(left / 1e9)
            if self._reader.damaged != damaged:
                return None
            if got is None:
                continue
            if (
                got.type in (FrameType.RESULT, FrameType.THROWN, FrameType.ACK)
                and got.sequence == frame.sequence
            ):
                return got
            if got.type == FrameType.NAK:
                return None
            self._unexpected(got, name)
        return None

    def _unexpected(self, frame: Frame, name: str) -> None:
        if frame.type == FrameType.EVENT:
            self._note_event(frame)
        elif frame.type == FrameType.HELLO and frame.sequence != self._number:
            hello = self._greet(frame)
            self.open()
            raise UnexpectedRestartError(
                f"the imp restarted during {name} (wake reason {hello.wake_reason})",
                "look at its log for the error that stopped it",
            )

    def _note_event(self, frame: Frame) -> None:
        callback, micros, args, then = values.decode(frame.payload)
        assert isinstance(callback, int)
        assert isinstance(micros, int)
        assert isinstance(args, list)
        assert isinstance(then, list)
        self.events.append(Event(callback, micros, args, then))

    def _greet(self, frame: Frame) -> Hello:
        info = values.decode(frame.payload)[0]
        assert isinstance(info, dict)
        self.hello = Hello(
            str(info["module"]), str(info["device_id"]), str(info["version"]), int(info["wake_reason"]),
            int(info["boots"]), int(info["rx_fifo"]), str(info["firmware"]),
        )  # fmt: skip
        self._part_bytes = max(48, self.hello.rx_fifo * 3 // 4)
        self._sequence = 0
        self._numbers.clear()
        self.configured.clear()
        return self.hello

    def _receive(self, timeout_s: float) -> Frame | None:
        """The next frame, or None when none was complete in time or a damaged one came in."""
        if self._inbox:
            return self._inbox.popleft()
        deadline = self._clock.deadline_ns(timeout_s)
        damaged = self._reader.damaged
        while True:
            left = (deadline - self._clock.now_ns()) / 1e9
            chunk = self._uart.read_chunk(max(left, 0.0))
            if chunk is not None:
                self._inbox.extend(self._reader.feed(chunk.data))
            if self._inbox:
                return self._inbox.popleft()
            if self._reader.damaged != damaged or self._clock.now_ns() >= deadline:
                return None
