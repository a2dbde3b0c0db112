"""junit.xml: the results for build servers.

A FAIL is a failure, an ERROR an error; what was not decided, does not apply or is not equipped is skipped
with its verdict as the message, so that it counts neither for nor against the imp.
"""

import re
from collections import Counter
from xml.etree import ElementTree as Xml

from benchctl.measure import Verdict
from benchctl.report.results import Results, TestResult

_TAGS = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "skipped",
    Verdict.NOT_EQUIPPED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(results: Results) -> str:
    """The document of junit.xml."""
    counts = Counter(_TAGS.get(test.verdict, "") for test in results.tests)
    numbers = {
        "tests": str(len(results.tests)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
        "time": f"{sum(test.wall_s for test in results.tests):.3f}",
    }
    header = results.header
    top = Xml.Element("testsuites", {"name": f"benchctl {header.rig}", **numbers})
    suite = Xml.SubElement(top, "testsuite", {"name": "suites", "timestamp": header.started, **numbers})
    _properties(suite, rig=header.rig, module=header.module, impos=header.impos, seed=str(header.seed))
    for test in results.tests:
        _case(suite, test)
    Xml.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(top, encoding="unicode") + "\n"


def _case(suite: Xml.Element, test: TestResult) -> None:
    file, _, name = test.nodeid.partition("::")
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=_clean(file.removesuffix(".py").replace("/", ".")),
        name=_clean(name or file),
        time=f"{test.wall_s:.3f}",
    )
    _properties(case, claims=" ".join(test.claims), verdict=test.verdict.value, bench_s=f"{test.bench_s:g}")
    tag = _TAGS.get(test.verdict)
    if tag is not None:
        first, _, rest = _clean(test.message).partition("\n")
        Xml.SubElement(case, tag, message=f"{test.verdict}: {first}", type=test.verdict.value).text = (
            rest or None
        )


def _properties(parent: Xml.Element, **values: str) -> None:
    properties = Xml.SubElement(parent, "properties")
    for name, value in values.items():
        Xml.SubElement(properties, "property", name=name, value=_clean(value))


def _clean(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
