"""What impOS has and plain Squirrel 3.0.5 lacks; ids are those of api/squirrel.yaml."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.vm.messages import Done, Frame, Manifest, Quirks, Uncaught, methods


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        # str-tointeger
        ('"0x1F".tointeger()', "31"),
        ('"0xffffffff".tointeger()', "-1"),
        ('"0x123456789".tointeger()', "-1"),
        ('"12 apples".tointeger()', "12"),
        ('"-7".tointeger()', "-7"),
        ('"apples".tointeger()', "threw cannot convert the string"),
        ('"12".tointeger(16)', "threw wrong number of parameters"),
        # str-slice, h-crash
        ('"abcdef".slice(-3, -1)', "de"),
        ('"abc".slice(1)', "bc"),
        ('"abc".slice(1, 9)', "threw slice out of range"),
        ('"abc".slice(-9)', "threw slice out of range"),
        ("[1, 2, 3].slice(-9).len()", "threw slice out of range"),
        ("[1, 2, 3].slice(-2)[0]", "2"),
        ("array(-1)", "threw negative size"),
        ("array(-1.0)", "threw negative size"),
        ("array(0.0 / 0.0)", "threw negative size"),
        ('array("a")', "threw parameter 1 has an invalid type 'string' ; expected: 'integer|float'"),
        ("array(3, 7)[2]", "7"),
        ("[1].resize(-1.0)", "threw negative size"),
        ('"abc".slice(-9.0)', "threw slice out of range"),
        ("[1].slice(-9.0)", "threw slice out of range"),
        ("[1].resize(-1)", "threw negative size"),
        # str-find-nul
        ('"a\\x00y\\x00z".find("\\x00z")', "3"),
        ('"abc".find("z") == null', "true"),
        ('"abcabc".find("b", 2)', "4"),
        ('"abc".find("")', "0"),
        ('"abc".find(1)', "threw parameter 1 has an invalid type 'integer' ; expected: 'string'"),
        # f-swap2, f-swap4
        ("swap2(0x1234)", str(0x3412)),
        ("swap2(0x56781234)", str(0x3412)),
        ("swap2(0x1234 + 0.5)", str(0x3412)),
        ('swap2("a")', "threw parameter 1 has an invalid type 'string' ; expected: 'integer|float'"),
        ("swap4(0x01020304)", str(0x04030201)),
        # g-math, g-srand, a-math-globals
        ("math.abs(-2.7)", "2"),
        ("math.floor(2.7)", "2"),
        ("math.srand(5)", "(null : 0x(nil))"),
        ('"sin" in getroottable()', "false"),
        ("PI > 3.14 && RAND_MAX == 0x7fffffff", "true"),
        # f-format
        ('format("a\\x00%d", 5).len()', "3"),
        ('format("%05.1f|%-4s|%%|%c", 2.25, "ab", 65)', "002.2|ab  |%|A"),
        ('format("\\x00%d", "x")', "threw integer expected for the specified format"),
        ('format("%d")', "threw not enough paramters for the given format string"),
        ('format("\\x00%d")', "threw not enough paramters for the given format string"),
        ('format("%f", 1.0 / 0.0)', "inf"),
        # blob-added and the other facts about blobs
        ('(@(b) b.writestring("a\\x00z") == null && b.tell() == 3)(blob())', "true"),
        ('(@(b) b.writestring("hello") || b.seek(1) || b.readstring(3) + b.tell())(blob())', "ell4"),
        ('(@(b) b.writestring("hi") || b.seek(0) || b.readstring(30).len())(blob())', "2"),
        ('(@(b) b.writestring("hi") || "<" + b + ">")(blob())', "<hi>"),
        ('(@(b) b.writen("text", \'w\') || b.tostring() == "\\x00\\x00")(blob())', "true"),
        ('(@(b) (b[1] = "z") && b.tell() == 0 && b.tostring() == "\\x00z")(blob(2))', "true"),
        ("(@(b) (b[0] = 513) && b[0])(blob(2))", "1"),
        ("(@(b) b[2] = 1)(blob(2))", "threw index out of range"),
        ("(@(b) b[-1] = 1)(blob(2))", "threw index out of range"),
        ("blob(8).writeblob(blob(2)) == null", "true"),
        ("blob(-1)", "threw cannot create blob with negative size"),
        ("blob(2).resize(-1)", "threw cannot create blob with negative size"),
        ("blob(2).readblob(-1)", "threw negative size"),
        ("blob(2).readstring(-1)", "threw negative size"),
        ("blob(2).readstring(1.5).len()", "1"),
        (
            'blob(2).readstring("a")',
            "threw parameter 1 has an invalid type 'string' ; expected: 'integer|float'",
        ),
        ("blob(-1.0)", "threw cannot create blob with negative size"),
        ("blob(2).resize(-2.0)", "threw cannot create blob with negative size"),
        ("blob(2).readblob(-1.0)", "threw negative size"),
        (
            '(@(b) b["x"] = 1)(blob(2))',
            "threw parameter 1 has an invalid type 'string' ; expected: 'integer|float'",
        ),
        ("blob(524288).len()", "524288"),
        ("blob(524289)", "threw cannot create blob larger than 524288 bytes"),
        (
            "(@(b) b.seek(0, 'e') || b.writen(1, 'b'))(blob(524288))",
            "threw cannot create blob larger than 524288 bytes",
        ),
        ("typeof blob()", "blob"),
        # fn-getinfos, fn-acall-limit
        ("(@() 1).getinfos()", "threw the index 'getinfos' does not exist"),
        ("(function(...) { return vargv.len() }).acall(array(10))", "9"),
        ("(function(...) { return vargv.len() }).acall(array(11))", "threw too many parameters"),
        ("(function(...) { return vargv.len() }).pacall(array(11))", "threw too many parameters"),
        # date-keys
        ("date(0).year + date(0, 'u').month + date(0).wday + date(0).yday", str(1970 + 0 + 4 + 0)),
        ("date().time + date().usec", "1700000000"),
        # v-304-305 and neighbours
        ('regexp("a.").match("ab")', "true"),
        ('split("a,,b", ",").len()', "2"),
    ],
)  # fmt: skip
def test_the_dialect(bench, expression, text):
    assert bench.evaluate(expression) == text


_ABSENT = """
    setroottable getconsttable setconsttable compilestring newthread suspend setdebughook seterrorhandler
    getstackinfos getenv system remove rename file stdin stdout stderr dofile loadfile writeclosuretofile
    abs srand http device clock
