"""Loads the plugin and the fixtures of the suites."""

pytest_plugins = [
    "benchctl.qualify.plugin",
    "fixtures.judging",
    "fixtures.bench",
    "fixtures.uarts",
    "fixtures.rs485",
    "fixtures.rates",
    "fixtures.spis",
    "fixtures.i2cs",
    "fixtures.pins",
    "fixtures.pulls",
    "fixtures.triggers",
    "fixtures.bus_pins",
    "fixtures.analog",
    "fixtures.programs",
    "fixtures.lifecycle",
    "fixtures.network",
    "fixtures.flash",
    "fixtures.i2c",
    "fixtures.usb",
]
