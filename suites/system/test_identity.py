"""What the imp says it is: module, release, names of pins, calls that came with a release."""

import re

import pytest

_VERSION = re.compile(r"(\d+)\.(\d+)")


def _release(imp) -> tuple[int, int]:
    """Major and minor of the third field between hyphens (imp-getsoftwareversion, api/system.yaml)."""
    field = imp.getsoftwareversion().split("-")[2]
    found = _VERSION.search(field)
    assert found is not None, f"no version in {field!r}"
    return int(found[1]), int(found[2])


def test_version_is_the_release_under_test(imp, judge, release):
    judge.equal("release", "{}.{}".format(*_release(imp)), release)


@pytest.mark.impos("36")
def test_info_names_the_module(bench, imp, judge):
    """imp-info, api/system.yaml: an object with one property, type, that cannot be looped over."""
    info = imp.keep_result(imp.info)
    judge.equal("imp.info().type", info.type.value(), bench.rig.module.name)
    info.forget()


def test_device_id_begins_with_the_module_digit(bench, imp, judge):
    """identity.device_id_prefix of the module's data, by radio where there are several; 16 hex digits."""
    prefixes = bench.rig.module.fact("identity.device_id_prefix").value
    device_id = imp.hardware.getdeviceid()
    judge.equal("sixteen hex digits", bool(re.fullmatch("[0-9a-f]{16}", device_id)), True)
    if prefixes is not None:
        judge.equal(f"{device_id} begins as {prefixes}", device_id.startswith(tuple(prefixes.split())), True)


@pytest.mark.claim("r34-version-parity-scheme", "r42-version-parity-scheme")
def test_production_release_has_an_even_major(imp, judge):
    judge.equal("major is even", _release(imp)[0] % 2, 0)


@pytest.mark.claim("r34-current-minor-34-11")
def test_latest_minor_of_34(imp, judge):
    judge.equal("release", _release(imp), (34, 11))


@pytest.mark.claim("r42-current-minor-42-9")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "impC001")
def test_latest_minor_of_42(imp, judge):
    """Held against modules that stay on the 42 line."""
    if _release(imp)[0] != 42:
        pytest.skip("the imp is on a later line")
    judge.equal("release", _release(imp), (42, 9))


@pytest.mark.claim("r34-imp005-supported")
def test_imp005_runs_34_or_later(imp, judge):
    judge.equal("34 or later", _release(imp)[0] >= 34, True)


@pytest.mark.claim("r30-imp003-supported")
def test_imp003_runs_30_or_later(imp, judge):
    judge.equal("30 or later", _release(imp)[0] >= 30, True)


def _pin_objects(imp, names) -> list[str]:
    return [name for name in names if f"pin{name}" in imp.hardware]


@pytest.mark.claim("r30-imp003-pin-names")
def test_imp003_pins_have_letters(bench, imp, judge):
    """Lettered objects are there, numeric ones are not."""
    letters = bench.rig.module.gpio_pins
    judge.equal("lettered pins", _pin_objects(imp, letters), list(letters))
    judge.equal("numbered pins", _pin_objects(imp, map(str, range(1, 24))), [])


@pytest.mark.claim("r30-imp001-imp002-pin-names-kept")
def test_imp001_pins_have_numbers(bench, imp, judge):
    """The imp002 has letters besides, A to E, which are its own."""
    pins = bench.rig.module.gpio_pins
    judge.equal("pins", _pin_objects(imp, pins), list(pins))
    others = [letter for letter in "ABCDEFGHIJ" if letter not in pins]
    judge.equal("pins named as the imp003's", _pin_objects(imp, others), [])


@pytest.mark.modules("imp005")
def test_imp005_pins(bench, imp, judge):
    """pin_names, api/pin.yaml: letters and XA to XE, no X and no numbers."""
    pins = bench.rig.module.gpio_pins
    judge.equal("pins", _pin_objects(imp, pins), list(pins))
    judge.equal("pins it has not", _pin_objects(imp, ["X", *map(str, range(1, 10))]), [])


@pytest.mark.claim("r34-inherits-33")
@pytest.mark.parametrize("path", ["imp.setproxy", "imp.net.info"])
def test_calls_from_33_exist(imp, judge, path):
    owner, _, name = path.rpartition(".")
    judge.equal(f"{path} exists", name in imp.root(owner), True)


@pytest.mark.claim("r34-inherits-33")
def test_settxactive_from_33_exists(bench, imp, judge):
    for name in bench.rig.module.uarts:
        judge.equal(f"hardware.{name}.settxactive exists", "settxactive" in imp.hardware[name], True)


@pytest.mark.claim("r42-includes-41")
@pytest.mark.parametrize("path", ["imp.net.open", "server.connectwith"])
def test_calls_from_41_exist(imp, judge, path):
    owner, _, name = path.rpartition(".")
    judge.equal(f"{path} exists", name in imp.root(owner), True)


def test_voltages_exist_where_documented(bench, imp, judge):
    """hardware_misc, api/misc.yaml: voltage() not on the imp005; vbat() on imp003, imp004m, impC001."""
    name = bench.rig.module.name
    judge.equal("hardware.voltage", "voltage" in imp.hardware, name != "imp005")
    judge.equal("hardware.vbat", "vbat" in imp.hardware, name in ("imp003", "imp004m", "impC001"))
