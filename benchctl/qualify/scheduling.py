"""How pytest-xdist hands out the tests of a run. To be imported once pytest has loaded that plugin."""

from xdist.scheduler import LoadScopeScheduling

from benchctl.report.results import area_of


class AreaScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Hands out whole areas, the ones with most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return area_of(nodeid)
