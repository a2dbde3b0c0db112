"""Tests of the plugin run pytest within pytest; Hypothesis repeats itself and does not watch the clock."""

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("benchctl", deadline=None, derandomize=True)
settings.load_profile("benchctl")
