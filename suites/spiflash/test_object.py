"""Where hardware.spiflash is, what it has, and when it may be used."""

import pytest

from fixtures.outcomes import thrown_by

PRESENT = pytest.mark.modules("imp003", "imp005")
CALLS = {
    "size": (),
    "chipid": (),
    "read": (0, 4),
    "readintoblob": (0, bytes(4), 4),
    "erasesector": (0,),
    "write": (0, b"\xff"),
}


@pytest.mark.claim("r30-spiflash-object-at-startup")
def test_object_is_there_on_the_first_line(judge, device_program):
    """A program that does nothing before it looks."""
    lines = device_program.lines('server.log("spiflash" in hardware);', 1)
    judge.equal("spiflash in hardware", lines, ["true"])


@PRESENT
def test_object_has_its_methods(bench, imp, judge, spiflash):
    """setspeed() is the imp003's, info() the imp005's (api/spiflash.yaml, modules)."""
    for name in ("enable", "disable", *CALLS):
        judge.equal(f"{name}()", name in spiflash.imp, True)
    if bench.rig.module.spiflash.speeds_hz.value:
        judge.equal("setspeed()", "setspeed" in spiflash.imp, True)
        judge.equal("info()", "info" in spiflash.imp, False)


@pytest.mark.modules("imp001")
def test_object_is_absent_and_throws(imp, judge):
    """Availability, api/spiflash.yaml: an imp001 has no such flash."""
    judge.equal("spiflash in hardware", "spiflash" in imp.hardware, False)
    judge.equal("hardware.spiflash.enable() throws", bool(imp.hardware.spiflash.enable.throws()), True)


@PRESENT
@pytest.mark.parametrize("method", CALLS)
def test_throws_unless_enabled(judge, spiflash, method):
    """SF-EN-01, SF-DIS-01: before enable() and after disable(), and not in between."""
    judge.equal("throws before", throws(spiflash, method), True)
    spiflash.imp.enable()
    judge.equal("throws while enabled", throws(spiflash, method), False)
    spiflash.imp.disable()
    judge.equal("throws afterwards", throws(spiflash, method), True)


def throws(port, method):
    return bool(thrown_by(port.imp[method], *CALLS[method]))


SEQUENCES = {
    "enable twice": ("enable", "enable"),
    "enable twice, disable once": ("enable", "enable", "disable"),
    "enable twice, disable twice": ("enable", "enable", "disable", "disable"),
    "disable first": ("disable",),
    "disable twice": ("enable", "disable", "disable"),
    "disable five times": ("disable",) * 5,
}


@pytest.mark.claim("r34-spiflash-unpaired-enable-disable")
@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_unpaired_enable_and_disable_do_no_harm(imp, judge, spiflash, sequence):
    """SF-EN-03: how calls nest is not documented; after any of them one enable() makes the flash work."""
    for method in sequence:
        spiflash.imp[method]()
    judge.observe("size() throws afterwards", throws(spiflash, "size"))
    before = imp.hardware.millis()
    spiflash.imp.enable()
    works = not throws(spiflash, "size")
    judge.equal("enabled", works, True)
    if works:
        spiflash.imp.erasesector(0)
        judge.equal("write()", spiflash.imp.write(0, b"paired?", imp.SPIFLASH_POSTVERIFY), 0)
        judge.equal("read()", spiflash.imp.read(0, 7), b"paired?")
    judge.equal("no restart", imp.hardware.millis() >= before, True)
    for method in sequence:  # the opposite, so that the next test finds it disabled under any rule
        spiflash.imp["disable" if method == "enable" else "enable"]()
