"""The global object `imp`. Its calls are in the modules that it is made of. Facts: api/system.yaml."""

from benchctl.twin.imp.api.base import api
from benchctl.twin.imp.api.configuration import Configuration
from benchctl.twin.imp.api.identity import Identity
from benchctl.twin.imp.api.sleeping import Sleeping
from benchctl.twin.imp.api.timers import Timers
from benchctl.twin.imp.api.wifi import Wifi
from benchctl.twin.imp.chip import Chip
from benchctl.twin.imp.values import BOOL, FUNCTION, INTEGER, Closure, Param

_SEND_BUFFER = 3456  # imp-setsendbuffersize: default on some module (inferred)
_MOST_SEND_BUFFER = 30 * 1024


class ImpObject(Timers, Sleeping, Identity, Configuration, Wifi):
    """`imp`."""

    def __init__(self, chip: Chip, path: str) -> None:
        super().__init__(chip, path)
        self.on_exception: Closure | None = None
        self._send_buffer = _SEND_BUFFER

    @api("onunhandledexception", Param("callback", FUNCTION, nullable=True), since=(38, 0))
    def onunhandledexception(self, callback: Closure | None) -> None:
        """Handler for what nothing caught; the imp restarts when it returns.

        Release and restart: https://developer.electricimp.com/api/imp/onunhandledexception
        """
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

    def squirrel_stopped(self) -> None:
        """The program's callbacks go with it."""
        super().squirrel_stopped()
        self.on_exception = None

    def powered_off(self) -> None:
        """The send buffer's size outlives a program, but not this."""
        super().powered_off()
        self._send_buffer = _SEND_BUFFER
