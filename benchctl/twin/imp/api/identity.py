"""What `imp` says of itself: module, versions, memory. Facts: api/system.yaml."""

from benchctl.twin.faults import declare
from benchctl.twin.imp.api.base import ApiObject, Method, api
from benchctl.twin.imp.values import ANY, ObjectRef, Param, Thrown

INFO = "info"  # kind of the object imp.info() returns

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


class Identity(ApiObject):
    """What of `imp` tells what it is."""

    def available(self) -> dict[str, Method]:
        """impC001 has no boot ROM version (imp-getbootromversion)."""
        methods = super().available()
        if self.chip.module.name == "impC001":
            del methods["getbootromversion"]
        return methods

    @api("info", since=(36, 0))
    def info(self) -> ObjectRef:
        """The object that knows the module type."""
        return ObjectRef(INFO, 1)

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


class Info(ApiObject):
    """What imp.info() returns: one property, and nothing to loop over (imp-info)."""

    @api("_get", Param("key", ANY), since=(36, 0))
    def property(self, key: object) -> str:
        """`type`, the module's name."""
        if key != "type":
            raise Thrown(f"the index '{key}' does not exist")
        return self.chip.module.name
