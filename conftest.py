"""Loads the plugin and the fixtures of the suites."""

pytest_plugins = [
    "benchctl.qualify.plugin",
    "fixtures.judging",
    "fixtures.bench",
    "fixtures.ports",
    "fixtures.pins",
    "fixtures.programs",
    "fixtures.lifecycle",
    "fixtures.flash",
    "fixtures.i2c",
    "fixtures.usb",
]
