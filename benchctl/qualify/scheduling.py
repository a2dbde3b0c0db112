"""How pytest-xdist hands out the tests of a run. To be imported once pytest has loaded that plugin."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

from benchctl.report.results import area_of


class AreaScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Hands out whole areas, the ones with most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return area_of(nodeid)

    def remove_node(self, node: Any) -> str | None:
        """Take a process out that has ended, and give the test that ended it, if one did, to no other."""
        crashed: str | None = super().remove_node(node)
        for tests in self.workqueue.values():
            if crashed in tests:
                tests[crashed] = True  # done with
        return crashed
