"""Where hardware.usb is and what it has."""

import pytest

from fixtures.outcomes import thrown_by

METHODS = ("configure", "disable", "openendpoint", "controltransfer", "generaltransfer")


@pytest.mark.claim("r34-usb-object-auto-created")
def test_object_is_there_on_the_first_line(judge, device_program):
    """A program that constructs nothing before it looks."""
    lines = device_program.lines('server.log("usb" in hardware);', 1)
    judge.equal("usb in hardware", lines, ["true"])


@pytest.mark.claim("r34-usb-only-imp005")
def test_object_is_the_imp005s_alone(bench, imp, judge):
    judge.equal("usb in hardware", "usb" in imp.hardware, bench.rig.module.name == "imp005")


@pytest.mark.claim("r34-usb-method-set")
@pytest.mark.parametrize("name", METHODS)
def test_object_has_its_methods(imp, judge, name):
    judge.equal(f"{name} in hardware.usb", name in imp.hardware.usb, True)


def test_names_in_use_elsewhere(imp, judge):
    """Some public material has names that no vendor code uses (name_corrections): recorded."""
    for name in ("init", "closeendpoint"):
        judge.observe(f"{name} in hardware.usb", name in imp.hardware.usb)


@pytest.mark.claim("r34-usb-throws-on-other-imps")
@pytest.mark.parametrize("name", ["configure", "disable"])
def test_using_it_elsewhere_throws(imp, judge, name):
    """USB-LIM-07: a runtime error."""
    arguments = (imp.on_event(),) if name == "configure" else ()
    text = thrown_by(imp.hardware.usb[name], *arguments)
    judge.equal("throws", bool(text), True)
    judge.observe("text", text)
