"""Projects with suites of their own, run by the real plugin."""

from pathlib import Path

import pytest

_LOADS = 'pytest_plugins = ["benchctl.qualify.plugin", "fixtures.judging"]\n'
_TARGET = """
from benchctl.qualify.target import Target

def pytest_benchctl_target(config):
    return Target("fake", "imp005", config.getoption("impos") or "", config.getoption("seed"))
"""
_OPTIONS = """
[tool.pytest.ini_options]
addopts = "--import-mode=importlib --strict-markers -p no:cacheprovider -p no:hypothesispytest"
filterwarnings = ["error"]
markers = ["claim(*ids): x", "modules(*names): x", "impos(since): x"]
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Run by pytester, against a target that needs no rig file."""
    pytester.makeconftest(_LOADS + _TARGET)
    pytester.makepyprojecttoml(_OPTIONS)
    return pytester


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project for the runner, to be tried on a rig that is shipped."""
    tmp_path.joinpath("conftest.py").write_text(_LOADS)
    tmp_path.joinpath("pyproject.toml").write_text(_OPTIONS)
    tmp_path.joinpath("suites").mkdir()
    return tmp_path
