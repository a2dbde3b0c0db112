"""The global objects `server` and `agent`. Facts: api/system.yaml. The cloud behind them is not modelled:
what is logged reaches the bench while the imp is online."""

from collections.abc import Generator
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.api.sleeping import TIME_OF_DAY, deep_sleep, seconds_until
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.link import SUSPEND_ON_ERROR
from benchctl.twin.imp.runtime import Halted, Trigger
from benchctl.twin.imp.values import ANY, FUNCTION, INTEGER, NUMBER, STRING, TABLE, Closure, Param, Thrown
from benchctl.twin.world import Event

_NOT_CONNECTED, _NO_SERVER, _CONNECTED = 1, 4, 5
_RETRY_NS = (
    60_000_000_000  # SUSPEND_ON_ERROR retries for a minute, then snoozes (server-setsendtimeoutpolicy)
)
_CONNECT_NS = 1_500_000_000  # choice: how long connecting takes

RECONNECT_CRASHES = declare(
    "reconnect-crashes", "r30-reconnect-squirrel-corruption", "about one connection in eight crashes the imp"
)
NO_CONNECTWITH = declare("connectwith-missing", "r42-includes-41", "server.connectwith() does not exist")


class Server(ApiObject):
    """`server`."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        self._connecting: tuple[Event, Closure | None] | None = None
        self._on_lost: Closure | None = None
        self._fate = chip.random("reconnect")
        self.on_shutdown: Closure | None = None

    @property
    def armed(self) -> bool:
        """A connection is being made."""
        return self._connecting is not None

    def available(self) -> dict[str, Method]:
        """No sleeping on an imp005 (server-sleepfor)."""
        methods = super().available()
        if self.chip.module.deep_sleep is False:
            del methods["sleepfor"], methods["sleepuntil"]
        if self.chip.broken(NO_CONNECTWITH):
            methods.pop("connectwith", None)
        return methods

    @api("log", Param("text", STRING), as_text=True)
    def log(self, text: str) -> Generator[int | Trigger, None, int]:
        """One line of the log; 0 or a send error code.

        choice: what is neither text nor number shows as Squirrel's own text of it (l-log-other).
        """
        return self._send("server.log", text)

    @api("error", Param("text", STRING), as_text=True)
    def error(self, text: str) -> Generator[int | Trigger, None, int]:
        """One line of the log, marked as an error; 0 or a send error code."""
        return self._send("server.error", text)

    @api("isconnected")
    def isconnected(self) -> bool:
        """Whether the server is connected."""
        return self.chip.connected

    @api("connect", Param("callback", FUNCTION, None), Param("timeout", NUMBER, 60))
    def connect(self, callback: Closure | None, timeout: float) -> Generator[int | Trigger, None, None]:
        """Connect: now under SUSPEND_ON_ERROR, in the background otherwise (server-connect).

        Under SUSPEND_ON_ERROR the callback is ignored. Otherwise the latest of those given is called.
        """
        self._give_up_connecting()
        if self.chip.link.policy == SUSPEND_ON_ERROR:
            self.chip.runtime.forget(callback)
            yield from self.wait_for_server()
            return
        wait = _CONNECT_NS if self.chip.online else round(timeout * 1e9)
        self._connect_in(0 if self.isconnected() else wait, callback)

    @api(
        "connectwith",
        Param("nic", TABLE),
        Param("callback", FUNCTION, None),
        Param("timeout", NUMBER, 60),
        since=(42, 0),
    )
    def connectwith(
        self, nic: dict[str, Any], callback: Closure | None, timeout: float
    ) -> Generator[int | Trigger, None, None]:
        """Connect over one interface. choice: any interface will do."""
        if "interface" not in nic:
            raise Thrown("nic has no interface")
        return self.connect(callback, timeout)

    @api("disconnect")
    def disconnect(self) -> None:
        """Give the connection up."""
        self.chip.link.connected = False

    @api("flush", Param("timeout", NUMBER))
    def flush(self, _timeout: float) -> bool:
        """choice: what was logged is out at once."""
        return self.isconnected()

    @api(
        "setsendtimeoutpolicy",
        Param("reconnectPolicy", INTEGER),
        Param("waitPolicy", INTEGER),
        Param("timeout", NUMBER),
    )
    def setsendtimeoutpolicy(self, reconnect: int, wait: int, timeout: float) -> None:
        """What to do without a connection."""
        link = self.chip.link
        link.policy, link.wait, link.timeout_s = reconnect, wait, float(timeout)

    @api("onunexpecteddisconnect", Param("callback", FUNCTION, nullable=True))
    def onunexpecteddisconnect(self, callback: Closure | None) -> None:
        """Callback for a lost connection under RETURN_ON_ERROR."""
        self.chip.runtime.forget(self._on_lost)
        self._on_lost = callback

    @api("onshutdown", Param("callback", FUNCTION, nullable=True))
    def onshutdown(self, callback: Closure | None) -> None:
        """Callback before a restart the server asked for; the program restarts itself."""
        self.chip.runtime.forget(self.on_shutdown)
        self.on_shutdown = callback

    @api("restart")
    def restart(self) -> None:
        """Restart Squirrel, with a new program if one waits."""
        raise Halted(self.chip.control.software_restart)

    @api("sleepfor", Param("sleepTime", INTEGER))
    def sleepfor(self, seconds: int) -> None:
        """Deep sleep once everything is sent."""
        deep_sleep(self.chip, seconds)

    @api("sleepuntil", *TIME_OF_DAY)
    def sleepuntil(self, hour: int, minute: int, second: int, day: int) -> None:
        """Deep sleep until a time of day, UTC."""
        deep_sleep(self.chip, seconds_until(self.chip.unix_time, hour, minute, second, day))

    def started(self) -> None:
        """Squirrel starts: the imp is connected where it can be."""
        link = self.chip.link
        link.connected, link.last_error = False, None if self.chip.online else _NO_SERVER
        if self.chip.online:
            self._connect_now()

    def found(self) -> None:
        """The network came back."""
        if self._connecting is not None:
            event, callback = self._connecting
            event.cancel()
            self._connect_in(_CONNECT_NS, callback)

    def lost(self) -> None:
        """The network went away."""
        link = self.chip.link
        link.last_error = _NO_SERVER
        if link.policy != SUSPEND_ON_ERROR and self._on_lost is not None and link.connected:
            callback = self._on_lost
            self.world.after(_RETRY_NS, lambda: self._report_lost(callback))

    def squirrel_stopped(self) -> None:
        """Policies and callbacks go with the program."""
        self.chip.link.forget_policy()
        self._on_lost = self.on_shutdown = None
        if self._connecting is not None:
            self._connecting[0].cancel()
            self._connecting = None

    def _report_lost(self, callback: Closure) -> None:
        if not self.chip.online and callback is self._on_lost:
            self.chip.link.connected = False
            self.chip.runtime.post(callback, lambda: [_NO_SERVER])

    def _send(self, kind: str, text: str) -> Generator[int | Trigger, None, int]:
        code = yield from self.ready_to_send()
        if code == 0:
            self.chip.log(kind, text)
        return code

    def ready_to_send(self) -> Generator[int | Trigger, None, int]:
        """Connect if need be and the policy allows it; 0, or the send error code of who cannot send."""
        if not self.isconnected():
            if self.chip.link.policy != SUSPEND_ON_ERROR:
                return _NOT_CONNECTED
            yield from self.wait_for_server()
        return 0

    def wait_for_server(self) -> Generator[int | Trigger, None, None]:
        """SUSPEND_ON_ERROR: the program stands still until there is a server, or the imp snoozes."""
        if self.isconnected():
            return
        if not self.chip.online:
            deadline = self.world.now + _RETRY_NS
            self.world.at(deadline, self.chip.online_changed.fire)
            while not self.chip.online and self.world.now < deadline:
                yield self.chip.online_changed
            if not self.chip.online:
                raise Halted(self.chip.control.snooze)
        yield self.world.now + _CONNECT_NS
        self._connect_now()

    def _connect_now(self) -> None:
        link = self.chip.link
        if not link.connected:
            link.address = self.chip.flash_kept.get("static")
        link.connected = link.clock_set = True
        link.last_error = None

    def _connect_in(self, wait_ns: int, callback: Closure | None) -> None:
        self._connecting = (self.world.after(wait_ns, self._connect_over), callback)

    def _connect_over(self) -> None:
        assert self._connecting is not None
        (_, callback), self._connecting = self._connecting, None
        if self.chip.broken(RECONNECT_CRASHES) and self._fate.random() < 1 / 8:
            self.chip.control.crash()
            return
        if self.chip.online:
            self._connect_now()
        else:
            self.chip.link.last_error = _NO_SERVER
        reason = _CONNECTED if self.chip.online else _NO_SERVER
        if callback is not None:
            self.chip.runtime.post(callback, lambda: [reason], once=True)

    def _give_up_connecting(self) -> None:
        if self._connecting is not None:
            event, callback = self._connecting
            event.cancel()
            self.chip.runtime.forget(callback)
            self._connecting = None


class Agent(ApiObject):
    """`agent`: nothing answers behind it."""

    def __init__(self, chip: Chip, path: str, server: Server) -> None:
        super().__init__(chip, path)
        self._server = server

    @api("send", Param("name", STRING), Param("data", ANY, None))
    def send(self, _name: str, _data: Any) -> Generator[int | Trigger, None, int]:
        """Message to the agent; 0 or a send error code."""
        return self._server.ready_to_send()

    @api("on", Param("name", STRING), Param("callback", FUNCTION))
    def on(self, _name: str, callback: Closure) -> None:
        """Callback for a message from the agent, which never comes."""
        self.chip.runtime.forget(callback)
