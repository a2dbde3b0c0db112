"""The templates of index.html and what they may call."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from benchctl.claims.catalogue import claim
from benchctl.measure import Verdict
from benchctl.report import svg
from benchctl.report.quantity import in_print
from benchctl.report.sectors import sector_map

TEMPLATES = Path(__file__).with_name("templates")

_SHOWN_OF_MESSAGE = 160  # characters in a row; the details have it whole

environment = Environment(
    loader=PackageLoader("benchctl.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.globals.update(
    around=svg.around,
    claim=claim,
    histogram=svg.histogram,
    in_print=in_print,
    limit_bar=svg.limit_bar,
    sector_map=sector_map,
    shown=_SHOWN_OF_MESSAGE,
    verdicts=list(Verdict),
    waveform=svg.waveform,
)
