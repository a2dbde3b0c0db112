"""The global object `hardware` itself: clocks, wake reason, voltages.

Facts: api/system.yaml, api/misc.yaml.
"""

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.pinmode.analog import SUPPLY_VOLTS
from benchctl.twin.imp.reasons import WakeReason

NO_VOLTAGE = frozenset({"imp005"})
HAS_VBAT = frozenset({"imp003", "imp004m", "impC001"})

RESET_UNSEEN = declare(
    "wakereason-hw-reset-missing",
    "r30-wakereason-hw-reset",
    "after the reset pin wakereason() says power-on",
    ["imp003"],
)
SNOOZE_UNSEEN = declare(
    "wakereason-snooze-missing",
    "r30-wakereason-snooze",
    "after a snooze wakereason() says timer",
    ["imp001", "imp002", "imp003", "imp004m", "imp006", "impC001"],
)


class Hardware(ApiObject):
    """`hardware`."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)

    def available(self) -> dict[str, Method]:
        """voltage() and vbat() are not on every module (hardware_misc, api/misc.yaml)."""
        methods = super().available()
        if self.chip.module.name in NO_VOLTAGE:
            del methods["voltage"]
        if self.chip.module.name not in HAS_VBAT:
            del methods["vbat"]
        return methods

    @api("millis")
    def millis(self) -> int:
        """Milliseconds since boot; wraps as a signed 32-bit integer (hardware-millis)."""
        return _signed(self.chip.micros // 1000)

    @api("micros")
    def micros(self) -> int:
        """Microseconds since boot; wraps as a signed 32-bit integer (hardware-micros)."""
        return _signed(self.chip.micros)

    @api("wakereason")
    def wakereason(self) -> int:
        """Why Squirrel was started."""
        reason = self.chip.wakereason
        if reason == WakeReason.HW_RESET and self.chip.broken(RESET_UNSEEN):
            return int(WakeReason.POWER_ON)
        if reason == WakeReason.SNOOZE and self.chip.broken(SNOOZE_UNSEEN):
            return int(WakeReason.TIMER)
        return reason

    @api("voltage")
    def voltage(self) -> float:
        """Supply voltage. choice: exactly 3.3 V."""
        return SUPPLY_VOLTS

    @api("vbat")
    def vbat(self) -> float:
        """Battery voltage. choice: the supply."""
        return SUPPLY_VOLTS

    @api("getdeviceid")
    def getdeviceid(self) -> str:
        """Device id, 16 hex digits."""
        return self.chip.device_id


class RootFunctions(ApiObject):
    """Functions of the root table that need the bench's clock."""

    @api("time")
    def time(self) -> int:
        """Seconds since 1970."""
        return self.chip.unix_time

    @api("clock")
    def clock(self) -> float:
        """Discouraged, but present (g-clock, api/squirrel.yaml). choice: seconds since boot."""
        return self.chip.micros / 1e6


def _signed(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31
