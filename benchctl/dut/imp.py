"""The imp on the bench, as suites and the shell see it."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from benchctl.buses.clock import Clock
from benchctl.dut.link.session import Event, Hello, Session
from benchctl.dut.link.values import Callback, Constant, encode_request
from benchctl.dut.remote import Kept, Remote, arguments, constant, describe, note_configured
from benchctl.errors import DutError, SilenceError, SquirrelError

Step = tuple[Remote, tuple[object, ...]]


class Imp:
    """The imp under test.

    Lower-case names are objects of the imp API (`imp.hardware`, `imp.server`) or members of its own `imp`
    object (`imp.info()`); upper-case names are its constants. What the bench adds to the API is methods that
    the imp API does not have: `on_event`, `events`, `keep`, `run_detached`, `restart_by`.
    """

    _ROOTS = frozenset({"hardware", "server", "agent", "nv", "crypto", "math"})

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session, self._clock = session, clock
        self._callbacks = count(1)
        self._names = count(1)

    @property
    def session(self) -> Session:
        """The control link's session."""
        return self._session

    @property
    def hello(self) -> Hello:
        """What the firmware said when it was last met."""
        if self._session.hello is None:
            raise DutError("the device firmware has not said hello yet")
        return self._session.hello

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name.isupper():
            return constant(name)
        return Remote(lambda: self._session, name if name in self._ROOTS else f"imp.{name}")

    def root(self, name: str) -> Remote:
        """Any slot of the root table, such as `imp.root("format")("%d", 1)`."""
        return Remote(lambda: self._session, name)

    def constant(self, name: str) -> Constant:
        """A constant by name."""
        return constant(name)

    def constant_value(self, name: str) -> int:
        """The value a constant has on this release, asked of the device."""
        kept = self.keep(constant(name))
        try:
            return int(kept.value())
        finally:
            kept.forget()

    # -- events -----------------------------------------------------------------------------------------

    def on_event(self, then: Iterable[Remote] = ()) -> Callback:
        """A function for the device whose calls come back as events.

        `then` are methods without arguments that it calls each time, such as `pin.read`.
        """
        return Callback((next(self._callbacks) - 1) % 255 + 1, tuple(r._path for r in then))

    def events(
        self, callback: Callback | None = None, *, within_s: float = 0.0, count: int | None = None
    ) -> list[Event]:
        """Events so far (of one callback), after waiting `within_s` s, or until there are `count`.

        Raises:
            SilenceError: `count` was given and fewer came.
        """
        wanted = (lambda e: True) if callback is None else (lambda e: e.callback == callback.id)
        deadline = self._clock.deadline_ns(within_s)
        while True:
            have = [e for e in self._session.events if wanted(e)]
            left = deadline - self._clock.now_ns()
            if (count is not None and len(have) >= count) or left <= 0:
                break
            self._session.poll_events(left / 1e9)
        if count is not None and len(have) < count:
            raise SilenceError(f"{len(have)} of {count} events came within {within_s:g} s")
        for event in have:
            self._session.events.remove(event)
        return have

    # -- objects that stay on the device ----------------------------------------------------------------

    def keep(self, value: object) -> Kept:
        """Keep a value on the device, such as a blob that a call will fill in."""
        name = f"@{next(self._names)}"
        self._session.call(encode_request("s", name, value), f"keep {name}")
        return Kept(lambda: self._session, name)

    def keep_result(self, method: Remote, *args: object) -> Kept:
        """Call a method and keep what it returns on the device, such as a timer."""
        name = f"@{next(self._names)}"
        request = encode_request("k", name, method._path, arguments(args))
        self._session.call(request, describe(method._path, args))
        return Kept(lambda: self._session, name)

    # -- detached work and restarts ---------------------------------------------------------------------

    def run_detached(
        self,
        steps: Iterable[Step],
        *,
        release_link: bool = False,
        delay_s: float = 0.02,
        timeout_s: float = 10.0,
        meanwhile: Callable[[], None] | None = None,
    ) -> list[Any]:
        """Run calls on the device without the link, then return their results.

        Args:
            steps: (method, arguments) in order; a step that throws gives the SquirrelError text as `Thrown`.
            release_link: give the control UART's pins up while the steps run.
            delay_s: bench time from the request to the first step.
            timeout_s: how long the report may take.
            meanwhile: what the bench does while the steps run.
        """
        listed = []
        for method, args in steps:
            note_configured(self._session, method._path)
            listed.append([method._path, arguments(args)])
        self._session.call(encode_request("b", float(delay_s), release_link, listed), "run_detached")
        if meanwhile is not None:
            meanwhile()
        deadline = self._clock.deadline_ns(timeout_s)
        while (left := deadline - self._clock.now_ns()) > 0:
            for event in tuple(self._session.events):
                if event.callback == 0:
                    self._session.events.remove(event)
                    return [_outcome(step) for step in event.args]
            self._session.poll_events(left / 1e9)
        raise DutError(f"the detached steps did not report within {timeout_s:g} s")

    def restart_by(self, action: Callable[[], None], *, timeout_s: float = 30.0) -> Hello:
        """Do something that restarts the imp (cut its power, pulse reset, ...) and meet it again."""
        self._session.go_home()
        action()
        return self._session.wait_hello(timeout_s)

    def restart_by_call(self, method: Remote, *args: object, timeout_s: float = 30.0) -> Hello:
        """Call a method that restarts or sleeps the imp and so never answers, and meet it again."""
        self._session.post(encode_request("c", method._path, arguments(args)))
        self._session.go_home()
        return self._session.wait_hello(timeout_s)

    def tidy(self) -> None:
        """Put every object configured since the last restart back: disabled, pins at their default."""
        while self._session.configured:
            path = self._session.configured.pop()
            target = self.root(path)
            try:
                target.disable()
            except SquirrelError:  # a release whose pins cannot be disabled, or a bus that is off already
                if path.startswith("hardware.pin"):
                    target.configure(self.DIGITAL_IN)
                    self._session.configured.remove(path)
        self._session.events.clear()


def _outcome(step: object) -> Any:
    assert isinstance(step, list)
    returned, value = step
    return value if returned else Thrown(value)


class Thrown(str):
    """The text a detached step threw instead of returning."""

    __slots__ = ()
