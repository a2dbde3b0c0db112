"""A project with suites of its own, judged by the real plugin against a target that needs no rig file."""

import pytest

_CONFTEST = """
import pytest
from benchctl.qualify.target import Target

pytest_plugins = ["benchctl.qualify.plugin", "fixtures.judging"]

def pytest_benchctl_target(config):
    return Target("fake", "imp005", config.getoption("impos") or "", config.getoption("seed"))
"""
_INI = """
[pytest]
addopts = --import-mode=importlib --strict-markers -p no:cacheprovider -p no:hypothesispytest
markers =
    claim(*ids): x
    modules(*names): x
    impos(since): x
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(_CONFTEST)
    pytester.path.joinpath("pytest.ini").write_text(_INI)
    return pytester
