"""The supply pin of a part that the bench can switch."""

from collections.abc import Callable

from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive


class Supply:
    """On while something drives the pin high: a pull-up cannot supply a part.

    Args:
        vcc: the pin's net, None for a part that is always on.
    """

    def __init__(self, vcc: Net | None) -> None:
        self._vcc = vcc

    @property
    def on(self) -> bool:
        """True while the part has power."""
        return self._vcc is None or any(driver.drive == Drive.HIGH for driver in self._vcc.drivers)

    def listen(self, changed: Callable[[bool], None]) -> None:
        """Be told `changed(on)` whenever the pin changes."""
        if self._vcc is not None:
            self._vcc.listen(lambda _from_ns: changed(self.on))
