import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.vm.messages import ApiObject, Blob, Closure, Done, Manifest, NativeCall, Opaque, methods

_ECHO = """
local value = hardware.echo(null);
while (true) value = hardware.echo(value);
"""

_strings = st.binary().map(lambda data: data.decode("latin-1"))
_floats = st.floats(width=32, allow_nan=False)
_scalars = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | _floats | _strings
_values = st.recursive(
    _scalars | st.binary().map(Blob),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_strings, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def echo(launcher: VmLauncher):
    vm = launcher.boot(Manifest(objects={"hardware": methods("echo")}), [("device_code", _ECHO)])
    vm.run_main()
    yield vm
    vm.close()


@given(_values)
@settings(max_examples=150, deadline=None)
def test_a_value_comes_back_as_it_went_in(echo, value):
    call = echo.reply(value)
    assert isinstance(call, NativeCall)
    (back,) = call.args
    assert back == value
    assert type(back) is type(value)


@given(st.integers(-(2**40), 2**40))
@settings(max_examples=30, deadline=None)
def test_integers_wrap_at_32_bits(echo, number):
    assert echo.reply(number).args == (struct.unpack("<i", struct.pack("<I", number & 0xFFFFFFFF))[0],)


def test_bytes_are_a_string(echo):
    assert echo.reply(b"\0\xff").args == ("\0\xff",)


def test_an_array_that_looks_like_a_tag_is_an_array(echo):
    assert echo.reply(["b", "data", 0]).args == (["b", "data", 0],)


def test_doubles_are_rounded_to_single_precision(echo):
    assert echo.reply(0.1).args == (struct.unpack("f", struct.pack("f", 0.1))[0],)


@pytest.mark.parametrize("value", [object(), {1, 2}, Opaque("class")])
def test_what_squirrel_has_no_value_for_is_refused(echo, value):
    with pytest.raises(TypeError, match="no Squirrel value"):
        echo.reply(value)


def test_text_beyond_latin_1_is_refused(echo):
    with pytest.raises(UnicodeEncodeError):
        echo.reply("\u20ac")


def test_api_objects_arrive_by_their_path(bench):
    bench.run("hardware.uart1.settxactive(hardware.pin1, 2, 2)")
    assert bench.calls[0].path == "hardware.uart1.settxactive"
    assert bench.calls[0].args == (ApiObject("hardware.pin1"), 2, 2)


def test_other_values_arrive_as_their_type(bench):
    bench.run("class A {} function g() { yield 1 } hardware.echo(A(), A, g(), function() {})")
    assert bench.calls[0].args[:3] == (Opaque("instance"), Opaque("class"), Opaque("generator"))
    assert isinstance(bench.calls[0].args[3], Closure)


def test_the_blob_of_a_derived_class_is_a_blob(bench):
    bench.run("class Frame extends blob {} local f = Frame(3); f[1] = 200; hardware.echo(f)")
    assert bench.calls[0].args == (Blob(b"\0\xc8\0"),)


def test_a_table_that_contains_itself_throws_in_device_code(bench):
    assert bench.evaluate("(function() { local t = {}; t.t <- t; hardware.echo(t) })()") == (
        "threw the value is nested too deeply or contains itself"
    )


def test_a_kept_blob_is_filled_in_place_and_returned_as_itself(bench):
    vm = bench.boot(
        "local b = blob(4); local same = hardware.uart1.fill([b]) == b; server.log(same + b.tostring())"
    )
    call = vm.run_main()
    ((blob,),) = call.args
    vm.write_blob(blob, b"xyz!", offset=1)
    event = vm.reply(blob)
    assert event.args == ("true\0xyz",)
    vm.release(blob)
    assert vm.reply() == Done()
