"""Recording nets while something happens."""

from types import TracebackType

from benchctl.buses.logic import LogicCapture
from benchctl.capture.waveform import Waveform
from benchctl.errors import UserError


class Recording:
    """A capture running as long as the `with` block: `waveform` is there after it.

    A capture that lost samples raises AdapterOverrunError at the end of the block.
    """

    def __init__(self, capture: LogicCapture) -> None:
        self._capture = capture
        self._waveform: Waveform | None = None

    @property
    def waveform(self) -> Waveform:
        """What was recorded; channels are named after their nets."""
        if self._waveform is None:
            raise UserError("the recording has not ended", "use the waveform after the `with` block")
        return self._waveform

    def __enter__(self) -> "Recording":
        try:
            self._capture.start()
        except BaseException:
            self._capture.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._waveform = self._capture.stop()
        finally:
            self._capture.close()
