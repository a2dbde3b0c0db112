"""The global object `imp`: timers, sleeping, restarting and information. Facts: api/system.yaml."""

from collections.abc import Generator
from typing import Any

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.runtime import Halted
from benchctl.twin.imp.values import (
    ANY,
    BOOL,
    DATA,
    FUNCTION,
    INTEGER,
    NUMBER,
    OBJECT,
    Blob,
    Closure,
    ObjectRef,
    Param,
    Thrown,
    as_bytes,
)  # fmt: skip
from benchctl.twin.world import Event

TIMER = "timer"  # kind of the objects imp.wakeup() returns
_TICK_NS = 10_000_000  # t-wakeup, api/squirrel.yaml: one hundredth of a second
_LONGEST_TIMER_S = 10737418
LONGEST_SLEEP_S = 2419198
_MICROS_WRAP_S = 2**32 / 1e6
_SEND_BUFFER = 3456  # imp-setsendbuffersize: default on some module (inferred)
_MOST_SEND_BUFFER = 30 * 1024

KEEPS_CLOSURE = declare(
    "timer-keeps-closure", "r42-timer-closure-reference", "a timer's callback is never released"
)
LONG_TIMER_WRAPS = declare(
    "long-timer-wraps", "r42-timers-beyond-4294s", "a timer beyond 4294 s fires 2^32 us early"
)
BAD_SLEEP = declare(
    "deepsleep-bad-parameter",
    "r30-deepsleep-bad-parameter-fix",
    "the longest and the shortest deep sleep throw 'bad parameter'",
    ["imp001", "imp003"],
)
OLD_MINOR_34 = declare(
    "version-34-old-minor", "r34-current-minor-34-11", "the version string names the minor release before"
)
OLD_MINOR_42 = declare(
    "version-42-old-minor", "r42-current-minor-42-9", "the version string names the minor release before"
)
ODD_34 = declare("version-34-odd-major", "r34-version-parity-scheme", "the version string has an odd major")
ODD_42 = declare("version-42-odd-major", "r42-version-parity-scheme", "the version string has an odd major")
OLDER_THAN_34 = declare(
    "version-before-imp005", "r34-imp005-supported", "the imp005 says it runs impOS 33", ["imp005"]
)
OLDER_THAN_30 = declare(
    "version-before-imp003", "r30-imp003-supported", "the imp003 says it runs impOS 29", ["imp003"]
)
NO_PROXY = declare("setproxy-missing", "r34-inherits-33", "imp.setproxy() does not exist")
SCAN_KEEPS_MEMORY = declare(
    "scan-does-not-leak", "r30-ki-scanwifi-leak", "scanning leaks no memory on release 30 either"
)


