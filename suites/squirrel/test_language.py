"""Squirrel as impOS runs it: strings with NUL, names, metamethods, classes, generators, error logs."""

import re

import pytest

_COMPARE = r"""
local a = "same\x00" + "a", b = "same\x00" + "b", c = "same\x00" + "a";
server.log(a == b);
server.log(a != b);
server.log(a == c);
server.log(a != c);
"""


@pytest.mark.claim("r42-string-nul-equality-ok")
def test_equality_of_strings_with_nul(judge, device_program):
    """KI-03, api/misc.yaml: right also after the NUL."""
    judge.equal(
        "==, !=, == same, != same", device_program.lines(_COMPARE, 4), ["false", "true", "true", "false"]
    )


_RELATIONAL = r"""
local a = "same\x00" + "a", b = "same\x00" + "b";
server.log(a < b);
server.log(b > a);
server.log(a >= b);
server.log(b <= a);
"""


@pytest.mark.claim("r42-ki-string-nul-relational")
def test_relations_of_strings_with_nul(judge, device_program):
    """KI-03 and str-relational-nul, a known issue: relations stop at the NUL, so these strings seem equal."""
    log = device_program.lines(_RELATIONAL, 4)
    judge.equal("a < b, b > a, a >= b, b <= a", log, ["false", "false", "true", "true"])


@pytest.mark.claim("r30-base-as-variable-error")
def test_base_is_refused_as_a_variable(judge, device_program):
    """v-base: an error instead of a crash; the imp runs the next program."""
    judge.equal("refused", bool(device_program.refusal("local base = 1;\nserver.log(base);")), True)
    judge.equal("log of the next program", device_program.lines('server.log("well");', 1), ["well"])


_RECURSION = """
class Own { function _get(key) { return this[key + "x"]; } }
class Sum { function _add(other) { return this + other; } }
foreach (attempt in [function() { return Own().missing; }, function() { return Sum() + 1; }]) {
    try { attempt(); server.log("returned"); } catch (error) { server.log("error " + error); }
}
server.log("alive");
"""


@pytest.mark.claim("r30-metamethod-self-recursion-blocked")
def test_metamethod_that_calls_itself(judge, device_program):
    """cls-meta: an error the program can catch, not a crash."""
    log = device_program.lines(_RECURSION, 3)
    judge.equal("outcomes", [line.split(" ")[0] for line in log], ["error", "error", "alive"])
    for line in log[:2]:
        judge.observe("error", line)


_CLASS = """
class Thing { size = 1; }
local thing = Thing();
try { Thing.colour <- "red"; server.log("no error"); } catch (error) { server.log(error); }
try { Thing.size = 2; server.log("no error"); } catch (error) { server.log(error); }
"""


@pytest.mark.claim("r30-class-property-set-error-text")
def test_error_of_setting_a_class_property(judge, device_program):
    """cls-locked: which text is not stated; there is one, and it says more than that something failed."""
    first, second = device_program.lines(_CLASS, 2)
    judge.observe("new property of a class in use", first)
    judge.observe("present property of a class in use", second)
    judge.equal("names the class", "class" in first, True)


_GENERATORS = """
function generator(ballast) { yield ballast; }
function make() {
    local ballast = blob(2000);
    generator(ballast);
}
make();
local before = imp.getmemoryfree();
for (local n = 0; n < 30; n++) make();
server.log(before - imp.getmemoryfree());
"""


@pytest.mark.claim("r30-generator-release-variables")
def test_generator_never_resumed_lets_go(judge, device_program):
    """Thirty generators that each hold 2000 bytes: at most one may still be there."""
    (held,) = device_program.lines(_GENERATORS, 1)
    judge.measure("memory held", int(held), unit="B", uncertainty=0, high=4_000, source="imp.getmemoryfree()")


def _line_numbers(entries) -> list[int]:
    """Lines of the stack in an error log (e-log-shape: "ERROR:   in FUNCTION SOURCE:LINE")."""
    found = (re.search(r":(\d+)\s*$", entry.text) for entry in entries)
    return [int(match[1]) for match in found if match]


_UNCAUGHT = """function deep() {
    local table = {};
    return table.missing;
}
imp.wakeup(0.1, function() {
    deep();
});
"""


def test_uncaught_error_is_logged_with_its_stack(judge, device_program):
    """e-log-shape: the cause, then a line a stack level, innermost first."""
    device_program.deploy(_UNCAUGHT)
    entries = device_program.entries(3.0, kind="server.error", count=3)
    judge.equal("cause", "the index 'missing' does not exist" in entries[0].text, True)
    judge.equal("lines of the stack", _line_numbers(entries)[:2], [3, 6])


_CAUGHT = """
local table = {};
function fails() {
{padding}    table.missing = 1;
}
try { fails(); } catch (error) { server.log(error); }
"""


@pytest.mark.claim("r30-caught-exception-line-number")
@pytest.mark.parametrize("line", [23, 47])
def test_caught_error_is_logged_with_its_line(judge, device_program, line):
    """e-caught-line: the entry names the line that failed; in which form is not stated."""
    program = _CAUGHT.replace("{padding}", "\n" * (line - 4))
    assert program.splitlines()[line - 1].strip() == "table.missing = 1;"
    (entry,) = device_program.lines(program, 1)
    judge.observe("log entry", entry)
    judge.equal(f"names line {line}", str(line) in re.findall(r"\d+", entry), True)


_CIRCULAR = """local data = {};
data.self <- data;

agent.send("data", data);
"""


@pytest.mark.claim("r30-circular-data-error-line-number")
def test_circular_data_is_logged_with_its_line(judge, device_program):
    """agent.send() of a table that holds itself: the error names line 4."""
    device_program.deploy(_CIRCULAR)
    entries = device_program.entries(2.0, kind="server.error", count=2)
    judge.equal("an error is logged", bool(entries), True)
    judge.equal("line of the error", _line_numbers(entries)[:1], [4])
    for entry in entries[:1]:
        judge.observe("error", entry.text)


_HANDLER = """
imp.onunhandledexception(function(error) { server.log("handler: " + error); });
imp.wakeup(0.1, function() { throw "mine"; });
"""


@pytest.mark.impos("38")
def test_unhandled_exception_reaches_the_handler(judge, device_program):
    """e-handler: called with the error, and perhaps with where it was raised."""
    (line,) = device_program.lines(_HANDLER, 1)
    judge.observe("log entry", line)
    judge.equal("names the error", line.startswith("handler: mine"), True)
