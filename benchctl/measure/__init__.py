"""Measured values with their uncertainty, and the verdict drawn from them."""

from benchctl.measure.value import Measurement
from benchctl.measure.verdict import Verdict, combine, decide

__all__ = ["Measurement", "Verdict", "combine", "decide"]