"""


@pytest.mark.parametrize(
    "name",
    _ABSENT.split(),
)
def test_absent_globals(bench, name):
    event = bench.run(f"local found = {name};")
    assert isinstance(event, Uncaught)
    assert event.text == f"the index '{name}' does not exist"


def test_without_a_time_function_there_is_no_time(bench):
    assert (
        bench.evaluate("date()", objects={"server": methods("log")})
        == "threw the index 'time' does not exist"
    )


@pytest.mark.parametrize(
    ("quirks", "expression", "text"),
    [
        (Quirks(acall_limit=None), "(function(...) { return vargv.len() }).acall(array(30))", "29"),
        (Quirks(log_pads_floats=True), "5.1", "5.100000"),
        (Quirks(log_pads_floats=True), '1.5 + format("|%g", 1.5) + 2', "1.5|1.52"),
        (Quirks(blob_limit=1000), "blob(1001)", "threw cannot create blob larger than 1000 bytes"),
        (Quirks(format_pads_floats=False), 'format("%8.2f|%4d", 1.5, 2)', "1.50|   2"),
        (Quirks(format_nonfinite="0"), 'format("%f %.1f", -1.0 / 0.0, 2)', "0 2.0"),
    ],
)
def test_quirks_of_releases(bench, quirks, expression, text):
    assert bench.evaluate(expression, quirks=quirks) == text


# str-max


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("long.len()", "4"),
        ("long.slice(1)", "bcd"),
        ("long.slice(-2)", "cd"),
        ("long.slice(0, 5)", "threw slice out of range"),
        ('long.find("e") == null', "true"),
        ("(long + long).len()", "8"),
        ("long", "abcd"),
        ("(@(b) b.writestring(long) || b.len())(blob())", "4"),
    ],
)
def test_long_strings_are_as_long_as_what_65536_leaves(bench, expression, text):
    code = """
    local piece = "abcd";
    while (piece.len() < 4096) piece += piece;
    long <- "";
    for (local i = 0; i < 16; i++) long += piece;
    long += "abcd";
    """
    bench.run(f'{code} try {{ server.log({expression}) }} catch (e) {{ server.log("threw " + e) }}')
    assert bench.log == [text]


# e-caught-line

_CATCHES = """function fails() {
    local t = {};
    return t.missing;
}
try { fails(); } catch (e) { %s }
"""


@pytest.mark.parametrize(
    ("logging", "log"),
    [
        ("server.log(e)", ["the index 'missing' does not exist: in fails device_code:3"]),
        ('server.log("" + e.len())', ["34"]),
        ('server.log("caught " + e)', ["caught the index 'missing' does not exist"]),
        ("kept <- e } try { throw kept } catch (f) { server.log(f)",
         ["the index 'missing' does not exist: in fails device_code:3"]),
        ('try { throw {} } catch (f) {} server.log(e)', ["the index 'missing' does not exist"]),
        ("} try { throw 5 } catch (f) { server.log(f)", ["5"]),
        ('imp.wakeup(0, @() e)} server.log("the index " + "\'missing\' does not exist"); {',
         ["the index 'missing' does not exist: in fails device_code:3"]),
    ],
)  # fmt: skip
def test_a_caught_error_is_logged_with_its_line(bench, logging, log):
    assert bench.run(_CATCHES % logging) == Done()
    assert bench.log == log


def test_a_caught_error_has_its_line_for_as_long_as_its_callback_runs(bench):
    code = """
    kept <- null;
    function later() { server.log(kept); }
    try { [][0]; } catch (e) { kept = e; }
    imp.wakeup(0, later);
    server.log(kept);
    """
    vm = bench.boot(code)
    event = vm.run_main()
    later = event.args[1]
    assert bench.carry_on(vm, vm.reply()) == Done()
    assert bench.carry_on(vm, vm.run_callback(later)) == Done()
    assert bench.log == [
        "the index '0' does not exist: in main device_code:4", "the index '0' does not exist"
    ]  # fmt: skip


def test_without_the_quirk_a_caught_error_has_no_line(bench):
    bench.run(_CATCHES % "server.log(e)", quirks=Quirks(log_caught_lines=False))
    assert bench.log == ["the index 'missing' does not exist"]


def test_a_string_where_an_error_was_is_not_taken_for_it(bench):
    code = """
    for (local i = 0; i < 50; i++) {
        try { throw "error " + i; } catch (e) {}
        local other = "other " + i;
        server.log(other);
    }"""
    bench.run(code)
    assert bench.log == [f"other {i}" for i in range(50)]


@pytest.mark.parametrize(
    ("statement", "log"),
    [
        ('try { server.log(E()) } catch (e) { server.log("threw " + e) }', ["threw inner"]),
        ("print(1); try { print(E()) } catch (e) { server.log(typeof e) }", ["1", "string"]),
    ],
)
def test_a_tostring_that_throws(bench, statement, log):
    assert bench.run('class E { function _tostring() { throw "inner"; } }' + statement) == Done()
    assert bench.log == log


def test_an_error_whose_tostring_throws(bench):
    event = bench.run('class E { function _tostring() { throw "inner"; } }\nthrow E();')
    assert (event.text, event.stack) == ("instance", (Frame("main", "device_code", 2),))


# fn-bindenv-strong


def test_a_bound_closure_keeps_its_object_alive(bench):
    code = """
    class Counter {
        count = 0;
        function step(by) { count += by; return count; }
    }
    local step = Counter().step.bindenv(Counter());
    step(2);
    server.log(step(3));
    server.log(typeof step);
    """
    assert bench.run(code) == Done()
    assert bench.log == ["5", "function"]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("(@() who).bindenv(me)()", "me"),
        ("(@(a, b = 2) who + a + b).bindenv(me)(1)", "me12"),
        ("(@(a, b = 2) who + a + b).bindenv(me)(1, 3)", "me13"),
        ("(function(...) { return who + vargv.len() }).bindenv(me)(1, 2, 3, 4, 5, 6, 7, 8)", "me8"),
        ("(@(a) who).bindenv(me)()", "threw wrong number of parameters"),
        ("(@(a) who).bindenv(me)(1, 2)", "threw wrong number of parameters"),
        ('(@() who).bindenv(me).bindenv({who = "other"})()', "me"),
        ("(@(n) n ? callee()(n - 1) : who).bindenv(me)(500)", "me"),
        ("resume (function() { yield who }).bindenv(me)()", "me"),
        ("hardware.uart1.write.bindenv(me)(3) == null", "true"),
        ("[1, 2].map((@(x) who + x).bindenv(me))[1]", "me2"),
    ],
)
def test_bound_closures(bench, call, text):
    bench.run(f'me <- {{who = "me"}}; try {{ server.log({call}) }} catch (e) {{ server.log("threw " + e) }}')
    assert bench.log == [text]


def test_bound_closures_nest_without_limit(bench):
    code = """
    class Node {
        next = null;
        depth = 0;
        function walk() { return next ? 1 + next() : 1; }
    }
    local first = null;
    for (local i = 0; i < 1000; i++) {
        local node = Node();
        node.next = first;
        first = node.walk.bindenv(node);
    }
    server.log(first());
    """
    assert bench.run(code) == Done()
    assert bench.log == ["1000"]


def test_an_error_in_a_bound_closure_shows_no_frame_of_the_prelude(bench):
    event = bench.run('function fail() {\n  throw "no";\n}\nlocal bound = fail.bindenv({});\nbound();')
    assert [str(frame) for frame in event.stack] == ["fail device_code:2", "main device_code:5"]


def test_random_numbers_repeat_with_the_seed(bench):
    numbers = 'format("%d %d %d", math.rand(), math.rand(), math.rand())'
    first = bench.evaluate(numbers, seed=1)
    assert bench.evaluate(numbers, seed=1) == first
    assert bench.evaluate(f"math.srand(9) == null ? {numbers} : 0", seed=1) == first
    assert bench.evaluate(numbers, seed=2) != first


def test_addresses_and_the_order_of_slots_repeat(bench):
    code = """
    class K { id = 0; constructor(n) { id = n; } }
    local t = {}, order = "" + t;
    for (local i = 0; i < 20; i++) t[K(i)] <- i;
    foreach (k, v in t) order += " " + v;
    server.log(order);
    """
    bench.run(code)
    with VmLauncher() as other:
        vm = other.boot(Manifest(objects={"server": methods("log")}), [("device_code", code)])
        call = vm.run_main()
        vm.close()
    # The manifests differ, so addresses may; the order of slots of one manifest must not.
    bench.run(code)
    assert bench.log[0] == bench.log[1]
    assert call.args[0].count(" ") == bench.log[0].count(" ")


_ECHO = """
local echo = hardware.echo;
while (true) {
    local q = hardware.echo();
    hardware.echo(q[0].find(q[1], q[2]));
}
"""


@pytest.fixture(scope="module")
def finder(launcher: VmLauncher):
    vm = launcher.boot(Manifest(objects={"hardware": methods("echo")}), [("device_code", _ECHO)])
    vm.run_main()
    yield vm
    vm.close()


@given(st.text("\0ab", max_size=8), st.text("\0ab", max_size=3), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_find_agrees_with_python(finder, text, wanted, start):
    found = finder.reply([text, wanted, start]).args[0]
    finder.reply()
    expected = text.find(wanted, start) if start < len(text) else -1
    assert found == (None if expected < 0 else expected)
