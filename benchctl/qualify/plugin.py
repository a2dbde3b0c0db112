"""The pytest plugin of the suites: `pytest suites --rig virtual-imp005 -k rs485`.

Without `--rig` it does nothing but refuse to run suites, so it does not get in the way of other tests.
PYTEST_DONT_REWRITE: it asserts nothing, and the command line has imported it before pytest could rewrite it.
"""

from pathlib import Path

import pytest

from benchctl.errors import BenchError
from benchctl.qualify import hooks, status
from benchctl.qualify.qualification import Qualification
from benchctl.qualify.record import Record
from benchctl.qualify.side_by_side import SideBySide, is_worker, require_benches
from benchctl.qualify.suites import FOLDER
from benchctl.qualify.target import Target, target_of
from benchctl.report.detail import HtmlDetails
from benchctl.report.html import HtmlReport, prepare
from benchctl.report.results import read_results

QUALIFICATION = pytest.StashKey[Qualification]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a run."""
    group = parser.getgroup("benchctl", "qualifying an imp")
    group.addoption("--rig", metavar="RIG", help="rig file, or name of one in rigs/")
    group.addoption("--impos", metavar="VERSION", help="impOS release under test, as 34.11")
    group.addoption("--fault", action="append", default=[], metavar="ID", help="give the virtual imp a fault")
    group.addoption("--seed", type=int, default=0, metavar="N", help="seed of the virtual bench (default 0)")
    group.addoption(
        "--area", action="append", default=[], metavar="AREA", help="run this area of suites only"
    )
    group.addoption("--report-dir", type=Path, metavar="DIR", help="write the report's files into DIR")
    group.addoption(
        "--baseline", type=Path, metavar="FILE", help="results.json to compare with in the report"
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Hooks that others implement."""
    pluginmanager.add_hookspecs(hooks)


@pytest.hookimpl(trylast=True)
def pytest_benchctl_target(config: pytest.Config) -> Target:
    """The target that the options name."""
    option = config.getoption
    return target_of(option("rig"), option("impos"), option("seed"), option("fault"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the run that `--rig` asks for."""
    if not config.getoption("rig"):
        return
    try:
        target = config.hook.pytest_benchctl_target(config=config)
        require_benches(target, config.getoption("numprocesses", None) or 1)
        config.stash[QUALIFICATION] = Qualification(config, target)
        config.pluginmanager.register(config.stash[QUALIFICATION], "benchctl-qualification")
        if not is_worker(config):
            _record(config, target)
    except BenchError as error:
        raise pytest.UsageError(str(error)) from error
    if config.getoption("htmlpath", None) or config.getoption("report_dir"):
        config.pluginmanager.register(HtmlDetails(), "benchctl-html-details")


def _record(config: pytest.Config, target: Target) -> None:
    """Record the run here, wherever its tests run."""
    baseline: Path | None = config.getoption("baseline")
    folder: Path | None = config.getoption("report_dir")
    earlier = read_results(baseline) if baseline is not None else None
    record = Record(config, target, folder)
    config.pluginmanager.register(record, "benchctl-record")
    config.pluginmanager.register(status, "benchctl-status")
    config.pluginmanager.register(SideBySide(config, record), "benchctl-side-by-side")
    if folder is not None:
        config.option.htmlpath = str(folder.absolute() / "index.html")
        config.option.self_contained_html = True
    if config.getoption("htmlpath", None):
        prepare(config)
        config.pluginmanager.register(HtmlReport(config, record, earlier), "benchctl-html")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Suites cannot run without a rig."""
    if QUALIFICATION in config.stash:
        return
    suites = config.rootpath / FOLDER
    if any(item.path.is_relative_to(suites) for item in items):
        raise pytest.UsageError("suites run on a rig: add --rig RIG, a rig file or the name of one in rigs/")
