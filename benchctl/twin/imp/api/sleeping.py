"""Deep sleep and reset: calls that end the program. Facts: api/system.yaml."""

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.runtime import Halted
from benchctl.twin.imp.values import INTEGER, Param, Thrown

_LONGEST_SLEEP_S = 2419198

BAD_SLEEP = declare(
    "deepsleep-bad-parameter",
    "r30-deepsleep-bad-parameter-fix",
    "the longest and the shortest deep sleep throw 'bad parameter'",
    ["imp001", "imp003"],
)

TIME_OF_DAY = (
    Param("hour", INTEGER), Param("minute", INTEGER), Param("second", INTEGER, 0), Param("day", INTEGER, -1),
)  # fmt: skip


class Sleeping(ApiObject):
    """What of `imp` ends the program."""

    def available(self) -> dict[str, Method]:
        """The imp005 has no deep sleep (limit-imp005-no-deepsleep)."""
        methods = super().available()
        if self.chip.module.deep_sleep is False:
            del methods["deepsleepfor"], methods["deepsleepuntil"]
        return methods

    @api("reset")
    def reset(self) -> None:
        """Restart the imp as a cold boot does."""
        raise Halted(self.chip.control.software_reset)

    @api("deepsleepfor", Param("sleepTime", INTEGER))
    def deepsleepfor(self, seconds: int) -> None:
        """Deep sleep; Squirrel starts anew afterwards."""
        deep_sleep(self.chip, seconds)

    @api("deepsleepuntil", *TIME_OF_DAY)
    def deepsleepuntil(self, hour: int, minute: int, second: int, day: int) -> None:
        """Deep sleep until a time of day, UTC."""
        deep_sleep(self.chip, seconds_until(self.chip.unix_time, hour, minute, second, day))


def deep_sleep(chip: Chip, seconds: int) -> None:
    """Put the imp to deep sleep; does not return."""
    edge = seconds in (0, _LONGEST_SLEEP_S)
    if not 0 <= seconds <= _LONGEST_SLEEP_S or (edge and chip.broken(BAD_SLEEP)):
        raise Thrown("bad parameter")  # choice of text
    raise Halted(lambda: chip.control.deep_sleep(seconds))


def seconds_until(now: int, hour: int, minute: int, second: int, day: int) -> int:
    """Seconds from a Unix time to the next such time of day (UTC; day 0 is Sunday, -1 any)."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and -1 <= day <= 6):
        raise Thrown("bad parameter")
    wait = (hour * 3600 + minute * 60 + second - now) % 86400
    today = (now + wait) // 86400 + 4  # 1 January 1970 was a Thursday
    return wait + 86400 * ((day - today) % 7 if day >= 0 else 0)