class ImpObject(ApiObject):
    """`imp`."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        self._timers: dict[int, tuple[Event, Closure]] = {}
        self._last_timer = 0
        self._on_idle: Closure | None = None
        self.on_exception: Closure | None = None
        self._send_buffer = _SEND_BUFFER
        self._power_save = False

    @property
    def armed(self) -> bool:
        """A timer runs."""
        return bool(self._timers)

    def available(self) -> dict[str, Method]:
        """The imp005 has no deep sleep (limit-imp005-no-deepsleep)."""
        methods = super().available()
        if self.chip.module.deep_sleep is False:
            del methods["deepsleepfor"], methods["deepsleepuntil"]
        if self.chip.broken(NO_PROXY):
            del methods["setproxy"]
        return methods

    @api("info", since=(36, 0))
    def info(self) -> dict[str, str]:
        """Module type. choice: a table; on an imp it is an object that cannot be iterated."""
        return {"type": self.chip.module.name}

    @api("getsoftwareversion")
    def getsoftwareversion(self) -> str:
        """Version string; its third field between hyphens is the version. choice: the other fields."""
        release, chip = self.chip.release, self.chip
        major, minor = release.major, release.minor
        if chip.broken(OLD_MINOR_34) or chip.broken(OLD_MINOR_42):
            minor = max(minor - 1, 0)
        if chip.broken(ODD_34) or chip.broken(ODD_42):
            major += 1
        if chip.broken(OLDER_THAN_34):
            major = 33
        if chip.broken(OLDER_THAN_30):
            major = 29
        return f"0123abc - release-{major}.{minor} - Mon Jan 01 00:00:00 2018 - production"

    @api("getbootromversion")
    def getbootromversion(self) -> str:
        """A text without a promised form."""
        return "0123abc - release-1.0 - Mon Jan 01 00:00:00 2018 - production"

    @api("getmemoryfree")
    def getmemoryfree(self) -> int:
        """Free memory, bytes."""
        return self.chip.memory_free()

    @api("wakeup", Param("interval", NUMBER), Param("callback", FUNCTION))
    def wakeup(self, interval: float, callback: Closure) -> ObjectRef | None:
        """Call back later; the timer object, null for an interval out of range."""
        if not 0 <= interval <= _LONGEST_TIMER_S:
            return None
        if interval > _MICROS_WRAP_S and self.chip.broken(LONG_TIMER_WRAPS):
            interval %= _MICROS_WRAP_S
        due = self.world.now + round(interval * 1e9)
        if interval:
            # choice: timers fire at the first tick of 10 ms since boot that is not early; 0 fires at once
            due = self.chip.boot_ns - (self.chip.boot_ns - due) // _TICK_NS * _TICK_NS
        self._last_timer += 1
        number = self._last_timer
        self._timers[number] = (self.world.at(due, lambda: self._fire(number)), callback)
        return ObjectRef(TIMER, number)

    @api("cancelwakeup", Param("timer", OBJECT, nullable=True))
    def cancelwakeup(self, timer: ObjectRef | None) -> None:
        """Cancel a timer; harmless for one that has fired."""
        if timer is None or timer.path != TIMER:
            raise Thrown("expected a timer")  # choice
        event, callback = self._timers.pop(timer.id, (None, None))
        if event is not None:
            event.cancel()
            self.chip.runtime.forget(callback)

    @api("sleep", Param("sleepTime", NUMBER))
    def sleep(self, seconds: float) -> Generator[int, None, None]:
        """Block all Squirrel for exactly so long (t-sleep, api/squirrel.yaml)."""
        if seconds < 0:
            raise Thrown("bad parameter")  # choice
        return self._sleep(seconds)

    @api("onidle", Param("callback", FUNCTION, nullable=True))
    def onidle(self, callback: Closure | None) -> None:
        """Call back once, when no code is left to run. choice: once."""
        self.chip.runtime.forget(self._on_idle)
        self._on_idle = callback

    @api("reset")
    def reset(self) -> None:
        """Restart the imp as a cold boot does."""
        raise Halted(self.chip.control.software_reset)

    @api("deepsleepfor", Param("sleepTime", INTEGER))
    def deepsleepfor(self, seconds: int) -> None:
        """Deep sleep; Squirrel starts anew afterwards."""
        deep_sleep(self.chip, seconds)

    @api(
        "deepsleepuntil",
        Param("hour", INTEGER),
        Param("minute", INTEGER),
        Param("second", INTEGER, 0),
        Param("day", INTEGER, -1),
    )
    def deepsleepuntil(self, hour: int, minute: int, second: int, day: int) -> None:
        """Deep sleep until a time of day, UTC."""
        deep_sleep(self.chip, seconds_until(self.chip.unix_time, hour, minute, second, day))

    @api("onunhandledexception", Param("callback", FUNCTION, nullable=True))
    def onunhandledexception(self, callback: Closure | None) -> None:
        """Handler for what nothing caught. choice: the imp restarts when it returns (e-handler-after)."""
        self.chip.runtime.forget(self.on_exception)
        self.on_exception = callback

    @api("setsendbuffersize", Param("newSize", INTEGER))
    def setsendbuffersize(self, size: int) -> int:
        """Ask for a send buffer; the size before."""
        before, self._send_buffer = self._send_buffer, min(max(size, 0), _MOST_SEND_BUFFER)
        return before

    @api("enableblinkup", Param("enabled", BOOL))
    def enableblinkup(self, enabled: bool) -> None:
        """BlinkUp is not modelled: nothing happens."""

    @api("getpowersave")
    def getpowersave(self) -> bool:
        """WiFi power saving."""
        return self._power_save

    @api("setpowersave", Param("on", BOOL))
    def setpowersave(self, on: bool) -> None:
        """WiFi power saving."""
        self._power_save = on

    @api("getmacaddress")
    def getmacaddress(self) -> str:
        """WiFi MAC, 12 hex digits."""
        return self.chip.mac

    @api("scanwifinetworks", Param("callback", FUNCTION, None))
    def scanwifinetworks(self, callback: Closure | None) -> list[dict[str, Any]] | None:
        """Networks in reach. choice: one, found at once. In release 30 every call leaks memory."""
        if self.chip.release.major == 30 and not self.chip.broken(SCAN_KEEPS_MEMORY):
            self.chip.control.leak(4096)  # choice: how much
        row = {"ssid": "bench", "bssid": self.chip.mac, "channel": 6, "rssi": -50, "open": False}
        found = [row] if self.chip.online else []
        if callback is None:
            return found
        self.chip.runtime.post(callback, lambda: [found])
        return None

    @api("setuserconfiguration", Param("data", DATA, nullable=True), since=(36, 0))
    def setuserconfiguration(self, data: str | Blob | None) -> None:
        """Keep data in flash."""
        self.chip.flash_kept["user"] = None if data is None else as_bytes(data)

    @api("getuserconfiguration", since=(36, 0))
    def getuserconfiguration(self) -> Blob | None:
        """What was kept in flash, null when nothing was."""
        data = self.chip.flash_kept.get("user")
        return Blob(data) if isinstance(data, bytes) else None

    @api(
        "setproxy",
        Param("proxyType", INTEGER),
        Param("address", ANY),
        Param("port", ANY),
        Param("username", ANY, None),
        Param("password", ANY, None),
        since=(34, 0),
    )
    def setproxy(self, kind: int, address: Any, port: Any, user: Any, password: Any) -> None:
        """Store proxy settings; throws for a malformed address or port (imp-setproxy)."""
        well_formed = isinstance(address, str) and 0 < len(address) <= 64 and isinstance(port, int)
        if not well_formed or not 0 <= port <= 65535 or (user is not None and password is None):
            raise Thrown("bad proxy parameters")  # choice of text
        self.chip.flash_kept["proxy"] = {"type": kind, "address": address, "port": port} | (
            {} if user is None else {"user": user}
        )

    @api("clearconfiguration", Param("action", INTEGER, None))
    def clearconfiguration(self, _action: int | None) -> None:
        """Forget stored network settings."""
        self.chip.flash_kept.pop("proxy", None)

    def went_quiet(self) -> None:
        """The program has nothing left to run right now."""
        callback, self._on_idle = self._on_idle, None
        if callback is not None:
            self.chip.runtime.post(callback, once=True)

    def squirrel_stopped(self) -> None:
        """No timer outlives its program."""
        for event, _ in self._timers.values():
            event.cancel()
        self._timers.clear()
        self._on_idle = self.on_exception = None

    def _fire(self, number: int) -> None:
        _, callback = self._timers.pop(number)
        self.chip.runtime.post(callback, once=not self.chip.broken(KEEPS_CLOSURE))

    def _sleep(self, seconds: float) -> Generator[int, None, None]:
        yield self.world.now + round(seconds * 1e9)


def deep_sleep(chip: Chip, seconds: int) -> None:
    """Put the imp to deep sleep; does not return."""
    if not 0 <= seconds <= LONGEST_SLEEP_S or (seconds in (0, LONGEST_SLEEP_S) and chip.broken(BAD_SLEEP)):
        raise Thrown("bad parameter")  # choice of text
    raise Halted(lambda: chip.control.deep_sleep(seconds))


def seconds_until(now: int, hour: int, minute: int, second: int, day: int) -> int:
    """Seconds from a Unix time to the next such time of day (UTC; day 0 is Sunday, -1 any)."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and -1 <= day <= 6):
        raise Thrown("bad parameter")
    wait = (hour * 3600 + minute * 60 + second - now) % 86400
    today = (now + wait) // 86400 + 4  # 1 January 1970 was a Thursday
    return wait + 86400 * ((day - today) % 7 if day >= 0 else 0)
